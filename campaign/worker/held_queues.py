"""Which queues of rows are held back just now, and until when, by all that holds them: hours, limits.

Moments are monotonic seconds. Raises nothing.
"""

from typing import Protocol


class Hold(Protocol):
    """One reason to hold rows back."""

    def until(self, queue: str, now: float) -> float:
        """Give the moment until which rows of a queue are held, as far as is known at `now`, which may lie ahead: `now`
        or before, where they are not; infinity, where it is not for this run to wait for it.
        """


class HeldQueues:
    """A worker's: a container of the queues that are held at `now`. Without a hold it is false, and costs nothing."""

    def __init__(self, *holds: Hold) -> None:
        self._holds = holds
        self.now = 0.0
        """To be set before it is asked what it contains."""

    def __bool__(self) -> bool:
        return bool(self._holds)

    def __contains__(self, queue: object) -> bool:
        return isinstance(queue, str) and self.until(queue, self.now) > self.now

    def until(self, queue: str, now: float) -> float:
        """Give the moment until which rows of a queue are held: as `Hold.until`."""
        return max((hold.until(queue, now) for hold in self._holds), default=now)
