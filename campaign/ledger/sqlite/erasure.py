"""People's data, taken out of an SQLite file and of its pages: `ErasureLedger`. Raises LedgerError, LedgerBusyError.

Limits: copies of the file (backups, snapshots, what a file system has kept) are out of reach.
"""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from campaign.errors import LedgerBusyError
from campaign.ledger.sql.erasure import SqlErasure
from campaign.ledger.sqlite.reading import SqliteReader
from campaign.ledger.sqlite.store import SqliteRunLedger


class SqliteErasure(SqlErasure):
    """Over a ledger that is locked."""

    def __init__(self, ledger: SqliteRunLedger) -> None:
        self._ledger = ledger
        with ledger.database.explained():
            ledger.database.execute("PRAGMA temp_store = FILE")  # of millions of people
            ledger.database.execute(
                "PRAGMA secure_delete = ON"
            )  # https://www.sqlite.org/pragma.html#pragma_secure_delete
        super().__init__(ledger.database)

    @property
    def reader(self) -> SqliteReader:
        """The questions, asked from here."""
        return self._ledger.reader

    def scrub(self) -> None:
        """Write the ledger's file anew, and cut its WAL down to nothing."""
        with self._database.explained():
            self._database.execute("DROP TABLE IF EXISTS temp.going")
            self._database.execute("DROP TABLE IF EXISTS temp.going_row")
            self._database.execute("VACUUM")
            (busy, *_) = self._database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if busy:
            raise LedgerBusyError(
                "another program is reading the ledger, so what was erased is still in its files",
                where=self._database.place,
                fix="close it, then run the same command again",
            )


@contextlib.contextmanager
def open_erasure(path: Path, name: str) -> Iterator[SqliteErasure]:
    """Open the ledger of the campaign `name`, which is there, for as long as nobody else has it. Raises LedgerError for
    one that is damaged, LedgerBusyError while a run goes on.
    """
    with SqliteRunLedger.open(path, name) as ledger:
        damage = ledger.damage(wait=True)  # which reads the file: it would be in the way
        if damage is not None:
            raise damage
        yield SqliteErasure(ledger)
