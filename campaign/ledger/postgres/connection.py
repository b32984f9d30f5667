"""A connection to a campaign's schema in a PostgreSQL database, as a `Database`. Raises LedgerError where that is said,
and psycopg's errors otherwise.

SQL comes with SQLite's marks for parameters and goes with psycopg's; `sending_word()` goes as the word itself. What
only SQLite is told, of its indexes, is left out. A transaction is the only one that writes, as in SQLite: it takes the
campaign's write lock, an advisory one, which workers' rounds share among themselves (`SHARED_LOCK`). Statements within
see what is committed (READ COMMITTED).

Limits: NUL can't stand in a text of PostgreSQL's; it is written as U+FFFD. The session keeps state (search_path,
temporary tables): a pooler between that does not keep sessions whole is refused (`pooler`). While rows are streamed
(`streamed`), a transaction is open: what is written meanwhile is on record once they have been read.
"""

import contextlib
import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType, TracebackType
from typing import Any, Self

import psycopg

from campaign.ledger.database import PATIENCE, Parameters, Rows
from campaign.ledger.postgres.errors import explain
from campaign.ledger.postgres.locks import EXCLUSIVE_LOCK
from campaign.ledger.postgres.session import connect
from campaign.ledger.postgres.statements import translated, without_nul, without_nuls
from campaign.ledger_place import DatabasePlace
from campaign.model import Status

_NOTHING: Mapping[str, Any] = MappingProxyType({})
_AT_ONCE = 5_000
"""Rows that are fetched at a time."""
_STREAMS = itertools.count(1)
_COLUMNS = "SELECT attname FROM pg_attribute WHERE attrelid = to_regclass(%s) AND attnum > 0 AND NOT attisdropped"
_EXCLUSIVELY = """
SELECT set_config('lock_timeout', %s, true), set_config('idle_in_transaction_session_timeout', '60s', true)
"""
"""A process that is stopped amid it keeps nobody waiting for good."""

_REWRITTEN = (
    "CREATE TEMP TABLE IF NOT EXISTS rewritten (before text, behind text)",
    "ALTER TABLE rewritten ALTER before SET STATISTICS 0, ALTER behind SET STATISTICS 0",
    "TRUNCATE rewritten",
)
"""Statistics would keep samples of what is rewritten."""


