"""The contacts file as it was read: who is to be mailed, and in what order. Raises LedgerError.

The file's own cells are kept, so a run mails exactly what was checked, whatever becomes of the file meanwhile.
"""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from campaign.ledger.cells import decode_cells
from campaign.ledger.database import Database, damaged
from campaign.ledger.sql.facts import read_columns
from campaign.ledger.sqlite.schema import connect
from campaign.ledger.values import EnrolledRow
from campaign.model import Contact, Status


def row_of(path: Path, address: str) -> int | None:
    """Give the row of the contact who has this address, in a ledger that a run has open. Raises LedgerError."""
    with contextlib.closing(connect(path, readonly=True)) as database, database.explained():
        found = database.execute("SELECT row FROM contact WHERE address = ?", (address,)).fetchone()
    return None if found is None else int(found[0])


def enrolled_rows(database: Database) -> Iterator[EnrolledRow]:
    """Give the roster in order. Raises LedgerError."""
    with database.explained():
        names = read_columns(database)
        for row, line, email, status, detail, cells in database.execute(
            "SELECT row, line, coalesce(email, ''), coalesce(status, 'pending'), coalesce(detail, ''), cells "
            "FROM entry ORDER BY row"
        ):
            try:
                columns = dict(zip(names, decode_cells(cells), strict=True))
            except ValueError:
                raise damaged(database.place, f"the cells of row {row}") from None
            contact = Contact(number=row, email=email, columns=columns)
            yield EnrolledRow(contact=contact, line=line, status=Status(status), detail=detail)
