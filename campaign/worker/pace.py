"""An even pace: messages spread over what is left of the window's open time, whatever happens meanwhile.

The rate is what the rows left need to be gone just before the end, and is reckoned anew as it goes: so what throttling
has cost is made up for, and rows that come are taken in. What a daily limit leaves is spread over its day. All
processes and later runs share one rate (`RateLimit`), and whoever asks sets it by what the ledger says now.

It stands before another rate, if there is one: never is more let through than that allows. Moments are monotonic
seconds; the wall clock is handed in. Raises LedgerError.
"""

import math
from collections.abc import Callable, Sequence
from datetime import datetime

from campaign.daily_plan import OpenDay, even_rate
from campaign.errors import LedgerError
from campaign.ledger.interface import AdjustableRateLimit, RateLimit

_FASTEST = 1_000_000.0
_SLOWEST = 1e-5
"""Messages a second."""
_PART, _SHORTEST, _LONGEST = 100, 0.05, 10.0
"""How often the rate is reckoned anew: a hundredth of the time left, within these seconds."""


class Pace:
    """One worker's view: a `RateLimit`."""

    def __init__(
        self,
        shared: AdjustableRateLimit,
        *,
        rows_left: Callable[[], int],
        days_left: Callable[[datetime], Sequence[OpenDay]],
        wall: Callable[[], datetime],
        then: RateLimit | None = None,
    ) -> None:
        """`rows_left`: that have not begun, of all processes. `days_left`: from an aware moment on, until the end that
        is aimed at. `then`: the rate that is asked as well.
        """
        self._shared = shared
        self._rows_left = rows_left
        self._days_left = days_left
        self._then = then
        self._wall = wall
        self._reckon_at = float("-inf")
        self._leave = False
        """There is leave by the pace, and none yet by the other rate."""

    def wait(self, now: float) -> float:
        """Seconds until it is worth asking for leave."""
        self._reckon(now)
        then = 0.0 if self._then is None else self._then.wait(now)
        return then if self._leave else max(self._shared.wait(now), then)

    def take(self, now: float) -> bool:
        """Take leave to begin one message."""
        self._reckon(now)
        if not self._leave and not self._shared.take(now):
            return False
        self._leave = self._then is not None and not self._then.take(now)
        return not self._leave

    def give_back(self, now: float) -> None:
        """Give back what was taken and not used."""
        self._shared.give_back(now)
        if self._then is not None:
            self._then.give_back(now)

    def _reckon(self, now: float) -> None:
        """Set the rate, if it is time."""
        if now < self._reckon_at:
            return
        try:
            days = self._days_left(self._wall())
            rate = even_rate(self._rows_left(), days)
        except LedgerError:  # the rate stays as it is; whoever claims and settles tells of the trouble
            self._reckon_at = now + _LONGEST
            return
        self._shared.set_rate(_FASTEST if rate == math.inf else min(_FASTEST, max(_SLOWEST, rate)))
        left = sum(day.seconds for day in days)
        self._reckon_at = now + min(_LONGEST, max(_SHORTEST, left / _PART))
