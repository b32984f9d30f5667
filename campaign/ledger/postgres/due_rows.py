"""The rows of a run as one worker of many has them: read ahead by a thread, in blocks that are its own (`blocks`), so
that `take` never waits for the database.

    thread: blocks ─▶ ready ─▶ take ─▶ outstanding ─▶ ended (`Journal`) ─▶ thread: the block is finished

What is outstanding is known by contact until it comes to its end: no row is handed out twice while it is, and the block
of the last of them is given up then. So what a worker has can be found by its blocks, and comes to others when it is
gone.

`take` raises LedgerError where the thread has met something that does not pass.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Container, Iterable

from campaign.errors import LedgerError
from campaign.ledger.postgres import blocks
from campaign.ledger.postgres.blocks import Left, Taken
from campaign.ledger.postgres.outstanding_rows import OutstandingRows
from campaign.ledger.postgres.reconnecting import IN_ORDER, Raw, ReconnectingConnection, Trouble
from campaign.ledger.postgres.row_reading import RowReading
from campaign.ledger_place import DatabasePlace
from campaign.model import DueRow

_FEWEST, _MOST = 8, 256
"""Rows that are read ahead at a time."""
_FIND_OUT_EVERY = 0.2
"""Seconds between two looks where there was nothing to take."""
_LOOK_EVERY = 1.0
"""Seconds after which the thread looks around though nobody has asked."""


class PostgresDueRows:
    """One worker's. `wake` is called when rows have come, or it is known that none will."""

    left: int | None = None

    def __init__(
        self, place: DatabasePlace, *, worker: int, run: int, wake: Callable[[], None], trouble: Trouble
    ) -> None:
        self.held_queues: frozenset[str] | None = None
        self.passing = False
        self._wake = wake
        self._reading = reading = RowReading(place, run)
        self._has_queues = reading.has_queues
        self._member = blocks.Member(worker, run, reading.chosen_only, reading.queue_of)
        self._connection = ReconnectingConnection(place, settings=IN_ORDER, trouble=trouble, broke=self._broke)
        self._lost_track = False
        """An answer may have been lost that gave rows."""
        self._lock = threading.Lock()
        self._ready: deque[DueRow] = deque()
        self._outstanding = OutstandingRows()
        self._passed: list[DueRow] = []
        """What was read ahead, and belongs to a queue that is held: to be set aside."""
        self._known: set[str] = set()
        """The queues that rows have been seen of."""
        self._wanted = _FEWEST
        self._held: frozenset[str] = frozenset()
        self._left: Left | None = None
        """What is left, where there was nothing to take, with these queues held."""
        self._look_for_free = float("-inf")
        """When to see whether blocks have come back, though the roster is not at its end."""
        self._asked = threading.Event()
        self._asked.set()
        self._ended = threading.Event()
        self._failure: LedgerError | None = None
        self._thread = threading.Thread(target=self._read_ahead, name="rows", daemon=True)
        self._thread.start()

    def take(self, most: int, *, held: Container[str] = ()) -> list[DueRow] | None:
        """Give up to `most` rows that are here, of queues that are not `held`: as `DueRows.take`."""
        if self._failure is not None:
            raise self._failure
        self.held_queues = None
        with self._lock:
            if not self._has_queues and "" in held:
                return self._all_held()
            holding = frozenset(queue for queue in self._known if queue in held)
            due = self._from_ready(most, held)
            self._wanted = max(_FEWEST, min(2 * most, _MOST))
            changed, self._held = holding != self._held, holding
            left = self._left
            if changed or self._passed:
                self._left = None
            if changed or self._passed or len(self._ready) < most:
                self._asked.set()
            if due or left is None or self._passed or (changed and not left.aside <= holding):
                return due
            if left.reading or left.others:
                return []
            if left.aside:
                self.held_queues = left.aside
                return []
            return None

    def ended(self, contacts: Iterable[int]) -> None:
        """Hear that these have come to their end, or are another worker's."""
        with self._lock:
            for contact in contacts:
                self._outstanding.end(contact)
            if self._left is not None and (self._outstanding.finished or self._outstanding.finished_aside):
                self._asked.set()  # others may wait for it

    def outstanding(self) -> list[int]:
        """Give the rows that are here, or under way."""
        with self._lock:
            return self._outstanding.rows

    def moved(self, numbers: dict[int, int]) -> None:
        """Hear in which blocks those stand now, by row: this worker was taken for gone, and the others are not its own
        any more.
        """
        with self._lock:
            self._outstanding.move(numbers)
            self._left = None

    def close(self) -> None:
        """Read no more. What is here is for others (`lost_workers.free_rows`)."""
        self._ended.set()
        self._asked.set()
        self._connection.hurry()
        self._thread.join()

    def _all_held(self) -> list[DueRow] | None:
        """In a run without queues, all is held, or nothing."""
        if not self._ready:
            self._asked.set()
            if self._left is not None and not self._left.reading and not self._left.others:
                return None
        elif self._left is None or not self._left.reading:
            self.held_queues = frozenset(("",))
        return []

    def _from_ready(self, most: int, held: Container[str]) -> list[DueRow]:
        due: list[DueRow] = []
        while self._ready and len(due) < most:
            one = self._ready.popleft()
            if self._has_queues and one.queue in held:
                self._passed.append(one)
            else:
                due.append(one)
        return due

    # The thread's.

    def _read_ahead(self) -> None:
        nothing = False
        try:
            while not self._ended.is_set():
                if nothing:
                    self._ended.wait(_FIND_OUT_EVERY)
                self._asked.wait(_LOOK_EVERY)
                if self._ended.is_set():
                    break
                self._asked.clear()
                self._connection.do(self._write_back)
                nothing = len(self._ready) < self._wanted and not self._connection.do(self._read)
            self._connection.do(self._write_back)
        except LedgerError as error:
            if not self._ended.is_set():
                self._failure = error
                self._wake()
        finally:
            self._connection.close()

    def _broke(self) -> None:
        self._lost_track = True

    def _write_back(self, raw: Raw) -> None:
        """Say what is finished, and set aside what is held."""
        with self._lock:
            finished, aside = list(self._outstanding.finished), list(self._outstanding.finished_aside)
            passed = list(self._passed)
        if passed:
            blocks.put_aside(raw, self._member, [(due.queue, due.contact.number) for due in passed])
            with self._lock:
                for due in passed:
                    self._outstanding.set_aside(due.id)
                del self._passed[: len(passed)]
        blocks.finish(raw, self._member, finished, aside)
        with self._lock:
            del self._outstanding.finished[: len(finished)], self._outstanding.finished_aside[: len(aside)]

    def _read(self, raw: Raw) -> bool:
        """Have more rows here. Gives whether there were any, or may be at once."""
        with self._lock:
            held, wanted = self._held, self._wanted
            known, aside = self._outstanding.blocks, self._outstanding.aside
        if self._lost_track:
            blocks.forget(raw, self._member, known, aside)
            self._lost_track = False
        if self._has_queues and (taken := blocks.take_aside(raw, self._member, wanted, held)).rows:
            return self._took(taken)
        if time.monotonic() >= self._look_for_free and (free := self._free(raw, held)):
            return self._took(free)
        taken = blocks.take_next(raw, self._member, wanted, held)
        if taken.rows or taken.passed:
            return self._took(taken)
        if free := self._free(raw, held):
            return self._took(free)
        left = blocks.what_is_left(raw, self._member)
        if left is None or not left.aside <= held:
            self._asked.set()
            self._known |= left.aside if left is not None else set()
            return left is None
        with self._lock:
            if held == self._held:
                self._left = left
        self._wake()
        return False

    def _free(self, raw: Raw, held: frozenset[str]) -> Taken | None:
        free = blocks.take_free(raw, self._member, held)
        if free is None:
            self._look_for_free = time.monotonic() + _LOOK_EVERY
        return free

    def _took(self, taken: Taken) -> bool:
        with self._lock:
            due = [self._reading.due_row(one) for one in taken.rows if one[1] not in self._outstanding]
            self._left = None
            for one in due:
                self._outstanding.take(one, taken.block)
                self._known.add(one.queue)
            if taken.block and taken.rows and not due:
                self._outstanding.finished.append(taken.block)
            self._ready.extend(due)
            if len(self._ready) < self._wanted:
                self._asked.set()
        self._wake()
        return True
