"""The ledger as the owner of a run holds it: `RunLedger` over PostgreSQL, by a lease on the run (`ownership`).

`PostgresRunLedger.open` gives it to one run at a time, on whatever machine. Raises LedgerError; LedgerBusyError says
who has it. A connection that breaks is made again at the next `checkpoint`: until then each question raises.
"""

import contextlib
from collections.abc import Collection, Mapping
from datetime import date
from typing import Self

from campaign.errors import LedgerError
from campaign.ledger.postgres import schema
from campaign.ledger.postgres.connection import PostgresConnection
from campaign.ledger.postgres.contacts_store import PostgresContacts
from campaign.ledger.postgres.daily_record import keep_days
from campaign.ledger.postgres.lease import HEARTBEAT, LEASE
from campaign.ledger.postgres.ownership import OwnedRun, OwnerLease, let_go, take_run
from campaign.ledger.postgres.preparing import prepare_run
from campaign.ledger.postgres.shared_run import PostgresSharedRun
from campaign.ledger.sql.run_ledger import SqlRunLedger
from campaign.ledger_place import DatabasePlace


class PostgresRunLedger(PostgresContacts, SqlRunLedger):
    """A ledger whose run is this process's. Close it, or use it as a context manager."""

    lock = None

    def __init__(self, database: PostgresConnection, owned: OwnedRun, lease: OwnerLease) -> None:
        super().__init__(database)
        self.place = database.where
        self.shared = PostgresSharedRun(database, owned, lease)
        self._owned = owned
        self._lease = lease

    @classmethod
    def open(cls, place: DatabasePlace, name: str, *, lease: float = LEASE, heartbeat: float = HEARTBEAT) -> Self:
        """Open or create the ledger of the campaign `name`. Raises LedgerError, LedgerBusyError."""
        database = schema.open_or_create(place, name)
        try:
            owned = take_run(database, lease=lease)
            return cls(database, owned, OwnerLease(place, owned, lease=lease, heartbeat=heartbeat))
        except BaseException:
            database.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the run: it is over, or others are still at work for it."""
        self._lease.end()
        with contextlib.suppress(LedgerError):
            self.checkpoint()
        let_go(self.database, self._owned, over=self.shared.over)
        self.database.close()

    @property
    def in_place(self) -> bool:
        """Whether the run is still this process's."""
        return self.shared.held

    def damage(self, *, wait: bool = False) -> LedgerError | None:
        """Say why it is not."""
        return self._lease.lost

    def rescue(self) -> str:
        """It has all of it: say where."""
        return self.database.place

    def checkpoint(self) -> None:
        """Make the connection again, if it has broken; where that can't be done now, it will be the next time."""
        with contextlib.suppress(LedgerError):
            self.database.mend()

    def recover(self) -> int:
        """Call claims in doubt whose workers are gone."""
        if any(worker.state == "working" for worker in self.shared.workers()):
            return self.shared.call_lost()
        return super().recover() if self.shared.held else 0

    def settle_run(self) -> None:
        """Put what was announced last on record, or drop it: if the run is still this process's."""
        if self.shared.held:
            super().settle_run()

    def prepare(
        self,
        *,
        limit: int | None,
        chosen_only: bool,
        reading: bool = False,
        zone_column: str = "",
        limited_domains: Collection[str] = (),
    ) -> None:
        """Say how many contacts this run may take, of which rows, whether more are being read, and their queues."""
        prepare_run(
            self.database,
            self._owned.number,
            limit=limit,
            chosen_only=chosen_only,
            reading=reading,
            zone_column=zone_column,
            limited_domains=limited_domains,
        )

    def _keep_days(self, days: Mapping[date, int]) -> None:
        keep_days(self.database, days)
