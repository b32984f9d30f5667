"""A server's messages a day, beside its rate: one `RateLimit` of the two, so that leave for a message is leave of both.

The day is one of the window's zone; its count is shared by all processes of a run, and by the runs after it
(`ledger.daily_count`). Raises LedgerError.
"""

import time
from collections.abc import Callable
from datetime import date, datetime, timedelta, tzinfo

from campaign.ledger.interface import DailyCount, RateLimit


class DailyAllowance:
    """One worker's view of it. `now`, as in `RateLimit`, is monotonic seconds; `clock` gives Unix seconds."""

    def __init__(
        self,
        count: DailyCount,
        limit: int,
        zone: tzinfo,
        *,
        rate: RateLimit | None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._count = count
        self._limit = limit
        self._zone = zone
        self._rate = rate
        self._clock = clock
        self._day: date | None = None
        self._over_until = float("-inf")
        """Unix seconds: when the next day begins, once this one's messages are gone."""

    @property
    def is_used_up(self) -> bool:
        """Whether this day's messages are gone."""
        return self._clock() < self._over_until

    def wait(self, now: float) -> float:
        """Seconds until it is worth asking for leave."""
        until_tomorrow = max(0.0, self._over_until - self._clock())
        return until_tomorrow if self._rate is None else max(until_tomorrow, self._rate.wait(now))

    def take(self, now: float) -> bool:
        """Take leave to begin one message."""
        if self.is_used_up or (self._rate is not None and not self._rate.take(now)):
            return False
        today = datetime.fromtimestamp(self._clock(), self._zone)
        self._day = today.date()
        if self._count.begin(self._day, self._limit):
            return True
        tomorrow = today.replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None) + timedelta(days=1)
        self._over_until = tomorrow.replace(tzinfo=self._zone).timestamp()
        if self._rate is not None:
            self._rate.give_back(now)
        return False

    def give_back(self, now: float) -> None:
        """Give back what was taken and not used."""
        if self._day is not None:
            self._count.give_back(self._day)
        if self._rate is not None:
            self._rate.give_back(now)
