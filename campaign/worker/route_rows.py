"""The rows that one server of several may take: those that no other can take first, then everybody's."""

from collections import deque
from typing import Protocol

from campaign.model import DueRow
from campaign.worker.row_queue import RowQueue


class Rank(Protocol):
    """A server's place among the others."""

    def is_outranked(self, now: float) -> bool:
        """Whether others come before it."""

    def is_ahead(self, now: float) -> bool:
        """Whether it has had more than its share."""


class RouteRows:
    """One server's view of a worker's rows."""

    def __init__(self, rows: RowQueue, rank: Rank) -> None:
        self.own: deque[DueRow] = deque()
        """Rows that another server can't take, by their size or their address."""
        self._rows = rows
        self._rank = rank

    def ready(self, now: float) -> int:
        """About how many rows could be begun now."""
        self._put_aside(now)
        return len(self.own) + (0 if self._rank.is_outranked(now) else self._rows.ready(now))

    def next_moment(self) -> float | None:
        """When the next row is due, where none is ready."""
        return self._rows.next_moment()

    def next(self, now: float) -> DueRow | None:
        """Give the row whose turn it is, if there is one."""
        self._put_aside(now)
        if self.own:
            return self.own.popleft()
        return None if self._rank.is_outranked(now) or self._rank.is_ahead(now) else self._rows.next(now)

    def put_off(self, due: DueRow, until: float) -> None:
        """Put a row off until a moment."""
        self._rows.put_off(due, until)

    def give_back(self, due: DueRow) -> None:
        """Put a row first again."""
        self._rows.give_back(due)

    def let_go(self, now: float) -> None:
        """Have those of its own stand among everybody's that were put off."""
        while self.own:
            self._rows.put_off(self.own.popleft(), now)

    def _put_aside(self, now: float) -> None:
        """Have those in front whose queue is held just now wait with everybody's."""
        while self.own and self._rows.holds(self.own[0], now):
            self._rows.put_off(self.own.popleft(), now)
