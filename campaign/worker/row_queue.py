"""A worker's rows: the fresh ones from the ledger, and those put off until a later moment (`waiting_rows`).

Fresh rows come in blocks, each about what the worker begins in a fraction of a second. So whoever is slow, by its
server or its rate, holds few rows that others could send, and all workers end at about the same time.

Moments are monotonic seconds. Raises LedgerError.
"""

from collections import deque
from typing import Protocol

from campaign.ledger.interface import DueRows
from campaign.model import DueRow
from campaign.worker.waiting_rows import WaitingRows

_LARGEST_BLOCK = 128
"""Rows taken from the ledger at a time, at most: that many are a hundredth of a second for a fast worker."""
_FIRST_BLOCK = 4
_QUICK, _SLOW = 0.1, 0.4
"""Seconds in which a block is used up: under the first, the next is twice as large; over the second, half as large."""

_READING_WAIT = 0.02
"""Seconds after which to look again, where the contacts file is still being read."""


class Rows(Protocol):
    """What is to be sent next, as whoever sends it sees it."""

    def ready(self, now: float) -> int:
        """About how many rows could be begun now."""

    def next_moment(self) -> float | None:
        """When the next row is due, where none is ready."""

    def next(self, now: float) -> DueRow | None:
        """Give the row whose turn it is, if there is one."""

    def put_off(self, due: DueRow, until: float) -> None:
        """Put a row off until a moment."""


class RowQueue:
    """One worker's rows, in the order in which they are due."""

    def __init__(self, due_rows: DueRows) -> None:
        self._due_rows = due_rows
        self._fresh: deque[DueRow] = deque()
        self._waiting = WaitingRows()
        self._exhausted = False
        self._look_again = 0.0
        self._block = _FIRST_BLOCK
        self._taken_at = float("nan")  # of the first block nobody knows how long it lasted

    @property
    def done(self) -> bool:
        """Whether no row is left, now or later."""
        return self._exhausted and not self._fresh and not self._waiting

    @property
    def waiting(self) -> int:
        """How many rows have been put off."""
        return len(self._waiting)

    def ready(self, now: float) -> int:
        """About how many rows could be begun now."""
        moment = self._waiting.next_moment
        due = 1 if moment is not None and moment <= now else 0
        return due + (len(self._fresh) or (0 if self._exhausted or now < self._look_again else _LARGEST_BLOCK))

    def next_moment(self) -> float | None:
        """When the next row is due, where none is ready."""
        moment = self._waiting.next_moment
        if self._exhausted:
            return moment
        return self._look_again if moment is None else min(moment, self._look_again)

    def next(self, now: float) -> DueRow | None:
        """Give the row whose turn it is, if there is one."""
        due = self._waiting.take(now) if self._waiting else None
        if due is not None:
            return due
        self.fetch(now)
        return self._fresh.popleft() if self._fresh else None

    def fetch(self, now: float) -> None:
        """Have the next rows here, though none of them may begin yet: so it is known when there are no more."""
        if not self._fresh and not self._exhausted and now >= self._look_again:
            self._take(now)

    def give_back(self, due: DueRow) -> None:
        """Put a row first again."""
        self._fresh.appendleft(due)

    def put_off(self, due: DueRow, until: float) -> None:
        """Put a row off until a moment."""
        self._waiting.put(due, until)

    def withdraw(self, contact: int) -> DueRow | None:
        """Take out a row that was put off, or given back, if it waits here."""
        due = self._waiting.withdraw(contact)
        if due is None:
            due = next((fresh for fresh in self._fresh if fresh.id == contact), None)
            if due is not None:
                self._fresh.remove(due)
        return due

    def take_waiting(self) -> list[DueRow]:
        """Take out all rows that were put off."""
        return self._waiting.take_all()

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
