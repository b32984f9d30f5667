"""A connection to a campaign's schema in a PostgreSQL database, as a `Database`. Raises LedgerError where that is said,
and psycopg's errors otherwise.

SQL comes with SQLite's marks for parameters and goes with psycopg's. What only SQLite is told, of its indexes, is left
out. A transaction is the only one that writes, as in SQLite: it takes the campaign's write lock, an
advisory one, which workers' rounds share among themselves (`SHARED_LOCK`). Statements within see what is committed
(READ COMMITTED).

Limits: NUL can't stand in a text of PostgreSQL's; it is written as U+FFFD. The session keeps state (search_path, the
word of `sending_word()`): a pooler between must keep sessions whole (PgBouncer's "session" mode).
"""

import contextlib
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from types import TracebackType
from typing import Any, Self

import psycopg
from psycopg import sql as names

from campaign.ledger.database import PATIENCE, Parameters, Rows
from campaign.ledger.place import DatabasePlace
from campaign.ledger.postgres.errors import explain

_MARK = re.compile(r"'(?:[^']|'')*'|(\?)|(?<!:):([a-z_]+)|(%)|( NOT INDEXED| INDEXED BY \w+)")
"""Outside of literals: the marks of parameters, what psycopg takes for one, what only SQLite understands."""
EXCLUSIVE_LOCK = "SELECT pg_advisory_xact_lock(1129140295, hashtext(current_schema()))"
"""1129140295 is "CMPG": the key space of this program."""
SHARED_LOCK = "SELECT pg_advisory_xact_lock_shared(1129140295, hashtext(current_schema()))"
_CONNECT_TIMEOUT = 10
"""Seconds."""
_OPTIONS = {"keepalives_idle": 5, "keepalives_interval": 2, "keepalives_count": 3, "tcp_user_timeout": 15_000}
"""So that a server which is gone is noticed in seconds, not hours (libpq, "Parameter Key Words")."""


def connect(place: DatabasePlace, **options: Any) -> "psycopg.Connection[tuple[Any, ...]]":
    """Open a plain connection, autocommitting, whose names are looked up in the campaign's schema. Raises LedgerError.
    `options`: of libpq's, in place of ours.
    """
    try:
        return connect_plainly(place, **options)
    except psycopg.Error as error:
        raise explain(error, place) from None


def connect_plainly(place: DatabasePlace, **options: Any) -> "psycopg.Connection[tuple[Any, ...]]":
    """Do so. Raises psycopg's errors, for whoever tries again."""
    given: dict[str, Any] = {"connect_timeout": _CONNECT_TIMEOUT, **_OPTIONS, **options}
    if place.password is not None:
        given["password"] = place.password
    opened = psycopg.connect(place.url, autocommit=True, application_name="campaign", **given)
    try:
        opened.execute(names.SQL("SET search_path TO {}").format(names.Identifier(place.schema)))
    except BaseException:
        opened.close()
        raise
    return opened


class PostgresConnection:
    """One connection."""

    def __init__(self, place: DatabasePlace, **options: Any) -> None:
        self._where = place
        self.raw = connect(place, **options)
        """What psycopg gives, for what only PostgreSQL can do."""

    @property
    def place(self) -> str:
        """The database's address, and the schema."""
        return str(self._where)

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open."""
        return self.raw.info.transaction_status != psycopg.pq.TransactionStatus.IDLE

    def execute(self, sql: str, parameters: Parameters = (), /) -> Rows:
        """Do one statement."""
        return self.raw.execute(translated(sql), _sound(parameters))

    def executemany(self, sql: str, parameters: Iterable[Parameters], /) -> Rows:
        """Do it for each of these, in one round trip."""
        cursor = self.raw.cursor()
        cursor.executemany(translated(sql), [_sound(one) for one in parameters])
        return cursor

    @contextlib.contextmanager
    def explained(self) -> Iterator[None]:
        """Raise LedgerError for whatever psycopg raises within."""
        try:
            yield
        except psycopg.Error as error:
            raise explain(error, self._where) from None

    @contextlib.contextmanager
    def transaction(self, *, patience: float = PATIENCE) -> Iterator[None]:
        """Do all that is within, or none of it; nobody else writes meanwhile."""
        with self.explained(), self.raw.transaction():
            self.raw.execute("SELECT set_config('lock_timeout', %s, true)", (f"{max(1, int(patience * 1000))}ms",))
            self.raw.execute(EXCLUSIVE_LOCK)
            yield

    def close(self) -> None:
        """Let go of it."""
        self.raw.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


@lru_cache(maxsize=1024)
def translated(sql: str) -> str:
    """Give a statement as psycopg takes it."""

    def mark(found: "re.Match[str]") -> str:
        if found[1]:
            return "%s"
        if found[2]:
            return f"%({found[2]})s"
        if found[3]:
            return "%%"
        return "" if found[4] else found[0].replace("%", "%%")

    return _MARK.sub(mark, sql)


def _sound(parameters: Parameters) -> Parameters:
    """Leave out what no text of PostgreSQL's can hold."""
    if isinstance(parameters, Mapping):
        return {name: _sound_value(value) for name, value in parameters.items()}
    return [_sound_value(value) for value in parameters]


def _sound_value(value: Any) -> Any:
    return value.replace("\0", "\ufffd") if isinstance(value, str) and "\0" in value else value
