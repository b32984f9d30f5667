"""The contacts file in the ledger: `ContactsLedger` over SQLite, for a run, the process that it has read, a dry run.

Raises LedgerError, and what reading the file raises.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import cached_property

from campaign.ledger.sql.contacts_store import SqlContacts
from campaign.ledger.sqlite import enrolment
from campaign.ledger.sqlite.connection import SqliteConnection
from campaign.ledger.sqlite.reading import SqliteReader
from campaign.model import Row


class SqliteContacts(SqlContacts):
    """Over one connection, which it closes."""

    database: SqliteConnection

    def __init__(self, database: SqliteConnection, *, make_room: Callable[[], None] = lambda: None) -> None:
        """`make_room` is called behind each part of an enrolment: the WAL grows by it."""
        super().__init__(database)
        self._make_room = make_room

    @cached_property
    def reader(self) -> SqliteReader:
        """The questions, asked over this connection."""
        return SqliteReader(self.database)

    def enrol(
        self,
        columns: Sequence[str],
        rows: Iterable[Sequence[Row]],
        suppressed: Iterable[tuple[str, str, int]],
        key: Callable[[str], str],
        *,
        in_parts: bool = False,
        remember: Callable[[], Iterable[tuple[str, str]]] = tuple,
        digest: str = "",
    ) -> None:
        """Replace the contacts by these rows: `enrolment.enrol`."""
        enrolment.enrol(
            self.database,
            columns,
            rows,
            suppressed,
            key,
            in_parts=in_parts,
            remember=remember,
            digest=digest,
            make_room=self._make_room,
        )
