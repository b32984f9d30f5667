"""How long a worker, or a run's owner, is taken for alive without a word of it.

On record a lease is a moment of the database's clock. Whoever holds it counts it by a monotonic clock of its own, from
the moment before it asked: so it has run out here before it has on record, however long an answer took. `Touch` says
whether somebody has been in touch with the database for long enough to call others lost: where the database, or the
way to it, was away, all leases run out at once, and nobody is dead for that.

Raises nothing. Limits: the two clocks are taken to run at the same speed, within `_MARGIN` of a lease; and a
virtual machine that is halted as a whole may know nothing of it.
"""

import sys
import threading
import time
from collections.abc import Callable

LEASE = 10.0
"""Seconds."""
NOT_FOR_LONGER = f"SET idle_in_transaction_session_timeout = '{LEASE:.0f}s'"
"""For the connections of a worker: one that is stopped, or cut off, amid a transaction would keep its row locked, so
that nobody could call it lost, and no run would end before it goes on.
"""
HEARTBEAT = 1.0
"""Seconds between two renewals."""
RENEWED = "lease_until = greatest(lease_until, clock_timestamp() + make_interval(secs => %(lease)s))"
"""A worker's, in SQL: by whatever answer comes last, it is never shortened."""
_MARGIN = 0.02
"""The part of a lease by which it ends earlier here: clocks of machines drift apart by less."""


def elapsed() -> float:
    """Give seconds by a clock that nobody sets, and that does not stand still while the machine sleeps, as Linux's
    monotonic one does: others have not slept.
    """
    return time.clock_gettime(time.CLOCK_BOOTTIME) if sys.platform == "linux" else time.monotonic()


class Lease:
    """One worker's own count. May be asked by one thread while others renew it."""

    def __init__(self, seconds: float = LEASE, *, clock: Callable[[], float] = elapsed) -> None:
        self.seconds = seconds
        self._here = seconds * (1 - _MARGIN)
        self._clock = clock
        self._until = float("-inf")
        self._broken = False
        self._renewing = threading.Lock()

    @property
    def holds(self) -> bool:
        """Whether it has held without a break since `begin`."""
        return not self._broken and self._clock() < self._until

    def asked(self) -> float:
        """Give the moment to hand to `renewed` once what is sent now has been answered."""
        return self._clock()

    def renewed(self, asked: float) -> None:
        """Hear that the ledger has renewed it, after it was `asked`. One that had run out meanwhile is broken."""
        with self._renewing:
            if self._clock() >= self._until:
                self._broken = True
            self._until = max(self._until, asked + self._here)

    def lost(self) -> None:
        """Hear that the ledger has given it to nobody: others have been told that this worker is gone."""
        self._broken = True

    def begin(self) -> None:
        """Hear that nothing that began under a lease which is broken goes on: what holds from now on is a new one."""
        self._broken = False


class Touch:
    """For how long somebody has been in touch with the database, without a break."""

    def __init__(self, seconds: float = LEASE, *, clock: Callable[[], float] = elapsed) -> None:
        self._seconds = seconds
        self._clock = clock
        self._since: float | None = None
        self._last = float("-inf")

    @property
    def long_enough(self) -> bool:
        """Whether it has been for a whole lease: whoever is alive has had the time to renew its own."""
        return self._since is not None and self._last - self._since >= self._seconds

    def answered(self) -> None:
        """Hear that the database has answered. A long silence before it is a break, whoever was silent."""
        now = self._clock()
        if self._since is None or now - self._last > self._seconds / 2:
            self._since = now
        self._last = now

    def broken(self) -> None:
        """Hear that a connection has broken, or could not be had."""
        self._since = None
