"""How fast messages may begin: the operator's rate, and what the server can take of it.

A token bucket that holds at most a tenth of a second's worth. When the server says "slow down" the rate halves, from
the configured one or, where there is none, from what was really sent; each quiet second gives a tenth back. Times are
monotonic seconds, handed in.
"""

_FLOOR = 0.1
"""Messages a second below which throttling does not push."""
_CLIMB = 1.1
_QUIET = 2.0
"""Seconds between two halvings: many connections hear the same "slow down"."""


class Pace:
    """The rate of one process."""

    def __init__(self, rate: float | None, *, now: float) -> None:
        self._most = rate
        self._rate = rate
        self._tokens = 1.0
        self._filled = now
        self._slowed = now - _QUIET
        self._climbed = now
        self._count = 0
        self._since = now

    @property
    def rate(self) -> float | None:
        """Messages a second allowed now; None: as many as can be."""
        return self._rate

    def take(self, now: float) -> bool:
        """Take leave to begin one message."""
        if self._rate is not None:
            self._fill(now)
            if self._tokens < 1.0:
                return False
            self._tokens -= 1.0
        self._count += 1
        return True

    def wait(self, now: float) -> float:
        """Seconds until a message may begin."""
        if self._rate is None:
            return 0.0
        self._fill(now)
        return max(0.0, (1.0 - self._tokens) / self._rate)

    def slow_down(self, now: float) -> bool:
        """Halve the rate; False if that was done a moment ago."""
        if now - self._slowed < _QUIET:
            return False
        measured = self._count / max(now - self._since, 1.0)
        self._filled = now
        self._rate = max(_FLOOR, (self._rate if self._rate is not None else max(measured, 1.0)) / 2)
        self._tokens = min(self._tokens, 0.0)
        self._slowed = self._climbed = now
        self._count, self._since = 0, now
        return True

    def _fill(self, now: float) -> None:
        assert self._rate is not None
        if now - self._climbed >= 1.0 and self._rate != self._most and now - self._slowed >= _QUIET:
            self._rate *= _CLIMB ** int(now - self._climbed)
            if self._most is not None:
                self._rate = min(self._rate, self._most)
            self._climbed = now
        self._tokens = min(max(1.0, self._rate / 10), self._tokens + (now - self._filled) * self._rate)
        self._filled = now
