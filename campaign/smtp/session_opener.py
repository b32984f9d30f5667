"""Sessions opened in threads, since setting one up blocks: asked for here, fetched by the loop when they have arrived.

While the server refuses, and before it has taken a first session, sessions are opened one at a time: a wrong password
is tried once, and a server in trouble is not asked by many at once. Where there is no password to be wrong, and no
certificate, others may be set up beside the first one; if that fails, they are given up, and it is one failure.
"""

import queue
import threading
from collections.abc import Callable

from campaign.smtp.session.error import SessionError
from campaign.smtp.session.session import Session

_AT_ONCE = 16


class SessionOpener:
    """Calls `connect` in threads, and `wake` when one has come back. Moments are monotonic seconds."""

    def __init__(self, connect: Callable[[], Session], *, wake: Callable[[], None], beside: bool = False) -> None:
        """`beside`: whether others may be set up beside the first one."""
        self.under_way = 0
        """How many sessions have been asked for and not been fetched."""
        self.not_before = 0.0
        """When the next may be asked for."""
        self.asked_too_early = False
        """Whether somebody has asked before that moment."""
        self._connect = connect
        self._wake = wake
        self._one_at_a_time = True
        self._gate: _Gate | None = _Gate() if beside else None
        """Where others wait for what becomes of the first; None once that is known."""
        self._closed = False
        self._lock = threading.Lock()
        self._arrivals: queue.SimpleQueue[Session | BaseException] = queue.SimpleQueue()

    def request(self, most: int, now: float) -> None:
        """Ask for sessions until `most` are under way; for fewer, or none, while caution says so."""
        self.asked_too_early = now < self.not_before and most > self.under_way
        if now < self.not_before:
            return
        alone = self._one_at_a_time and self._gate is None
        for _ in range(min(most, 1 if alone else _AT_ONCE) - self.under_way):
            beside = self._gate if self.under_way else None
            self.under_way += 1
            threading.Thread(target=self._open_one, args=(beside,), name="smtp-connect", daemon=True).start()

    def fetch(self) -> Session | SessionError | None:
        """Give what has come of one request. Raises whatever `connect` raised beside SessionError."""
        if self._arrivals.empty():
            return None
        arrival = self._arrivals.get()
        self.under_way -= 1
        if self._gate is not None:
            self._gate.decide(isinstance(arrival, Session))
            self._gate = None
            if not isinstance(arrival, Session):
                self.under_way = 0
        if not isinstance(arrival, Session | SessionError):
            raise arrival
        self._one_at_a_time = isinstance(arrival, SessionError)
        return arrival

    def close(self) -> None:
        """Hang up on whatever has arrived, or still will: the threads are not waited for."""
        with self._lock:
            self._closed = True
        if self._gate is not None:
            self._gate.decide(False)
        while not self._arrivals.empty():
            _hang_up(self._arrivals.get())

    def _open_one(self, gate: "_Gate | None") -> None:
        """In a daemon thread of its own: not one that an executor would wait for at exit."""
        arrival: Session | BaseException
        try:
            arrival = self._connect()
        except BaseException as error:  # to be judged, or raised, by the loop
            arrival = error
        wanted = gate is None or gate.is_open()
        with self._lock:
            if self._closed or not wanted:
                _hang_up(arrival)
                return
            self._arrivals.put(arrival)
        self._wake()


class _Gate:
    """Where the sessions beside a first one wait until it is known what has become of that."""

    def __init__(self) -> None:
        self._decided = threading.Event()
        self._open = False

    def decide(self, is_open: bool) -> None:
        """Let them go on, or not."""
        self._open = is_open
        self._decided.set()

    def is_open(self) -> bool:
        """Wait until that is decided, and give it."""
        self._decided.wait()
        return self._open


def _hang_up(arrival: Session | BaseException) -> None:
    if isinstance(arrival, Session):
        arrival.hang_up()
