"""Rows that were put off until a later moment. One holds no connection and no message, only its place in a heap.

Moments are monotonic seconds.
"""

import heapq
import itertools
from collections.abc import Callable

from campaign.model import DueRow


class WaitingRows:
    """One worker's."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, DueRow]] = []
        self._order = itertools.count()  # of two rows with one moment, the one that was put off first

    def __len__(self) -> int:
        return len(self._heap)

    @property
    def next_moment(self) -> float | None:
        """When the first of them is due; None where none waits."""
        return self._heap[0][0] if self._heap else None

    def first(self, now: float) -> DueRow | None:
        """Show the first whose moment has come."""
        return self._heap[0][2] if self._heap and self._heap[0][0] <= now else None

    def put(self, due: DueRow, until: float) -> None:
        """Let a row wait."""
        heapq.heappush(self._heap, (until, next(self._order), due))

    def take(self, now: float) -> DueRow | None:
        """Give the first whose moment has come."""
        if self._heap and self._heap[0][0] <= now:
            return heapq.heappop(self._heap)[2]
        return None

    def withdraw(self, contact: int) -> DueRow | None:
        """Take out a contact's row, if it waits here."""
        for place in self._heap:
            if place[2].id == contact:
                self._heap.remove(place)
                heapq.heapify(self._heap)
                return place[2]
        return None

    def take_all(self, of: Callable[[str], bool]) -> list[DueRow]:
        """Take out all of them that are in queues for which `of` is true."""
        rows = [due for _, _, due in self._heap if of(due.queue)]
        self._heap = [place for place in self._heap if not of(place[2].queue)]
        heapq.heapify(self._heap)
        return rows
