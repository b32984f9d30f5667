"""The contacts file in a ledger in PostgreSQL: `ContactsLedger`, for the process that has it read, and for a dry run.

Raises LedgerError, and what reading the file raises.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import cached_property

from campaign.ledger.postgres import enrolment
from campaign.ledger.postgres.connection import PostgresConnection
from campaign.ledger.postgres.reading import PostgresReader
from campaign.ledger.sql.contacts_store import SqlContacts
from campaign.model import Row


class PostgresContacts(SqlContacts):
    """Over one connection, which it closes."""

    database: PostgresConnection

    @cached_property
    def reader(self) -> PostgresReader:
        """The questions, asked over this connection."""
        return PostgresReader(self.database)

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
            self.database, columns, rows, suppressed, key, in_parts=in_parts, remember=remember, digest=digest
        )

    def enrolled(self, digest: str, notes: Iterable[tuple[str, str]]) -> None:
        """Put on record that all of it has been read: also for workers, who wait for more while it has not."""
        with self.database.transaction():
            super().enrolled(digest, notes)
            self.database.execute("UPDATE run SET reading = false WHERE state <> 'ended'")
