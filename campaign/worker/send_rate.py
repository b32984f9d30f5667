"""How fast messages may begin: the operator's rate, and what the server can take of it.

A token bucket that holds at most a tenth of a second's worth. When the server says "slow down" and has taken messages
just before, what it has taken is what it takes: the rate falls to nine tenths of that. Where nothing gets through, it
falls to half, or a quarter. In each quiet second in which messages began it rises again: it doubles as long as it is
below what the server is known to take, feels its way above that, and after a long quiet stretch forgets what it knew.
(TCP's slow start and congestion avoidance, RFC 5681, with a limit that is measured.) Times are monotonic seconds,
handed in.

The operator's rate is one for all processes of a run (`RateLimit`), what the server can take is each one's own
experience.
"""

from campaign.ledger.interface import RateLimit

_FLOOR = 0.25
"""Messages a second below which throttling does not push: enough to notice soon that a server takes mail again."""
_QUIET = 2.0
"""Seconds between two slow-downs: many connections hear the same one."""
_STILL_NOTHING = 0.5
"""Seconds after which another complaint counts all the same, where nothing at all has been taken since."""
_BELOW = 0.9
"""Of what the server takes: where to go when it has complained, and until where to hurry."""
_HURRY, _STROLL, _FEEL = 2.0, 1.1, 1.02
"""By how much the rate rises in a quiet second: below the known limit, long after a complaint, soon after one."""
_SOON, _LONG = 10.0, 30.0
"""Quiet seconds until it strolls, and until the limit is forgotten."""
_ENDLESS = 100_000.0
"""Messages a second from which on a rate that nobody configured is none any more."""


class SendRate:
    """The rate of one process, which is never above `rate`. `second` is the length of the seconds in which it slows
    down and climbs; `shared` gives leave besides. Raises what that raises.
    """

    def __init__(self, rate: float | None, *, now: float, second: float = 1.0, shared: RateLimit | None = None) -> None:
        self._shared = shared
        self._most = rate
        self._rate = rate
        self._second = second
        self._floor = _FLOOR / second if rate is None else min(_FLOOR / second, rate)
        self._tokens = 1.0
        self._filled = now
        self._slowed = now - _QUIET * second
        self._climbed = now
        self._begun = 0
        self._limit: float | None = None
        """What the server was seen to take in a second, when it complained."""
        self._taken = 0
        self._tried = 0
        self._marks = (now, 0, 0, now, 0, 0)  # two moments, and how many had begun, and were taken, by then

    @property
    def rate(self) -> float | None:
        """Messages a second allowed now; None: as many as can be."""
        return self._rate

    @property
    def throttled(self) -> bool:
        """Whether the server has it go slower than the operator would."""
        return self._rate != self._most

    @property
    def at_floor(self) -> bool:
        """Whether throttling has pushed the rate about as low as it goes."""
        return self._rate is not None and self.throttled and self._rate < 2 * self._floor

    def take(self, now: float) -> bool:
        """Take leave to begin one message."""
        if now - self._marks[3] >= self._second:
            self._marks = (*self._marks[3:], now, self._tried, self._taken)
        if self._rate is not None:
            self._fill(now)
            if self._tokens < 1.0:
                return False
        if self._shared is not None and not self._shared.take(now):
            return False
        if self._rate is not None:
            self._tokens -= 1.0
            self._begun += 1
        self._tried += 1
        return True

    def give_back(self, now: float) -> None:
        """Give back leave that was not used."""
        if self._rate is not None:
            self._tokens += 1.0
        self._begun -= 1
        self._tried -= 1
        if self._shared is not None:
            self._shared.give_back(now)

    def wait(self, now: float) -> float:
        """Seconds until a message may begin."""
        shared = 0.0 if self._shared is None else self._shared.wait(now)
        if self._rate is None:
            return shared
        self._fill(now)
        return shared if self._rate is None else max(shared, (1.0 - self._tokens) / self._rate)

    def got_through(self) -> None:
        """Hear that the server has taken a message."""
        self._taken += 1

    def slow_down(self, now: float) -> bool:
        """Lower the rate; False if that was done a moment ago, or it can't fall further."""
        passed, nothing = (now - self._slowed) / self._second, self._taken == self._marks[5]
        if passed < _QUIET and not (nothing and passed >= _STILL_NOTHING):
            return False
        since, tried, before = self._marks[:3]
        taken = (self._taken - before) / max(now - since, self._second)
        if self._rate is None:
            self._rate = max(taken, 1.0)
        old = self._rate
        begun = (self._tried - tried) / max(now - since, self._second)
        if taken > min(old, begun) / 4:  # the rate may be far above what begins here: others have their part of it
            self._limit = taken
            self._rate = max(self._floor, min(_BELOW * taken, _BELOW * old))
        else:  # hardly anything gets through, whatever the rate: what was known may hold again once that is over
            self._rate = max(self._floor, old / (4 if nothing else 2))
        self._tokens = min(self._tokens, 0.0)
        self._filled = self._slowed = self._climbed = now
        self._begun = 0
        self._marks = (now, self._tried, self._taken, now, self._tried, self._taken)
        return self._rate < old

    def _fill(self, now: float) -> None:
        assert self._rate is not None
        self._tokens = min(max(1.0, self._rate / 10), self._tokens + (now - self._filled) * self._rate)
        self._filled = now
        if self._rate == self._most or now - self._slowed < _QUIET * self._second:
            return
        steps = min(int((now - self._climbed) / self._second), self._begun)
        if steps:
            self._climbed, self._begun = now, 0
            for _ in range(min(steps, 100)):
                self._rise((now - self._slowed) / self._second)
            if self._most is not None:
                self._rate = min(self._rate, self._most)
            elif self._rate > _ENDLESS / self._second:
                self._rate = None

    def _rise(self, quiet: float) -> None:
        assert self._rate is not None
        if quiet > _LONG:
            self._limit = None
        if self._limit is None:
            self._rate *= _HURRY
        elif self._rate < _BELOW * self._limit:
            self._rate = min(self._rate * _HURRY, _BELOW * self._limit)
        else:
            self._rate *= _FEEL if quiet < _SOON else _STROLL
