"""Ledgers in either database, for tests that ask the same of both: `store` (tests/ledger/conftest.py) gives a place."""

import contextlib
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg

from campaign.ledger.database import Database
from campaign.ledger.postgres.schema import open_existing
from campaign.ledger.postgres.store import PostgresRunLedger
from campaign.ledger.sql.run_ledger import SqlRunLedger
from campaign.ledger.sqlite.due_rows import SqliteDueRows, prepare_run
from campaign.ledger.sqlite.outbox import SqliteOutbox
from campaign.ledger.sqlite.schema import connect
from campaign.ledger.sqlite.store import SqliteRunLedger
from campaign.ledger_place import DatabasePlace, Place

NAME = "x"
_HEARTBEAT = 0.1
"""Seconds: so that whoever comes second sees soon that somebody lives."""
_DUE = """
SELECT entry.email FROM entry LEFT JOIN delivery ON delivery.contact = entry.contact
WHERE entry.status IS NULL AND coalesce(delivery.status, 'pending') = 'pending' AND (entry.chosen OR NOT ?)
ORDER BY entry.row
"""


class Pen:
    """A journal as tests need it, over a ledger in PostgreSQL: by the SQL of SQLite's, which both understand."""

    def __init__(self, place: DatabasePlace) -> None:
        self._database = open_existing(place, NAME)
        self._outbox = SqliteOutbox(clock=lambda: 1_800_000_000.0)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._outbox, name)

    def commit(self) -> tuple[list[int], list[int]]:
        """Write all that is queued: the contacts whose claims are durable, and those whose claims were lost."""
        claims = list(self._outbox._claims.values())
        with self._database.transaction():
            lost = [one.contact for one in self._outbox._write(self._database, claims)]
        self._outbox._clear()
        return [one.contact for one in claims if one.contact not in lost], lost

    def close(self) -> None:
        """Let go of it."""
        self._database.close()


def open_run(place: Place) -> SqliteRunLedger | PostgresRunLedger:
    """Open or create the ledger at this place, as a run does."""
    return (
        PostgresRunLedger.open(place, NAME, heartbeat=_HEARTBEAT)
        if isinstance(place, DatabasePlace)
        else SqliteRunLedger.open(place, NAME)
    )


@contextlib.contextmanager
def looking(place: Place) -> Iterator[Database]:
    """Give a connection of its own to a ledger that is there."""
    opened: Any = open_existing(place, NAME) if isinstance(place, DatabasePlace) else connect(place)
    with closing(opened) as database:
        yield database


def taken(ledger: SqlRunLedger, *, limit: int | None = None, chosen_only: bool = False, most: int = 2) -> Iterator[str]:
    """The addresses of those that a new run would take, in order; of SQLite, as one process of it gets them."""
    if isinstance(ledger, SqliteRunLedger):
        prepare_run(ledger.database, limit=limit, chosen_only=chosen_only)
        with closing(SqliteDueRows(ledger.path)) as due_rows:
            while some := due_rows.take(most):
                yield from (due.contact.email for due in some)
        return
    found = ledger.database.execute(_DUE, (chosen_only,)).fetchall()
    yield from (email for (email,) in found[:limit])


def rows_of(place: Place, sql: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
    """Ask it something by a connection of its own."""
    with looking(place) as database:
        return [tuple(row) for row in database.execute(sql, values)]


def octets_of(place: Place) -> bytes:
    """All octets of a ledger's files: in PostgreSQL, those of the database that it is in."""
    if isinstance(place, DatabasePlace):
        with psycopg.connect(place.url, autocommit=True) as connection:
            connection.execute("CHECKPOINT")
            sql = "SELECT current_setting('data_directory'), oid FROM pg_database WHERE datname = current_database()"
            found = connection.execute(sql).fetchone()
        assert found is not None
        folder = Path(found[0]) / "base" / str(found[1])
    else:
        folder = place.parent
    return b"".join(file.read_bytes() for file in sorted(folder.iterdir()))


def drop(place: DatabasePlace) -> None:
    """Take a ledger out of its database."""
    with psycopg.connect(place.url, autocommit=True) as connection:
        connection.execute("SET client_min_messages = warning")
        connection.execute(f"DROP SCHEMA IF EXISTS {place.schema} CASCADE")
