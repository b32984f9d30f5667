"""When something is tried again: a row that was put off, a row that met "slow down", a session that was not to be had.

Takes counts, gives seconds; the curves are tenacity's. No clock, no sleep.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import tenacity

_LONGEST = 30
"""Of the waits for the server, in units of the first."""
_HITS = 4
"""How often in a row a row may meet "slow down" where that looks like its own fault."""
_NEARLY_ALL = 4
"""Out of five."""


class RetrySchedule:
    """When a row that was put off is tried again: exponential backoff with jitter, until tries or window run out."""

    def __init__(self, *, tries: int, first_wait: float, longest_wait: float) -> None:
        self._retrying = tenacity.Retrying(
            stop=tenacity.stop_after_attempt(tries),
            wait=tenacity.wait_exponential_jitter(multiplier=first_wait, max=longest_wait, jitter=first_wait / 4),
        )

    def wait_after(self, tries: int, seconds_left: float | None) -> float | None:
        """Give the seconds to wait after the given number of tries spent; None when it was the last, or when the
        window (`seconds_left`, None: it never closes) ends before the next.
        """
        state = tenacity.RetryCallState(self._retrying, None, (), {})
        state.attempt_number = tries
        stop, wait = self._retrying.stop, self._retrying.wait
        if callable(stop) and stop(state):
            return None
        seconds = wait(state) if callable(wait) else 0.0
        return None if seconds_left is not None and seconds >= seconds_left else seconds


def reconnect_waits(first: float) -> Iterator[float]:
    """Seconds to wait before each next attempt to get a session: `first`, doubled up to thirty times that, with jitter;
    endless.
    """
    backoff = tenacity.wait_exponential_jitter(multiplier=first, max=first * _LONGEST, jitter=first)
    state = tenacity.RetryCallState(tenacity.Retrying(), None, (), {})
    while True:
        yield backoff(state)
        state.attempt_number = min(state.attempt_number + 1, _LONGEST)  # far beyond the longest wait


class Throttled:
    """The rows that met "slow down". It costs them no try; but one that meets it again and again, while nearly all
    others get through or nobody else is left, is no matter of rate, and would otherwise go round for ever.

    (A rate that is searched for from below, a tenth at a time, and halved, meets the limit once in eight messages: for
    the same row four times in a row that is no accident.)
    """

    def __init__(self, first_wait: float) -> None:
        self._first_wait = first_wait
        self._got_through = 0
        self._met = 0
        self._rows: dict[int, _Met] = {}

    def got_through(self) -> None:
        """Hear that the server has taken a message."""
        self._got_through += 1

    def forget(self, row: int) -> None:
        """Hear that the row has met something else."""
        if self._rows:
            self._rows.pop(row, None)

    def blames(self, row: int) -> bool:
        """Whether nearly all others have got through since the row last met "slow down"."""
        met = self._rows.get(row)
        if met is None:
            return False
        return self._got_through - met.got_through > _NEARLY_ALL * (self._met - met.others)

    def wait(self, row: int, *, alone: bool) -> float | None:
        """Note that the row has met "slow down", perhaps `alone`: no other is left. Give the seconds until it may go
        again; None where the row itself is to blame.
        """
        known = self._rows.get(row, _NEVER)
        to_blame = known.to_blame + 1 if alone or self.blames(row) else 0
        self._met += 1
        if to_blame >= _HITS:
            del self._rows[row]
            return None
        self._rows[row] = _Met(
            times=known.times + 1, to_blame=to_blame, got_through=self._got_through, others=self._met
        )
        return float(self._first_wait * min(2 ** min(known.times, 10), _LONGEST))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Met:
    """How often a row has met "slow down", how often in a row by its own fault, and the counts of others then."""

    times: int
    to_blame: int
    got_through: int
    others: int


_NEVER = _Met(times=0, to_blame=0, got_through=0, others=0)
