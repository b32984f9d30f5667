"""The database's clock as one worker knows it: between which bounds it lies, by this machine's monotonic seconds.

Each answer that carries the database's time bounds it: that was read after the question was sent and before the answer
came. Bounds of many answers are narrower than those of one; they widen again by what two clocks may drift apart. Where
an answer contradicts them, one of the clocks has been set: then it alone counts.
"""

import math

_DRIFT = 200e-6
"""Seconds a second by which two clocks may drift apart: far more than NTP lets pass (RFC 5905, section 11.1: 500 ppm
at most, while it still corrects).
"""


class DatabaseClock:
    """One worker's view. Raises nothing."""

    def __init__(self) -> None:
        self._low, self._high = -math.inf, math.inf
        self._heard = 0.0

    def heard(self, sent: float, said: float, came: float) -> None:
        """Take in an answer: what the database's clock `said` (Unix seconds), and when, in monotonic seconds, the
        question was sent and the answer came.
        """
        drift = max(0.0, came - self._heard) * _DRIFT
        low, high = max(self._low - drift, said - came), min(self._high + drift, said - sent)
        if low > high:
            low, high = said - came, said - sent
        self._low, self._high, self._heard = low, high, came

    @property
    def unsure(self) -> float:
        """Seconds between the bounds."""
        return self._high - self._low

    def surely_reached(self, moment: float) -> float:
        """Give the monotonic moment at which the database's clock has reached a moment for sure."""
        return moment - self._low

    def perhaps_reached(self, moment: float) -> float:
        """Give the monotonic moment before which it has not."""
        return moment - self._high
