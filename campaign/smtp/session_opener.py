"""Sessions opened in threads, since setting one up blocks: asked for here, fetched by the loop when they have arrived.

While the server refuses, and before it has taken a first session, sessions are opened one at a time: a wrong password
is tried once, and a server in trouble is not asked by many at once.
"""

import queue
import threading
from collections.abc import Callable

from campaign.smtp.session.error import SessionError
from campaign.smtp.session.session import Session

_AT_ONCE = 16


class SessionOpener:
    """Calls `connect` in threads, and `wake` when one has come back. Moments are monotonic seconds."""

    def __init__(self, connect: Callable[[], Session], *, wake: Callable[[], None]) -> None:
        self.under_way = 0
        """How many sessions have been asked for and not been fetched."""
        self.not_before = 0.0
        """When the next may be asked for."""
        self.asked_too_early = False
        """Whether somebody has asked before that moment."""
        self._connect = connect
        self._wake = wake
        self._one_at_a_time = True
        self._closed = False
        self._lock = threading.Lock()
        self._arrivals: queue.SimpleQueue[Session | BaseException] = queue.SimpleQueue()

    def request(self, most: int, now: float) -> None:
        """Ask for sessions until `most` are under way; for fewer, or none, while caution says so."""
        self.asked_too_early = now < self.not_before and most > self.under_way
        if now < self.not_before:
            return
        for _ in range(min(most, 1 if self._one_at_a_time else _AT_ONCE) - self.under_way):
            self.under_way += 1
            threading.Thread(target=self._open_one, name="smtp-connect", daemon=True).start()

    def fetch(self) -> Session | SessionError | None:
        """Give what has come of one request. Raises whatever `connect` raised beside SessionError."""
        if self._arrivals.empty():
            return None
        arrival = self._arrivals.get()
        self.under_way -= 1
        if not isinstance(arrival, Session | SessionError):
            raise arrival
        self._one_at_a_time = isinstance(arrival, SessionError)
        return arrival

    def close(self) -> None:
        """Hang up on whatever has arrived, or still will: the threads are not waited for."""
        with self._lock:
            self._closed = True
        while not self._arrivals.empty():
            _hang_up(self._arrivals.get())

    def _open_one(self) -> None:
        """In a daemon thread of its own: not one that an executor would wait for at exit."""
        arrival: Session | BaseException
        try:
            arrival = self._connect()
        except BaseException as error:  # to be judged, or raised, by the loop
            arrival = error
        with self._lock:
            if self._closed:
                _hang_up(arrival)
                return
            self._arrivals.put(arrival)
        self._wake()


def _hang_up(arrival: Session | BaseException) -> None:
    if isinstance(arrival, Session):
        arrival.hang_up()
