"""A connection to an SQLite file, as a `Database`. Raises what sqlite3 raises, and LedgerError where that is said."""

import contextlib
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from types import MappingProxyType
from typing import Any

from campaign.ledger.database import PATIENCE, Parameters, Rows
from campaign.ledger.sqlite import sqlite_errors

_NOTHING: Mapping[str, Any] = MappingProxyType({})


class SqliteConnection(sqlite3.Connection):
    """For sqlite3.connect(factory=...)."""

    @property
    def place(self) -> str:
        """The file that it is open to."""
        return str(sqlite_errors.path_of(self))

    @property
    def shared(self) -> bool:
        """A file is one machine's."""
        return False

    def streamed(self, sql: str, parameters: Parameters = (), /) -> AbstractContextManager[Rows]:
        """Ask a question whose rows are fetched as they are asked for."""
        return contextlib.closing(self.execute(sql, parameters))

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
        """Write `function(value)` in place of each value."""
        self.create_function("rewritten", 1, function, deterministic=True)
        more = f", {also}" if also else ""
        only = f" AND rewritten({column}) <> {column}" if only_changed else ""
        sql = f"UPDATE {table} SET {column} = rewritten({column}){more} WHERE ({where}){only}"  # noqa: S608 - our own words
        return self.execute(sql, dict(parameters)).rowcount

    def has_table(self, table: str) -> bool:
        """Whether there is such a table."""
        return self.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (table,)).fetchone() is not None

    def columns_of(self, table: str) -> Sequence[str]:
        """Give a table's columns; none where there is no such table."""
        return [str(column[1]) for column in self.execute(f"PRAGMA table_info({table})")]

    def name_sending(self, word: str) -> None:
        """Say what status a claim without an outcome has on this connection."""
        shown = str(word)
        self.create_function("sending_word", 0, lambda: shown)

    def explained(self) -> AbstractContextManager[None]:
        """Raise LedgerError for whatever SQLite raises within."""
        return sqlite_errors.explained(self)

    def transaction(self, *, patience: float = PATIENCE) -> AbstractContextManager[None]:
        """Do all that is within, or none of it."""
        return sqlite_errors.transaction(self, patience=patience)

    @contextlib.contextmanager
    def snapshot(self) -> Iterator[None]:
        """Let all questions that are asked meanwhile be answered from one moment."""
        with self.explained():
            self.execute("BEGIN")
            try:
                yield
            finally:
                self.execute("ROLLBACK")

    @contextlib.contextmanager
    def impatient(self, seconds: float) -> Iterator[None]:
        """Wait no longer than this for another writer meanwhile."""
        self.execute(f"PRAGMA busy_timeout = {int(seconds * 1000)}")
        try:
            yield
        finally:
            self.execute(f"PRAGMA busy_timeout = {PATIENCE * 1000}")
