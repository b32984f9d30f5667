"""What the SQL of a ledger is put to: a connection, of SQLite's or PostgreSQL's, by one protocol.

SQL is written once, in what both understand (`campaign/ledger/sql/`); parameters are marked as SQLite does, `?` or
`:name`.
Text, whole numbers, floats, octets and None go in and come out; a column's values have its type: a number for a column
of text is given as text.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

from campaign.errors import LedgerError

PATIENCE = 60
"""Seconds that a writer waits for another."""
Parameters = Sequence[Any] | Mapping[str, Any]


class Rows(Protocol):
    """What a statement gives."""

    @property
    def rowcount(self) -> int:
        """How many rows it has written; of several executions together."""

    def fetchone(self) -> Any:
        """Give the next row; None where there is none."""

    def fetchmany(self, size: int = ..., /) -> list[Any]:
        """Give so many rows, or what is left of them."""

    def fetchall(self) -> list[Any]:
        """Give all that is left."""

    def __iter__(self) -> Iterator[Any]: ...


class Database(Protocol):
    """One connection. It commits each statement by itself, unless a transaction is open."""

    @property
    def place(self) -> str:
        """Where the ledger is, for a person: a file, or a database's address without secrets."""

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open."""

    def execute(self, sql: str, parameters: Parameters = ..., /) -> Rows:
        """Do one statement."""

    def executemany(self, sql: str, parameters: Iterable[Parameters], /) -> Rows:
        """Do it for each of these."""

    def streamed(self, sql: str, parameters: Parameters = ..., /) -> AbstractContextManager[Rows]:
        """Ask a question whose answer may be a whole roster: rows are fetched as they are asked for."""

    def rewrite(
        self,
        table: str,
        column: str,
        function: Callable[[str], str],
        *,
        where: str,
        parameters: Mapping[str, Any] = ...,
        also: str = "",
        only_changed: bool = False,
    ) -> int:
        """Write `function(value)` in place of each value of a column of text, in the rows `where` (a condition) holds;
        and `also` (assignments) there. `only_changed`: not where it is the same. In a transaction. Gives the number of
        rows.
        """

    def has_table(self, table: str) -> bool:
        """Whether there is such a table: not in what an earlier version began."""

    def columns_of(self, table: str) -> Sequence[str]:
        """Give a table's columns; none where there is no such table."""

    @property
    def shared(self) -> bool:
        """Whether workers of several machines write into it: each keeps numbers of its own then (`worker_tally`)."""

    def name_sending(self, word: str) -> None:
        """Say what status a claim without an outcome has on this connection (`sending_word()` in SQL): `in_doubt`,
        unless this was said; while a run goes on, `pending`.
        """

    def explained(self) -> AbstractContextManager[None]:
        """Raise LedgerError for whatever the database raises within."""

    def transaction(self, *, patience: float = PATIENCE) -> AbstractContextManager[None]:
        """Do all that is within, or none of it; nobody else writes meanwhile. `patience`: seconds to wait for another
        writer. Raises LedgerError, and what is raised within.
        """

    def snapshot(self) -> AbstractContextManager[None]:
        """Let all questions that are asked meanwhile be answered from one moment. Raises LedgerError."""

    def impatient(self, seconds: float) -> AbstractContextManager[None]:
        """Wait no longer than this for anybody else meanwhile."""

    def close(self) -> None:
        """Let go of it."""


def damaged(place: object, words: str) -> LedgerError:
    """Give the error for a ledger that is not whole."""
    return LedgerError(
        f"the ledger is damaged ({words.partition(chr(10))[0]}), so who was mailed can't be told from it",
        where=str(place),
        fix="restore it from a backup; do not delete it and send again, or people will be mailed twice",
    )
