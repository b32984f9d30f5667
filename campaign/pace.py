"""How fast messages may begin: the operator's rate, and what the server can take of it.

A token bucket that holds at most a tenth of a second's worth. When the server says "slow down" the rate halves, from
the configured one or, where there is none, from what was really sent; after that, each second in which messages began
and none met "slow down" gives a tenth back. Times are monotonic seconds, handed in.
"""

_FLOOR = 0.1
"""Messages a second below which throttling does not push."""
_CLIMB = 1.1
_QUIET = 2.0
"""Seconds between two halvings: many connections hear the same "slow down"."""
_ENDLESS = 100_000.0
"""Messages a second from which on a rate that nobody configured is none any more."""


class Pace:
    """The rate of one process. `second` is the length of the seconds in which it slows down and climbs."""

    def __init__(self, rate: float | None, *, now: float, second: float = 1.0) -> None:
        self._most = rate
        self._rate = rate
        self._second = second
        self._floor = _FLOOR / second if rate is None else min(_FLOOR / second, rate)
        self._tokens = 1.0
        self._filled = now
        self._slowed = now - _QUIET * second
        self._climbed = now
        self._count = 0
        self._since = now
        self._begun = 0

    @property
    def rate(self) -> float | None:
        """Messages a second allowed now; None: as many as can be."""
        return self._rate

    @property
    def at_floor(self) -> bool:
        """Whether throttling has pushed the rate about as low as it goes."""
        return self._rate is not None and self._rate != self._most and self._rate < 2 * self._floor

    def take(self, now: float) -> bool:
        """Take leave to begin one message."""
        if self._rate is not None:
            self._fill(now)
            if self._tokens < 1.0:
                return False
            self._tokens -= 1.0
            self._begun += 1
        self._count += 1
        return True

    def wait(self, now: float) -> float:
        """Seconds until a message may begin."""
        if self._rate is None:
            return 0.0
        self._fill(now)
        return 0.0 if self._rate is None else max(0.0, (1.0 - self._tokens) / self._rate)

    def slow_down(self, now: float) -> bool:
        """Halve the rate; False if that was done a moment ago, or it can't fall further."""
        if now - self._slowed < _QUIET * self._second:
            return False
        if self._rate is None:
            self._rate = max(self._count / max(now - self._since, self._second), 1.0)
        before, self._rate = self._rate, max(self._floor, self._rate / 2)
        self._tokens = min(self._tokens, 0.0)
        self._filled = self._slowed = self._climbed = now
        self._count, self._since, self._begun = 0, now, 0
        return self._rate < before

    def _fill(self, now: float) -> None:
        assert self._rate is not None
        self._tokens = min(max(1.0, self._rate / 10), self._tokens + (now - self._filled) * self._rate)
        self._filled = now
        if self._rate == self._most or now - self._slowed < _QUIET * self._second:
            return
        steps = min(int((now - self._climbed) / self._second), self._begun)
        if steps:
            self._climbed, self._begun = now, 0
            self._rate *= _CLIMB ** min(steps, 100)
            if self._most is not None:
                self._rate = min(self._rate, self._most)
            elif self._rate > _ENDLESS / self._second:
                self._rate = None
