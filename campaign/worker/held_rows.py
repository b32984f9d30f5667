"""Rows of queues that are held back, which a worker has all the same: taken before, or put off. They come first once
their queue is held no more.

Moments are monotonic seconds. Raises nothing.
"""

from collections import deque
from collections.abc import Callable

from campaign.model import DueRow
from campaign.worker.held_queues import HeldQueues

_AT_ONCE = 4
"""Rows of one queue that are let go at a time: it may be held again after the first."""
_LOOK_AGAIN = 1.0
"""Seconds after which to look again whatever was said: clocks are set, and limits are lifted early."""


class HeldRows:
    """One worker's."""

    def __init__(self, holds: HeldQueues) -> None:
        self._holds = holds
        self._rows: dict[str, deque[DueRow]] = {}
        self._look_at = 0.0

    def __bool__(self) -> bool:
        return bool(self._rows)

    @property
    def queues(self) -> frozenset[str]:
        """The queues of the rows."""
        return frozenset(self._rows)

    @property
    def tried(self) -> int:
        """How many of them were tried before."""
        return sum(due.tries > 0 for rows in self._rows.values() for due in rows)

    def put(self, *rows: DueRow) -> None:
        """Keep rows whose queues are held. Those that were here before stand first again."""
        first = []
        for due in rows:
            of_queue = self._rows.setdefault(due.queue, deque())
            if of_queue and due.contact.number < of_queue[0].contact.number:
                first.append(due)
            else:
                of_queue.append(due)
            self._look_at = min(self._look_at, self._holds.until(due.queue, self._holds.now))
        for due in reversed(first):
            self._rows[due.queue].appendleft(due)

    def release(self, now: float) -> list[DueRow]:
        """Take out rows of queues that are held no more, the first of each."""
        if not self._rows or now < self._look_at:
            return []
        released: list[DueRow] = []
        for queue in [queue for queue in self._rows if self._holds.until(queue, now) <= now]:
            rows = self._rows[queue]
            released += [rows.popleft() for _ in range(min(_AT_ONCE, len(rows)))]
            if not rows:
                del self._rows[queue]
        self._look_at = min(soonest(self._rows, self._holds, now), now + _LOOK_AGAIN)
        return released

    def next_moment(self) -> float:
        """Give the moment from which on `release` may give any; infinity where that is none. A hold that ends earlier
        than it said is seen when it is looked at again.
        """
        until = soonest(self._rows, self._holds, self._holds.now)
        return max(until, self._look_at) if self._rows else until

    def look_again(self) -> None:
        """Hear that a queue may be held no more."""
        self._look_at = 0.0

    def withdraw(self, contact: int) -> DueRow | None:
        """Take out a contact's row, if it is here."""
        for queue, rows in self._rows.items():
            for due in rows:
                if due.id == contact:
                    rows.remove(due)
                    if not rows:
                        del self._rows[queue]
                    return due
        return None

    def take_tried(self, of: Callable[[str], bool]) -> list[DueRow]:
        """Take out those that were tried before, of queues that `of` is true for."""
        taken: list[DueRow] = []
        for queue in [queue for queue in self._rows if of(queue)]:
            rows = self._rows.pop(queue)
            taken += [due for due in rows if due.tries]
            if untried := deque(due for due in rows if not due.tries):
                self._rows[queue] = untried
        return taken


def soonest(queues: "dict[str, deque[DueRow]] | frozenset[str]", holds: HeldQueues, now: float) -> float:
    """Give the first moment at which one of these queues may be held no more; infinity where that is none."""
    return min((holds.until(queue, now) for queue in queues), default=float("inf"))
