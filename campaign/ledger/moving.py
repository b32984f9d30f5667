"""A ledger in a file, brought into a database: for a campaign that began on one machine.

All of it goes in one transaction, with the file's digest; then the file gets another name, by which no run finds it. A
kill between the two leaves both: the digest then tells that the database has all that the file has, and the next run
gives the file its new name (`has_moved`). Raises LedgerError, LedgerBusyError where a run uses the file.
"""

import contextlib
import hashlib
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from campaign.errors import LedgerError
from campaign.ledger.postgres.connection import PostgresConnection
from campaign.ledger.postgres.copied_tables import COPIED
from campaign.ledger.postgres.schema import create
from campaign.ledger.postgres.statements import without_nul
from campaign.ledger.sql.facts import WRITE
from campaign.ledger.sql.tally import recount
from campaign.ledger.sqlite import schema
from campaign.ledger.sqlite.connection import SqliteConnection
from campaign.ledger.sqlite.daily_count import all_counts
from campaign.ledger.sqlite.files import moved_file, size_of, wal_file
from campaign.ledger.sqlite.lock import lock_file
from campaign.ledger.sqlite.store import SqliteRunLedger
from campaign.ledger_place import DatabasePlace

_MOVED_FROM = "moved_from"
"""The fact of the digest of the file that a ledger came from."""
_OF_THE_FILE = ("campaign", "holder", "wal", "generation", "cursor", "allowance", "chosen_only", "queues")
"""Facts about a file, and of a run in it: of no use elsewhere."""


def has_moved(path: Path, place: DatabasePlace) -> bool:
    """Whether all that the file holds is in the database, which has a ledger: nobody has used it since."""
    with PostgresConnection(place) as database, database.explained():
        found = database.execute("SELECT value FROM facts WHERE name = ?", (_MOVED_FROM,)).fetchone()
    return found is not None and not size_of(wal_file(path)) and found[0] == _digest(path)


def rename_file(path: Path) -> None:
    """Give the file a name by which no run finds it."""
    with _locked(path):
        _rename(path)


def take_over_file(path: Path, place: DatabasePlace, name: str) -> None:
    """Bring the ledger of the campaign `name`, which the database has none of, into it."""
    with SqliteRunLedger.open(path, name):  # it is ours, whole and up to date; and now all of it is in one file
        pass
    with _locked(path), contextlib.closing(schema.connect(path, immutable=True)) as file:
        with file.explained(), PostgresConnection(place) as database:
            with database.transaction():
                create(database, name)
                _copy(file, database)
                database.execute(WRITE, (_MOVED_FROM, _digest(path)))
                recount(database)
            with database.explained():
                database.execute("ANALYZE contact, entry, delivery")
        _rename(path)


def _copy(file: SqliteConnection, database: PostgresConnection) -> None:
    for table, columns in COPIED.items():
        listed = ", ".join(columns)
        rows = file.execute(f"SELECT {listed} FROM {table}")  # noqa: S608 - our own names
        _fill(database, f"COPY {table} ({listed}) FROM STDIN", ([without_nul(value) for value in row] for row in rows))
    facts = file.execute("SELECT name, value FROM facts WHERE name NOT LIKE 'daily_count %'")
    database.executemany(WRITE, [(name, value) for name, value in facts if name not in _OF_THE_FILE])
    counts = [(day, name, 0, began, began) for day, name, began, _ in all_counts(file)]
    _fill(database, "COPY daily_count (day, name, worker, began, leave) FROM STDIN", counts)


def _fill(database: PostgresConnection, statement: str, rows: Iterable[Sequence[Any]]) -> None:
    with database.raw.cursor().copy(statement) as copy:
        for row in rows:
            copy.write_row(row)


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    lock = lock_file(path)
    try:
        yield
    finally:
        os.close(lock)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _rename(path: Path) -> None:
    try:
        path.rename(moved_file(path))
    except OSError as error:
        raise LedgerError(
            f"the ledger is in the database now, but its file can't be renamed: {error.strerror}",
            where=str(path),
            fix=f"rename it to {moved_file(path).name} by hand",
        ) from None
