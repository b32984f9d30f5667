"""The contacts file as it was read: who is to be mailed, and in what order. Raises LedgerError.

The file's own cells are kept, so a run mails exactly what was checked, whatever becomes of the file meanwhile.
"""

from collections.abc import Iterator

from campaign.ledger.cells import decode_cells
from campaign.ledger.database import Database, damaged
from campaign.ledger.sql.facts import read_columns
from campaign.ledger.values import EnrolledRow
from campaign.model import Contact, Status

_ROWS = """
SELECT row, line, coalesce(email, ''), coalesce(status, 'pending'), coalesce(detail, ''), cells FROM entry ORDER BY row
"""


def enrolled_rows(database: Database) -> Iterator[EnrolledRow]:
    """Give the roster in order. Raises LedgerError."""
    with database.explained():
        names = read_columns(database)
        with database.streamed(_ROWS) as found:
            for row, line, email, status, detail, cells in found:
                try:
                    columns = dict(zip(names, decode_cells(cells), strict=True))
                except ValueError:
                    raise damaged(database.place, f"the cells of row {row}") from None
                contact = Contact(number=row, email=email, columns=columns)
                yield EnrolledRow(contact=contact, line=line, status=Status(status), detail=detail)
