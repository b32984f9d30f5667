"""A worker's rows: the fresh ones from the ledger, and those put off until a later moment.

Fresh rows come in blocks, each about what the worker begins in a fraction of a second. So whoever is slow, by its
server or its rate, holds few rows that others could send, and all workers end at about the same time.

A row that was put off holds no connection and no message, only its place in a heap. Moments are monotonic seconds.
Raises LedgerError.
"""

import heapq
import itertools
from collections import deque

from campaign.ledger.interface import DueRows
from campaign.model import DueRow

_LARGEST_BLOCK = 128
"""RowQueue taken from the ledger at a time, at most: that many are a hundredth of a second for a fast worker."""
_FIRST_BLOCK = 4
_QUICK, _SLOW = 0.1, 0.4
"""Seconds in which a block is used up: under the first, the next is twice as large; over the second, half as large."""

_READING_WAIT = 0.02
"""Seconds after which to look again, where the contacts file is still being read."""


class RowQueue:
    """Whose turn it is."""

    def __init__(self, due_rows: DueRows) -> None:
        self._due_rows = due_rows
        self._fresh: deque[DueRow] = deque()
        self._put_off: list[tuple[float, int, DueRow]] = []
        self._order = itertools.count()
        self._exhausted = False
        self._look_again = 0.0
        self._block = _FIRST_BLOCK
        self._taken_at = float("nan")  # of the first block nobody knows how long it lasted

    @property
    def done(self) -> bool:
        """Whether no row is left, now or later."""
        return self._exhausted and not self._fresh and not self._put_off

    @property
    def waiting(self) -> int:
        """How many rows have been put off."""
        return len(self._put_off)

    def ready(self, now: float) -> int:
        """About how many rows could be begun now."""
        due = 1 if self._put_off and self._put_off[0][0] <= now else 0
        return due + (len(self._fresh) or (0 if self._exhausted or now < self._look_again else _LARGEST_BLOCK))

    def next_moment(self) -> float | None:
        """When the next row is due, where none is ready."""
        moments = [self._put_off[0][0]] if self._put_off else []
        if not self._exhausted:
            moments.append(self._look_again)
        return min(moments, default=None)

    def next(self, now: float) -> DueRow | None:
        """Give the row whose turn it is, if there is one."""
        if self._put_off and self._put_off[0][0] <= now:
            return heapq.heappop(self._put_off)[2]
        self.fetch(now)
        return self._fresh.popleft() if self._fresh else None

    def fetch(self, now: float) -> None:
        """Have the next rows here, though none of them may begin yet: so it is known when there are no more."""
        if not self._fresh and not self._exhausted and now >= self._look_again:
            self._take(now)

    def _take(self, now: float) -> None:
        lasted = now - self._taken_at
        if lasted < _QUICK:
            self._block = min(2 * self._block, _LARGEST_BLOCK)
        elif lasted > _SLOW:
            self._block = max(1, self._block // 2)
        rows = self._due_rows.take(self._block)
        if rows is None:
            self._exhausted = True
        elif rows:
            self._fresh.extend(rows)
            self._taken_at = now
        else:
            self._look_again = now + _READING_WAIT

    def give_back(self, due: DueRow) -> None:
        """Put a row first again."""
        self._fresh.appendleft(due)

    def put_off(self, due: DueRow, until: float) -> None:
        """Put a row off until a moment."""
        heapq.heappush(self._put_off, (until, next(self._order), due))

    def withdraw(self, contact: int) -> DueRow | None:
        """Take a row that was put off, or given back, if it waits here."""
        for place in self._put_off:
            if place[2].id == contact:
                self._put_off.remove(place)
                heapq.heapify(self._put_off)
                return place[2]
        for due in self._fresh:
            if due.id == contact:
                self._fresh.remove(due)
                return due
        return None

    def fail_waiting(self) -> list[DueRow]:
        """Take all rows that were put off."""
        rows = [due for _, _, due in self._put_off]
        self._put_off.clear()
        return rows
