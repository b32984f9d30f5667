"""How many connections a worker keeps: as many as it has rows for, and no more than its share and the server takes.

All workers of a run share what the operator allows (`Budget`). Where a share has been lowered, connections that have
nothing to do are closed, others after their message. Where the server has said that they are too many, there are fewer;
every half minute one more is tried. Moments are monotonic seconds.
"""

from campaign.ledger.interface import Budget
from campaign.smtp.pool import Pool
from campaign.worker.dispatcher import Dispatcher
from campaign.worker.row_queue import Rows
from campaign.worker.send_rate import SendRate

_WIDEN_EVERY = 30.0
"""Seconds after which one more connection is tried, where the server had wanted fewer."""
_CLOSE_IDLE_AFTER = 10.0
"""Seconds of nothing to do after which connections are let go."""


class ConnectionLimit:
    """One worker's. `most`: connections that all workers may have together, of which `budget` gives its share."""

    def __init__(
        self, most: int, *, budget: Budget, pool: Pool, rows: Rows, send_rate: SendRate, dispatcher: Dispatcher
    ) -> None:
        self._most = self._taken = most
        """What may be asked of the server, and what it takes as far as is known."""
        self._budget = budget
        self._pool = pool
        self._rows = rows
        self._send_rate = send_rate
        self._dispatcher = dispatcher
        self._widen_at = float("inf")

    def widen(self, now: float) -> None:
        """Try one more connection if it is time, and keep to the share."""
        if now >= self._widen_at:
            self._taken = min(self._most, self._taken + 1)
            self._widen_at = now + _WIDEN_EVERY if self._taken < self._most else float("inf")
        pool = self._pool
        pool.limit = min(self._taken, self._budget.share)
        if pool.connections > pool.limit:
            pool.close_excess()

    def narrow(self, now: float) -> None:
        """Make do with fewer if the server has said so, and say how many there are."""
        pool, sessions = self._pool, self._dispatcher.sessions
        if sessions.server_limit is not None:
            self._taken = max(1, min(pool.limit, sessions.server_limit or pool.connections))
            pool.limit = min(self._taken, pool.limit)
            sessions.server_limit = None
            self._widen_at = now + _WIDEN_EVERY
        self._budget.use(pool.in_use)

    def has_rows(self, now: float) -> bool:
        """Whether there are rows that could begin now."""
        return self._rows.ready(now) > 0

    def follow_the_rows(self, now: float) -> None:
        """Open connections for rows that could begin now, and feed those that wait; let go of them where no row will be
        ready for a while.
        """
        pool = self._pool
        ready, busy = self._rows.ready(now), pool.busy
        if ready and not busy:  # before others wait for a connection: it may turn out that there are no rows
            self._dispatcher.fetch_rows()
            ready = self._rows.ready(now)
        if 0 < ready < pool.limit - busy and pool.in_use < pool.limit and not self._send_rate.wait(now) > 0:
            self._dispatcher.fetch_rows(pool.limit - busy)  # a first block is small: that is no reason to open few
            ready = self._rows.ready(now)
        if ready:
            wanted = busy + ready
            self._budget.want(min(wanted, self._taken))
            if pool.in_use < min(wanted, pool.limit):
                pool.open(wanted)
            if self._send_rate.wait(now) > 0:
                self._dispatcher.fetch_rows()
            elif pool.idle:
                pool.fill_idle()
            return
        self._budget.want(busy)
        self._dispatcher.fetch_rows()
        if pool.idle:
            moment = self._rows.next_moment()
            if moment is not None and moment - now > _CLOSE_IDLE_AFTER:
                pool.close_idle()
