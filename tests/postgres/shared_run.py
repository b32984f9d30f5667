"""A run in a database as its workers' limits see it: the tables, and workers on record, at work or gone."""

from dataclasses import dataclass

from psycopg import sql

from campaign.ledger.postgres.budgets import PostgresBudgets
from campaign.ledger.postgres.connection import PostgresConnection
from campaign.ledger.postgres.daily_record import free_shares
from campaign.ledger.postgres.lease import LEASE, Lease
from campaign.ledger.postgres.tables import TABLES
from campaign.ledger_place import DatabasePlace


@dataclass(frozen=True, kw_only=True)
class Joined:
    """A worker on record."""

    number: int
    lease: Lease
    run: int = 1


class SharedRun:
    """One run. Limits that are made are closed with it."""

    def __init__(self, place: DatabasePlace) -> None:
        self.place = place
        self.database = PostgresConnection(place)
        self.database.raw.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(place.schema)))
        self.database.raw.execute(TABLES.encode())
        self._made: list[PostgresBudgets] = []

    def join(self) -> int:
        """Put one more worker on record."""
        found = self.database.raw.execute(
            "INSERT INTO worker (run, host, pid, lease_until) VALUES (1, 'here', 1, now()) RETURNING number"
        ).fetchone()
        assert found is not None
        return int(found[0])

    def limits(self, number: int | None = None, *, lease: float = LEASE) -> PostgresBudgets:
        """Give a worker's, who has just joined."""
        number = self.join() if number is None else number
        self._made.append(PostgresBudgets(self.place, Joined(number=number, lease=Lease(lease)), wake=lambda: None))
        return self._made[-1]

    def call_lost(self, number: int) -> None:
        """Do what others do when a worker's lease has run out."""
        with self.database.transaction():
            self.database.raw.execute(
                "UPDATE worker SET state = 'lost', losses = losses + 1 WHERE number = %s", (number,)
            )
            free_shares(self.database.raw, number)

    def come_back(self, number: int) -> None:
        """Do what a worker does that was called lost and is not."""
        self.database.raw.execute("UPDATE worker SET state = 'working' WHERE number = %s", (number,))

    def close(self) -> None:
        """End all of it."""
        for limits in self._made:
            limits.close()
        self.database.close()
