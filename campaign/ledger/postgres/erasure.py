"""People's data, taken out of a database and of its files: `ErasureLedger`. Raises LedgerError, LedgerBusyError.

PostgreSQL leaves what was deleted, and what stood there before, in a table's pages until they are needed; and VACUUM
FULL keeps of it what the oldest open transaction might still see. So `scrub` has each table written anew by ALTER
TABLE, which takes over what is there now and nothing else, whoever looks at what (manual, "MVCC Caveats"). Statistics
hold samples of columns: those of people are told to have none (`tables`).

Limits: the server's WAL, its archives, replicas and backups are its administrator's to cut, and out of reach here.
"""

import contextlib
from collections.abc import Iterator

from campaign.errors import LedgerBusyError
from campaign.ledger.database import PATIENCE
from campaign.ledger.postgres.connection import PostgresConnection
from campaign.ledger.postgres.ownership import OwnerLease, let_go, take_run
from campaign.ledger.postgres.reading import PostgresReader
from campaign.ledger.postgres.schema import open_existing
from campaign.ledger.sql.erasure import SqlErasure
from campaign.ledger_place import DatabasePlace

_WRITTEN_ANEW = (
    ("contact", 'address TYPE text COLLATE "C" USING address'),
    ("suppressed", 'address TYPE text COLLATE "C" USING address'),
    ("entry", "cells TYPE text USING cells"),
    ("delivery", "detail TYPE text USING detail"),
    ("evidence", "detail TYPE text USING detail"),
    ("later_word", "reply TYPE text USING reply"),
    ("live_state", "value TYPE text USING value"),
    ("set_aside", 'queue TYPE text COLLATE "C" USING queue'),
    ("worker", "report TYPE text USING report"),
    ("news", "report TYPE text USING report"),
)
"""Each with a column whose values are taken over as they are, by an expression that the server must compute."""
_LATE = "UPDATE delivery SET worker = NULL WHERE worker IS NOT NULL AND contact IN (SELECT contact FROM going)"
"""Who worked for a run that is over, and comes back, has nothing more to say of them."""


class PostgresErasure(SqlErasure):
    """Over a ledger whose run this process owns: nobody works for it."""

    _database: PostgresConnection

    def __init__(self, database: PostgresConnection) -> None:
        super().__init__(database)
        self._reader = PostgresReader(database)

    @property
    def reader(self) -> PostgresReader:
        """The questions, asked from here."""
        return self._reader

    def scrub(self) -> None:
        """Have the tables written anew, one after the other."""
        database = self._database
        try:
            with database.explained(), database.impatient(PATIENCE):
                database.execute("DROP TABLE IF EXISTS going, going_row, rewritten")
                for table, column in _WRITTEN_ANEW:
                    database.execute(f"ALTER TABLE {table} ALTER COLUMN {column} || ''")
                database.execute("ANALYZE contact, entry, delivery")
        except LedgerBusyError:
            raise LedgerBusyError(
                "another program is reading the ledger, so what was erased is still in its files",
                where=database.place,
                fix="close it, then run the same command again",
            ) from None

    def _take_out(self, day: str) -> int:
        rows = super()._take_out(day)
        for statement in (_LATE, "DELETE FROM news", "UPDATE worker SET report = '' WHERE report <> ''"):
            self._database.execute(statement)
        return rows


@contextlib.contextmanager
def open_erasure(place: DatabasePlace, name: str) -> Iterator[PostgresErasure]:
    """Open the ledger of the campaign `name`, which is there, for as long as nobody else has it. Raises LedgerError;
    LedgerBusyError while a run goes on, or anybody is at work for one.
    """
    with contextlib.closing(open_existing(place, name)) as database:
        owned = take_run(database)
        lease = OwnerLease(place, owned)
        try:
            if owned.adopted is not None:
                raise LedgerBusyError(
                    f"{owned.adopted.workers} workers are still at work for a run of this campaign",
                    where=str(place),
                    fix="take it over by `campaign send`, or stop them; then run the same command again",
                )
            yield PostgresErasure(database)
        finally:
            lease.end()
            let_go(database, owned, over=owned.adopted is None)
