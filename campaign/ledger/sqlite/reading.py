"""The ledger as whoever reads results has it: `LedgerReader` over SQLite.

`reading_ledger` opens it without locking it, also while a run goes on, and changes nothing in it. Raises LedgerError.
"""

import contextlib
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from campaign.errors import LedgerError
from campaign.ledger.sql import written_results
from campaign.ledger.sql.facts import read_fact
from campaign.ledger.sql.reading import SqlReader
from campaign.ledger.sqlite import schema
from campaign.ledger.sqlite.connection import SqliteConnection
from campaign.ledger.sqlite.daily_count import begun_by_day
from campaign.ledger.sqlite.files import is_at_rest
from campaign.ledger.sqlite.generation import require_ledger
from campaign.ledger.sqlite.lock import running_process
from campaign.ledger.sqlite.sqlite_errors import SQLITE_ERRORS
from campaign.ledger.sqlite.verification import verification, verify
from campaign.ledger.values import RunningProcess
from campaign.result_rows import ResultRow

_PATIENCE = 2.0
"""Seconds to wait for a run that is writing: it may have been stopped while it does (SIGSTOP)."""


class SqliteReader(SqlReader):
    """Questions over one connection. `aside`: it is for reading only, of the ledger at this place."""

    _database: SqliteConnection

    def __init__(self, database: SqliteConnection, *, aside: Path | None = None) -> None:
        super().__init__(database)
        self._aside = aside

    def running_process(self) -> RunningProcess | None:
        """Give the process that holds the ledger, as far as can be told."""
        return running_process(self._database)

    def changes_of_others(self) -> int:
        """Give a number that is another one once another connection has written into the ledger."""
        with self._database.explained():
            return int(self._database.execute("PRAGMA data_version").fetchone()[0])

    def begun_by_day(self, name: str) -> dict[date, int]:
        """Give how many messages began on each day that is counted under that name."""
        return begun_by_day(self._database, name)

    def result_rows(self, *, verified: bool = False) -> Iterator[ResultRow]:
        """Give every row of the contacts file in its order; `verified`, with an error at the end of a damaged one."""
        if verified and self._aside is not None:
            return self._verified_rows(self._aside)
        return super().result_rows()

    def remember_written(self, digest: str, *, guarded: bool = False) -> None:
        """Put the digest of a results file on record, if that can be done."""
        if self._aside is None:
            super().remember_written(digest, guarded=guarded)
        else:
            remember_written_aside(self._aside, digest, guarded=guarded)

    def _verified_rows(self, path: Path) -> Iterator[ResultRow]:
        with verification(path) as check:
            yield from super().result_rows()
            if check is not None:
                check.require()


def remember_written_aside(ledger: Path, digest: str, *, guarded: bool = False) -> None:
    """Remember it for whoever only reads the ledger, which another process may be using."""
    with (
        contextlib.suppress(LedgerError, *SQLITE_ERRORS),
        contextlib.closing(schema.connect(ledger)) as database,
        database.impatient(_PATIENCE),
    ):
        written_results.remember_written(database, digest, guarded=guarded, patience=0)


@contextlib.contextmanager
def reading_ledger(path: Path, name: str, *, quick: bool = False) -> Iterator[SqliteConnection]:
    """Look into the ledger of the campaign `name`, also while a run goes on. `quick`: most of a large one is taken for
    undamaged. Raises LedgerError.
    """
    require_ledger(path)
    with contextlib.closing(schema.connect(path, readonly=True, immutable=is_at_rest(path))) as database:
        verify(database, path, name, quick=quick)
        with database.explained():
            yield database


def fact_in_file(path: Path, name: str) -> str | None:
    """Give what was on record under `name` when the WAL was last moved into the file: without opening it in earnest,
    locked as it may be. None where that can't be told.
    """
    try:
        with contextlib.closing(schema.connect(path, immutable=True)) as database:
            return read_fact(database, name)
    except (LedgerError, *SQLITE_ERRORS):
        return None


def row_of(path: Path, address: str) -> int | None:
    """Give the row of the contact who has this address, in a ledger that a run has open. Raises LedgerError."""
    with contextlib.closing(schema.connect(path, readonly=True)) as database, database.explained():
        found = database.execute("SELECT row FROM contact WHERE address = ?", (address,)).fetchone()
    return None if found is None else int(found[0])
