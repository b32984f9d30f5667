"""How many connections a worker keeps: as many as it has rows for, and no more than the server takes.

Where the server has said that they are too many, there are fewer; every half minute one more is tried. Moments are
monotonic seconds.
"""

from campaign.smtp.pool import Pool
from campaign.worker.dispatcher import Dispatcher
from campaign.worker.row_queue import Rows
from campaign.worker.send_rate import SendRate

_WIDEN_EVERY = 30.0
"""Seconds after which one more connection is tried, where the server had wanted fewer."""
_CLOSE_IDLE_AFTER = 10.0
"""Seconds of nothing to do after which connections are let go."""


class ConnectionLimit:
    """One worker's. `most`: connections that it may have."""

    def __init__(self, most: int, *, pool: Pool, rows: Rows, send_rate: SendRate, dispatcher: Dispatcher) -> None:
        self._most = most
        self._pool = pool
        self._rows = rows
        self._send_rate = send_rate
        self._dispatcher = dispatcher
        self._widen_at = float("inf")

    def widen(self, now: float) -> None:
        """Try one more connection if it is time."""
        if now >= self._widen_at:
            pool = self._pool
            pool.limit = min(self._most, pool.limit + 1)
            self._widen_at = now + _WIDEN_EVERY if pool.limit < self._most else float("inf")

    def narrow(self, now: float) -> None:
        """Make do with fewer if the server has said so."""
        pool, sessions = self._pool, self._dispatcher.sessions
        if sessions.server_limit is not None:
            pool.limit = max(1, min(pool.limit, sessions.server_limit or pool.connections))
            sessions.server_limit = None
            self._widen_at = now + _WIDEN_EVERY

    def follow_the_rows(self, now: float) -> None:
        """Open connections for rows that could begin now, and feed those that wait; let go of them where no row will be
        ready for a while.
        """
        pool = self._pool
        ready = self._rows.ready(now)
        if ready and not pool.connections:  # before one is opened: it may turn out that all rows are held
            self._dispatcher.fetch_rows()
            ready = self._rows.ready(now)
        if ready:
            pool.open(pool.busy + ready)
            if self._send_rate.wait(now) > 0:
                self._dispatcher.fetch_rows()
            elif pool.idle:
                pool.fill_idle()
            return
        self._dispatcher.fetch_rows()
        if pool.idle:
            moment = self._rows.next_moment()
            if moment is not None and moment - now > _CLOSE_IDLE_AFTER:
                pool.close_idle()
