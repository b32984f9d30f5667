"""The contacts file as it was read: who is to be mailed, and in what order. Raises LedgerError.

The file's own cells are kept, so a run mails exactly what was checked, whatever becomes of the file meanwhile.
"""

import contextlib
import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from campaign.ledger.cells import decode_cells
from campaign.ledger.faults import damaged, explained, path_of
from campaign.ledger.schema import connect
from campaign.model import Contact, Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolled:
    """A row of the roster, with what reading it has shown."""

    contact: Contact
    """With an empty address where the row has none."""
    line: int
    """Of the contacts file, on which the row begins."""
    status: Status
    """`pending` where nothing stands against mailing it."""
    detail: str


def row_of(path: Path, address: str) -> int | None:
    """Give the row of the contact who has this address, in a ledger that a run has open. Raises LedgerError."""
    with contextlib.closing(connect(path, readonly=True)) as database, explained(database):
        found = database.execute("SELECT row FROM contact WHERE address = ?", (address,)).fetchone()
    return None if found is None else int(found[0])


def enrolled(database: sqlite3.Connection) -> Iterator[Enrolled]:
    """Give the roster in order. Raises LedgerError."""
    with explained(database):
        (columns,) = database.execute("SELECT value FROM facts WHERE name = 'columns'").fetchone()
        names: list[str] = json.loads(columns)
        for row, line, email, status, detail, cells in database.execute(
            "SELECT row, line, coalesce(email, ''), coalesce(status, 'pending'), coalesce(detail, ''), cells "
            "FROM entry ORDER BY row"
        ):
            try:
                columns = dict(zip(names, decode_cells(cells), strict=True))
            except ValueError:
                raise damaged(path_of(database), f"the cells of row {row}") from None
            contact = Contact(number=row, email=email, columns=columns)
            yield Enrolled(contact=contact, line=line, status=Status(status), detail=detail)
