"""What the SQL of a ledger is put to: a connection, of SQLite's or PostgreSQL's, by one protocol.

SQL is written once, in what both understand (`campaign/ledger/sql/`); parameters are marked as SQLite does, `?` or
`:name`.
Text, whole numbers, floats, octets and None go in and come out; a column's values have its type.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
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

    def explained(self) -> AbstractContextManager[None]:
        """Raise LedgerError for whatever the database raises within."""

    def transaction(self, *, patience: float = PATIENCE) -> AbstractContextManager[None]:
        """Do all that is within, or none of it; nobody else writes meanwhile. `patience`: seconds to wait for another
        writer. Raises LedgerError, and what is raised within.
        """

    def close(self) -> None:
        """Let go of it."""


def damaged(place: object, words: str) -> LedgerError:
    """Give the error for a ledger that is not whole."""
    return LedgerError(
        f"the ledger is damaged ({words.partition(chr(10))[0]}), so who was mailed can't be told from it",
        where=str(place),
        fix="restore it from a backup; do not delete it and send again, or people will be mailed twice",
    )
