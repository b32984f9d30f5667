"""How long claims and outcomes wait for others to be committed with, where a round costs more than its fsync.

A claim is asked for while the message before it is under way, and is needed only when that one's reply comes. How long
that is, is learned: a little longer as long as no connection had to wait for a claim, and shorter when one had to.
Raises nothing.
"""

from collections.abc import Callable

_SHORTER, _LONGER, _STEP = 0.85, 1.25, 0.001
"""How it is learned: factors, and seconds to begin with. Balanced where six commits in ten come a little late
for one connection: at 40 ms, no message a second fewer for it.
"""


class CommitDelay:
    """One worker's. `clock`: monotonic seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._delay = 0.0
        self._since: float | None = None
        """Since when something waits for others, where anything does."""

    def left(self) -> float:
        """Seconds for which what is queued may wait still. It waits from the first time that this is asked."""
        now = self._clock()
        if self._since is None:
            self._since = now
        return max(0.0, self._since + self._delay - now)

    def committing(self, longest: float, *, somebody_waits: bool) -> None:
        """Hear that a commit begins, and learn from it. `longest`: seconds that the delay may have, 0 where nothing is
        to wait; `somebody_waits`: a connection, for a claim.
        """
        self._since = None
        if longest and somebody_waits:
            self._delay *= _SHORTER
        elif longest:
            self._delay = min(longest, _LONGER * self._delay + _STEP)
