"""The ledger as one worker of many has it: `WorkerLedger` over PostgreSQL.

    membership   it joins, and is alive        a thread and a connection
    due_rows     its rows, read ahead          a thread and a connection
    journal      its claims and outcomes       a thread and a connection
    budgets      what all workers share        `round_parts` says how they go with the journal

None of it makes the worker's loop wait for the database, but a `revert` at the end. Raises LedgerError.
"""

import contextlib
from collections.abc import Callable, Collection

from campaign.errors import LedgerError
from campaign.ledger.postgres.budget import PostgresBudget
from campaign.ledger.postgres.budgets import PostgresBudgets
from campaign.ledger.postgres.connection import PostgresConnection
from campaign.ledger.postgres.daily_count import PostgresDailyCount
from campaign.ledger.postgres.due_rows import PostgresDueRows
from campaign.ledger.postgres.journal import PostgresJournal
from campaign.ledger.postgres.lease import HEARTBEAT, LEASE
from campaign.ledger.postgres.membership import Membership
from campaign.ledger.postgres.rate_limit import PostgresRateLimit
from campaign.ledger.postgres.reconnecting import Trouble
from campaign.ledger.sql import reversal
from campaign.ledger_place import DatabasePlace


class PostgresWorkerLedger:
    """One process's parts. `wake` is called from their threads when something has come."""

    def __init__(
        self,
        place: DatabasePlace,
        *,
        wake: Callable[[], None],
        name: str = "",
        run: int | None = None,
        lease: float = LEASE,
        heartbeat: float = HEARTBEAT,
    ) -> None:
        self._place = place
        self._trouble = Trouble()
        with contextlib.ExitStack() as opened:
            self.member = Membership(
                place, name, run=run, trouble=self._trouble, wake=wake, lease=lease, heartbeat=heartbeat
            )
            opened.callback(self.member.leave)
            self.due_rows = PostgresDueRows(
                place, worker=self.member.number, run=self.member.run, wake=wake, trouble=self._trouble
            )
            opened.callback(self.due_rows.close)
            self.member.rows = self.due_rows
            self.server_memory = self.member.memory
            self._budgets = PostgresBudgets(place, self.member, wake=wake)
            opened.callback(self._budgets.close)
            self.journal = PostgresJournal(
                place,
                member=self.member,
                due_rows=self.due_rows,
                wake=wake,
                trouble=self._trouble,
                part=self._budgets,
            )
            self._opened = opened.pop_all()

    def rate_limit(self, name: str, rate: float) -> PostgresRateLimit:
        """Give the rate of this name, in messages a second."""
        return self._budgets.rate_limit(name, rate)

    def daily_count(self, name: str) -> PostgresDailyCount:
        """Give the count of this name. Waits for the database."""
        return self._budgets.daily_count(name)

    def budget(self, name: str, most: int) -> PostgresBudget:
        """Give this worker's share of a number that all have together. Waits for the database."""
        return self._budgets.budget(name, most)

    @property
    def trouble(self) -> str:
        """What is wrong with the way to the database, "" where nothing is."""
        return self._trouble.words

    @property
    def must_drain(self) -> bool:
        """Whether the run's owner has said that no more messages are to begin, or has ended the run."""
        return self.member.pulse.draining

    def publish(self, report: str) -> None:
        """Let the run's owner have this report, with the next heartbeat."""
        self.member.publish(report)

    def rows_left(self) -> int:
        """How many rows of the campaign were pending at the last heartbeat."""
        return self.member.pulse.pending

    def revert(self, contacts: Collection[int]) -> None:
        """Make rows pending again that were refused for our own fault. Also once the journal is closed."""
        with PostgresConnection(self._place) as database:
            reversal.revert(database, contacts)

    def close(self) -> None:
        """Give back what rows are left, and leave; the journal is closed before, by whoever hears what that raises.
        Raises nothing.
        """
        with contextlib.suppress(LedgerError):
            self._opened.close()
