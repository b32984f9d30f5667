"""Single rows of the contacts file as the ledger has them: whose an address is, and what their cells are. Takes a
connection. Raises LedgerError for cells that are damaged, and the database's errors, which whoever asks explains.
"""

from campaign.ledger.cells import decode_cells
from campaign.ledger.database import Database, damaged

_FIRST = """
SELECT entry.row, contact.id FROM contact JOIN entry ON entry.row = contact.row AND entry.contact = contact.id
WHERE contact.address = ? AND (entry.status IS NULL OR entry.status = 'suppressed')
"""


class StoredRows:
    """Looked up one by one."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def first_of(self, address: str | None) -> tuple[int, int] | None:
        """Give the row that has this address, and the contact's number; None where none has it."""
        found: tuple[int, int] | None = self._database.execute(_FIRST, (address,)).fetchone()
        return found

    def cells(self, row: int) -> list[str]:
        """Give a row's cells."""
        (cells,) = self._database.execute("SELECT cells FROM entry WHERE row = ?", (row,)).fetchone()
        return self.decoded(cells, row)

    def decoded(self, cells: str, row: int) -> list[str]:
        """Give the cells of what the ledger keeps of them."""
        try:
            return decode_cells(cells)
        except ValueError:
            raise damaged(self._database.place, f"the cells of row {row}") from None
