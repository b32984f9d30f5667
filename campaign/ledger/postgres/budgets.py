"""What the workers of a run share, as one of them has it: rates, daily counts, budgets of connections.

    budgets ─▶ rate_limit, daily_count, budget (shares) ─▶ fetch_ahead: the thread that asks the database

The journal's round carries what has begun on which day (`statements`, as `round_parts.RoundPart` has it). Raises
LedgerError.
"""

import time
from collections.abc import Callable, Sequence

from campaign.ledger.postgres.budget import BudgetExchange, PostgresBudget
from campaign.ledger.postgres.daily_count import PostgresDailyCount, PostgresDailyCounts
from campaign.ledger.postgres.daily_record import statements
from campaign.ledger.postgres.database_clock import DatabaseClock
from campaign.ledger.postgres.fetch_ahead import FetchAhead
from campaign.ledger.postgres.rate_limit import PostgresRateLimit
from campaign.ledger.postgres.round_parts import Member, Statement
from campaign.ledger_place import DatabasePlace


class PostgresBudgets:
    """One worker's. `wake` is called in a thread when something has come."""

    def __init__(
        self,
        place: DatabasePlace,
        member: Member,
        *,
        wake: Callable[[], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._ahead = FetchAhead(place, wake=wake, clock=clock)
        self._number, self._lease = member.number, member.lease.seconds
        self._clock = DatabaseClock()
        self._rate_limits: dict[str, PostgresRateLimit] = {}
        self._daily_counts: PostgresDailyCounts | None = None
        self._budgets: BudgetExchange | None = None

    def rate_limit(self, name: str, rate: float) -> PostgresRateLimit:
        """Give the rate of this name, in messages a second."""
        if name not in self._rate_limits:
            self._rate_limits[name] = PostgresRateLimit(self._ahead, rate, name=name, database_clock=self._clock)
        return self._rate_limits[name]

    def daily_count(self, name: str) -> PostgresDailyCount:
        """Give the count of this name. Waits for the database."""
        if self._daily_counts is None:
            self._daily_counts = PostgresDailyCounts(self._ahead, self._number, lease=self._lease)
        return self._daily_counts.of(name)

    def budget(self, name: str, most: int) -> PostgresBudget:
        """Give this worker's share of a number that all have together. Waits for the database, but not for others."""
        if self._budgets is None:
            self._budgets = BudgetExchange(self._ahead, self._number, lease=self._lease)
        return self._budgets.of(name, most)

    def statements(self) -> Sequence[Statement]:
        """Hand over what has begun, and been given back, since the last time: for the round that carries the claims of
        it.
        """
        return [] if self._daily_counts is None else statements(self._number, self._daily_counts.take_changes())

    def close(self) -> None:
        """Give back what this worker has. The journal is closed before. Raises nothing."""
        self._ahead.close()
