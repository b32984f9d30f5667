"""A connection to an SQLite file, as a `Database`. Raises what sqlite3 raises, and LedgerError where that is said."""

import sqlite3
from contextlib import AbstractContextManager

from campaign.ledger.database import PATIENCE
from campaign.ledger.sqlite import sqlite_errors


class SqliteConnection(sqlite3.Connection):
    """For sqlite3.connect(factory=...)."""

    @property
    def place(self) -> str:
        """The file that it is open to."""
        return str(sqlite_errors.path_of(self))

    def explained(self) -> AbstractContextManager[None]:
        """Raise LedgerError for whatever SQLite raises within."""
        return sqlite_errors.explained(self)

    def transaction(self, *, patience: float = PATIENCE) -> AbstractContextManager[None]:
        """Do all that is within, or none of it."""
        return sqlite_errors.transaction(self, patience=patience)
