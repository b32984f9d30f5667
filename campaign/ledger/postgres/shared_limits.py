"""What the workers of a run share, as one of them has it: rates, daily counts, budgets of connections.

    shared_limits ─▶ rate_limit, daily_count, budget (shares) ─▶ fetch_ahead: the thread that asks the database

`number` is the worker's in the table `worker`. The journal's round carries what has begun on which day
(`daily_changes`, `write_daily_changes`). Raises LedgerError.
"""

import time
from collections.abc import Callable

from campaign.ledger.place import DatabasePlace
from campaign.ledger.postgres.budget import PostgresBudget, PostgresBudgets
from campaign.ledger.postgres.daily_count import PostgresDailyCount, PostgresDailyCounts
from campaign.ledger.postgres.daily_record import DailyChange
from campaign.ledger.postgres.database_clock import DatabaseClock
from campaign.ledger.postgres.fetch_ahead import FetchAhead
from campaign.ledger.postgres.rate_limit import PostgresRateLimit


class SharedLimits:
    """One worker's. `wake` is called in a thread when something has come. `lease`: seconds for which budgets hold
    without a word from the database.
    """

    def __init__(
        self,
        place: DatabasePlace,
        number: int,
        *,
        wake: Callable[[], None],
        lease: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._ahead = FetchAhead(place, wake=wake, clock=clock)
        self._number = number
        self._lease = lease
        self._clock = DatabaseClock()
        self._rate_limits: dict[str, PostgresRateLimit] = {}
        self._daily_counts: PostgresDailyCounts | None = None
        self._budgets: PostgresBudgets | None = None

    def rate_limit(self, name: str, rate: float) -> PostgresRateLimit:
        """Give the rate of this name, in messages a second."""
        if name not in self._rate_limits:
            self._rate_limits[name] = PostgresRateLimit(self._ahead, rate, name=name, database_clock=self._clock)
        return self._rate_limits[name]

    def daily_count(self, name: str) -> PostgresDailyCount:
        """Give the count of this name. Waits for the database."""
        if self._daily_counts is None:
            self._daily_counts = PostgresDailyCounts(self._ahead, self._number)
        return self._daily_counts.of(name)

    def budget(self, name: str, most: int) -> PostgresBudget:
        """Give this worker's share of a number that all have together. Waits for the database, but not for others."""
        if self._budgets is None:
            self._budgets = PostgresBudgets(self._ahead, self._number, lease=self._lease)
        return self._budgets.of(name, most)

    def daily_changes(self) -> list[DailyChange]:
        """Give what has begun, and been given back, since the last time: for the round that carries the claims of it.
        In the loop's thread, when a round is begun.
        """
        return [] if self._daily_counts is None else self._daily_counts.take_changes()

    def daily_changes_written(self) -> None:
        """Hear that the last changes are on record. In the loop's thread, before the next are asked for."""
        if self._daily_counts is not None:
            self._daily_counts.changes_written()

    def called_lost(self) -> None:
        """Hear that others have taken this worker for dead, and what it had for free. In the loop's thread."""
        if self._daily_counts is not None:
            self._daily_counts.called_lost()
        if self._budgets is not None:
            self._budgets.called_lost()

    def close(self) -> None:
        """Give back what this worker has. The journal is closed before. Raises nothing."""
        self._ahead.close()
