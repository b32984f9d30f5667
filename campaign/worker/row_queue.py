"""A worker's rows: the fresh ones from the ledger, and those put off until a later moment (`waiting_rows`).

Rows of a queue that is held back (`held_queues`) stay in the ledger, or wait here (`held_rows`) if they were taken
before; nobody else waits behind them.

Fresh rows come in blocks (`block_size`). Moments are monotonic seconds. Raises LedgerError.
"""

from collections import deque
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Protocol

from campaign.ledger.interface import DueRows
from campaign.model import DueRow
from campaign.worker.block_size import LARGEST_BLOCK, BlockSize
from campaign.worker.held_queues import HeldQueues
from campaign.worker.held_rows import HeldRows, soonest
from campaign.worker.waiting_rows import WaitingRows

_PASSING_WAIT = 0.001
"""Seconds after which to look again, where many rows are being passed: replies come first."""
_HELD_WAIT = 1.0
"""Seconds after which to see again whether the ledger's rows are still held."""
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

    def give_back(self, due: DueRow) -> None:
        """Put a row first again."""


class RowQueue:
    """One worker's rows, in the order in which they are due."""

    def __init__(self, due_rows: DueRows, holds: HeldQueues | None = None) -> None:
        self._due_rows = due_rows
        self._holds = HeldQueues() if holds is None else holds
        self._may_hold = bool(self._holds)
        self._fresh: deque[DueRow] = deque()
        self._waiting = WaitingRows()
        self._beyond = WaitingRows()
        """Rows that were put off until a moment for which, as far as is known, this run is not to wait."""
        self._held = HeldRows(self._holds)
        self._freed: deque[DueRow] = deque()
        """The first of them whose queue is held no more."""
        self._left: frozenset[str] = frozenset()
        """The queues of all that the ledger still has, where each of them is held."""
        self._exhausted = False
        self._look_again = 0.0
        self._ask_again = 0.0
        """When to see whether others have taken what the ledger had left."""
        self._block = BlockSize()

    @property
    def done(self) -> bool:
        """Whether no row is left, now or later, that this run is to wait for."""
        if self._fresh or self._freed or self._waiting or not (self._exhausted or self._left):
            return False
        return soonest(self.held_queues, self._holds, self._holds.now) == float("inf") if self._may_hold else True

    @property
    def held_queues(self) -> frozenset[str]:
        """The queues that are known to hold rows back."""
        return self._left | self._held.queues

    @property
    def waiting(self) -> int:
        """How many rows have been put off."""
        return len(self._waiting) + len(self._beyond) + (self._held.tried if self._held else 0)

    def held_until(self, now: float) -> float | None:
        """When the first of the rows that are held back may go; None where none is, or nobody knows."""
        if not self._may_hold or not self.held_queues:
            return None
        until = soonest(self.held_queues, self._holds, now)
        return None if until == float("inf") else until

    @property
    def next_try(self) -> float | None:
        """When the first of those that were put off is due."""
        return self._waiting.next_moment

    def ready(self, now: float) -> int:
        """About how many rows could be begun now."""
        if self._may_hold:
            self._sort_out(now)
        moment = self._waiting.next_moment
        due = 1 if moment is not None and moment <= now else 0
        return due + (len(self._fresh) + len(self._freed) or (LARGEST_BLOCK if self._may_take(now) else 0))

    def next_moment(self) -> float | None:
        """When the next row is due, where none is ready."""
        moments = [self._waiting.next_moment]
        if self._may_hold:
            of_left = soonest(self._left - self._held.queues, self._holds, self._holds.now)
            known = self._held.next_moment(), max(of_left, self._look_again) if self._left else of_left
            moments += [None if until == float("inf") else until for until in known]
        if not self._exhausted and not self._left:
            moments.append(self._look_again)
        return min((moment for moment in moments if moment is not None), default=None)

    def next(self, now: float) -> DueRow | None:
        """Give the row whose turn it is, if there is one."""
        if self._may_hold:
            self._sort_out(now)
        due = self._waiting.take(now)
        if due is not None:
            return due
        if self._freed:
            return self._freed.popleft()
        if not self._fresh:
            self.fetch(now)
        return self._fresh.popleft() if self._fresh else None

    def coming(self, most: int) -> Iterator[DueRow]:
        """Give up to `most` of the rows that are next, as far as they are here; they stay."""
        return islice(self._fresh, most)

    def fetch(self, now: float, least: int = 1) -> None:
        """Have the next rows here, `least` if there are so many, though none of them may begin yet: so it is known when
        there are no more.
        """
        stale = bool(self._left) and now >= self._ask_again
        here = len(self._fresh) + len(self._freed)
        if here < least and (stale or self._may_take(now)):
            self._take(now, least - here if here else 0)

    def holds(self, due: DueRow, now: float) -> bool:
        """Whether a row that was taken is held back now, by its queue."""
        return bool(self._holds) and self._holds.until(due.queue, now) > now

    def give_back(self, due: DueRow) -> None:
        """Put a row first again."""
        self._fresh.appendleft(due)

    def put_off(self, due: DueRow, until: float) -> None:
        """Put a row off until a moment."""
        if self._may_hold and self._holds.until(due.queue, until) == float("inf"):
            self._beyond.put(due, until)
        else:
            self._waiting.put(due, until)

    def withdraw(self, contact: int) -> DueRow | None:
        """Take out a row that was put off, or given back, if it waits here."""
        due = self._waiting.withdraw(contact) or self._beyond.withdraw(contact) or self._held.withdraw(contact)
        for rows in (self._fresh, self._freed):
            if due is None and (due := next((one for one in rows if one.id == contact), None)) is not None:
                rows.remove(due)
        return due

    def take_waiting(self, of: Callable[[str], bool] = lambda _: True) -> list[DueRow]:
        """Take out all rows that were put off, of queues that `of` is true for."""
        return self._waiting.take_all(of) + self._beyond.take_all(of) + self._held.take_tried(of)

    def look_again(self) -> None:
        """Hear that a queue may be held no more."""
        self._held.look_again()
        if self._left:
            self._look_again = 0.0

    def _may_take(self, now: float) -> bool:
        """Whether the ledger may have rows to give."""
        return not self._exhausted and not self._left and now >= self._look_again

    def _sort_out(self, now: float) -> None:
        """Put aside the rows in front whose queue is held, and have those here whose queue is held no more."""
        holds = self._holds
        holds.now = now
        if not self._freed and (freed := self._held.release(now)):
            self._freed.extend(freed)
            self._look_again = min(self._look_again, now)  # those may have been all that were here of their queue
        while (due := self._beyond.take(now)) is not None:
            self._waiting.put(due, now)
        while (first := self._waiting.first(now)) is not None and first.queue in holds:
            self._waiting.take(now)
            self._held.put(first)
        for rows in (self._freed, self._fresh):
            held = []
            while rows and rows[0].queue in holds:
                held.append(rows.popleft())
            self._held.put(*held)
        if self._left and now >= self._look_again:
            until = soonest(self._left - self._held.queues, holds, now)
            if until <= now:
                self._left = frozenset()
            else:
                self._look_again = min(until, now + _HELD_WAIT)

    def _take(self, now: float, missing: int) -> None:
        """Take a block, or so many as are `missing`: beside a block that is not used up, and says nothing of how fast
        this worker is.
        """
        self._left = frozenset()
        wanted = missing or self._block.next(now, self._due_rows.left)
        rows = self._due_rows.take(wanted, held=_Held(self._holds, self._held) if self._may_hold else ())
        if rows is None:
            self._exhausted = True
        elif rows:
            self._fresh.extend(rows)
            if not missing:
                self._block.taken(now)
        elif self._due_rows.held_queues:
            self._left = self._due_rows.held_queues
            self._look_again, self._ask_again = now, now + _HELD_WAIT
            self._sort_out(now)
        else:
            self._look_again = now + (_PASSING_WAIT if self._due_rows.passing else _READING_WAIT)


class _Held:
    """The queues of which no rows are wanted: those that are held, and those of which some are here already, so that
    there are never more of them than were taken at once.
    """

    def __init__(self, holds: HeldQueues, rows: HeldRows) -> None:
        self._holds = holds
        self._here = rows.queues

    def __contains__(self, queue: object) -> bool:
        return queue in self._here or queue in self._holds