class PostgresConnection:
    """One connection."""

    def __init__(self, place: DatabasePlace, **options: Any) -> None:
        self.where = place
        self._options = options
        self.raw = connect(place, **options)
        """What psycopg gives, for what only PostgreSQL can do."""
        self._sending_word = str(Status.IN_DOUBT)
        self._columns: dict[str, list[str]] = {}
        self._streams = 0

    @property
    def place(self) -> str:
        """The database's address, and the schema."""
        return str(self.where)

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open."""
        return self.raw.info.transaction_status != psycopg.pq.TransactionStatus.IDLE

    @property
    def shared(self) -> bool:
        """Workers of several machines write into it."""
        return True

    def execute(self, sql: str, parameters: Parameters = (), /) -> Rows:
        """Do one statement."""
        return self.raw.execute(translated(sql, self._sending_word), without_nuls(parameters))

    def executemany(self, sql: str, parameters: Iterable[Parameters], /) -> Rows:
        """Do it for each of these, in one round trip."""
        cursor = self.raw.cursor()
        cursor.executemany(translated(sql, self._sending_word), [without_nuls(one) for one in parameters])
        return cursor

    @contextlib.contextmanager
    def streamed(self, sql: str, parameters: Parameters = (), /) -> Iterator[Rows]:
        """Ask a question whose rows are fetched as they are asked for, by a cursor of the server's."""
        with self._open_for_a_stream(), self.raw.cursor(name=f"rows_{next(_STREAMS)}") as cursor:
            cursor.itersize = _AT_ONCE
            cursor.execute(translated(sql, self._sending_word), without_nuls(parameters))
            yield cursor

    def rewrite(
        self,
        table: str,
        column: str,
        function: Callable[[str], str],
        *,
        where: str,
        parameters: Mapping[str, Any] = _NOTHING,
        also: str = "",
        only_changed: bool = False,
    ) -> int:
        """Write `function(value)` in place of each value: those there are come here, and go back in one statement."""
        for statement in _REWRITTEN:
            self.execute(statement)
        found = f"SELECT DISTINCT {column} FROM {table} WHERE ({where}) AND {column} IS NOT NULL"  # noqa: S608 - our own words
        with self.streamed(found, parameters) as rows:
            while some := rows.fetchmany(_AT_ONCE):
                pairs = [(value, without_nul(function(value))) for (value,) in some]
                with self.raw.cursor() as cursor, cursor.copy("COPY rewritten FROM STDIN") as copy:
                    for before, behind in pairs:
                        if before != behind or not only_changed:
                            copy.write_row((before, behind))
        self.execute("ANALYZE rewritten")
        more = f", {also}" if also else ""
        written = (
            f"UPDATE {table} SET {column} = rewritten.behind{more} FROM rewritten WHERE ({where}) AND {column} = before"  # noqa: S608
        )
        return self.execute(written, parameters).rowcount

    def has_table(self, table: str) -> bool:
        """Whether there is such a table."""
        return bool(self.columns_of(table))

    def columns_of(self, table: str) -> Sequence[str]:
        """Give a table's columns; none where there is no such table."""
        if table not in self._columns:
            self._columns[table] = [name for (name,) in self.raw.execute(_COLUMNS, (table,))]
        return self._columns[table]

    def name_sending(self, word: str) -> None:
        """Say what status a claim without an outcome has on this connection."""
        self._sending_word = str(word)

    @contextlib.contextmanager
    def explained(self) -> Iterator[None]:
        """Raise LedgerError for whatever psycopg raises within."""
        try:
            yield
        except psycopg.Error as error:
            raise explain(error, self.where) from None

    @contextlib.contextmanager
    def transaction(self, *, patience: float = PATIENCE) -> Iterator[None]:
        """Do all that is within, or none of it; nobody else writes meanwhile."""
        with self.explained(), self.raw.transaction():
            self.raw.execute(_EXCLUSIVELY, (f"{max(1, int(patience * 1000))}ms",))
            self.raw.execute(EXCLUSIVE_LOCK)
            yield

    @contextlib.contextmanager
    def snapshot(self) -> Iterator[None]:
        """Let all questions that are asked meanwhile be answered from one moment."""
        with self.explained(), self.raw.transaction():
            self.raw.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            yield

    @contextlib.contextmanager
    def impatient(self, seconds: float) -> Iterator[None]:
        """Wait no longer than this for anybody else's lock meanwhile."""
        self.raw.execute("SELECT set_config('lock_timeout', %s, false)", (f"{max(1, int(seconds * 1000))}ms",))
        try:
            yield
        finally:
            self.raw.execute("SELECT set_config('lock_timeout', '0', false)")

    def mend(self) -> None:
        """Open it anew, if it has broken: what it was doing is done again by whoever asked for it."""
        if self.raw.broken:
            self.raw = connect(self.where, **self._options)
            self._streams = 0

    def close(self) -> None:
        """Let go of it."""
        self.raw.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @contextlib.contextmanager
    def _open_for_a_stream(self) -> Iterator[None]:
        """A cursor lives in a transaction: the one that is open, or one of its own, which others that are opened
        meanwhile use as well, and the last of them ends.
        """
        if not self._streams and self.in_transaction:
            yield
            return
        if not self._streams:
            self.raw.execute("BEGIN")
        self._streams += 1
        try:
            yield
        finally:
            self._streams -= 1
            if not self._streams and not self.raw.closed:
                failed = self.raw.info.transaction_status == psycopg.pq.TransactionStatus.INERROR
                self.raw.execute("ROLLBACK" if failed else "COMMIT")
