"""Connect to the address of a name that answers first: `dial` → a connected socket.

Attempts overlap (RFC 8305): the next address is tried a quarter of a second after the one before, or at once when that
has failed; families take turns; the first to connect is used and the others are let go. What a process found dead it
tries last for ten minutes, so that a dead address of a name costs its first connection little and the others nothing.

Raises OSError: what befell the only address, or `UnreachableError`, which has each address and what befell it. Limits:
the look-up of the name is the system's, and so is its patience; the history is one process's own.
"""

import errno
import os
import selectors
import socket
import time
from collections.abc import Callable, Sequence

from campaign.smtp.session.address_history import HISTORY, Address, AddressHistory

_UNDER_WAY = frozenset({errno.EINPROGRESS, errno.EWOULDBLOCK, errno.EINTR})


class UnreachableError(OSError):
    """None of several addresses takes a connection."""

    def __init__(self, failures: Sequence[tuple[str, OSError]]) -> None:
        super().__init__("no address takes a connection")
        self.failures = tuple(failures)
        """Each address, and what befell it; TimeoutError: it did not answer."""


def dial(
    host: str,
    port: int,
    *,
    timeout: float,
    clock: Callable[[], float] = time.monotonic,
    history: AddressHistory = HISTORY,
) -> socket.socket:
    """Connect to an address of `host`, in `timeout` seconds, the look-up of its name not counted."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = history.in_order(Address(family, kind, protocol, at) for family, kind, protocol, _, at in found)
    race = _Race(addresses, clock() + timeout, timeout, clock, history)
    try:
        return race.run()
    finally:
        race.close()


class _Race:
    """Attempts that overlap, one for each address."""

    def __init__(
        self,
        addresses: list[Address],
        deadline: float,
        timeout: float,
        clock: Callable[[], float],
        history: AddressHistory,
    ) -> None:
        self._to_try = addresses[::-1]
        self._deadline = deadline
        self._longest_delay = timeout / 2 / max(len(addresses), 1)  # however little time there is, each has its turn
        self._clock = clock
        self._history = history
        self._selector = selectors.DefaultSelector()
        self._started: dict[socket.socket, tuple[Address, float]] = {}  # in this order
        self._failures: dict[Address, OSError] = {}

    def run(self) -> socket.socket:
        """Give the winner, connected."""
        next_start, failed = self._clock(), 0
        while self._to_try or self._started:
            now = self._clock()
            if now >= self._deadline:
                break
            if self._to_try and (now >= next_start or not self._started):
                address = self._to_try.pop()
                next_start = now + min(self._history.delay(address.at), self._longest_delay)
                winner = self._start(address, now)
            else:
                until = min(next_start, self._deadline) if self._to_try else self._deadline
                winner = self._wait(until - now)
            if winner is not None:
                return self._won(winner)
            if len(self._failures) > failed:  # nothing to wait for any more
                failed, next_start = len(self._failures), now
        for address, _ in self._started.values():
            self._failures[address] = TimeoutError(errno.ETIMEDOUT, os.strerror(errno.ETIMEDOUT))
        raise self._failure()

    def close(self) -> None:
        """Let go of the attempts that have not won."""
        self._selector.close()
        for sock in self._started:
            sock.close()

    def _start(self, address: Address, now: float) -> socket.socket | None:
        """Begin an attempt; give its socket if it is connected already."""
        try:
            sock = socket.socket(address.family, address.kind, address.protocol)
        except OSError as error:  # a family that this machine does not have
            self._failures[address] = error
            return None
        self._started[sock] = (address, now)
        sock.setblocking(False)
        try:
            code = sock.connect_ex(address.at)
        except OSError as error:
            code = error.errno or errno.EINVAL
        if code in _UNDER_WAY:
            self._selector.register(sock, selectors.EVENT_WRITE)
        elif code:
            self._lost(sock, code)
        return None if code else sock

    def _wait(self, seconds: float) -> socket.socket | None:
        """Give the one that has connected by then, of several the first that was started."""
        ready = {key.fileobj for key, _ in self._selector.select(max(seconds, 0))}
        for sock in list(self._started):
            if sock in ready:
                code = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
                if not code:
                    return sock
                self._selector.unregister(sock)
                self._lost(sock, code)
        return None

    def _lost(self, sock: socket.socket, code: int) -> None:
        address, _ = self._started.pop(sock)
        sock.close()
        self._failures[address] = OSError(code, os.strerror(code))

    def _won(self, winner: socket.socket) -> socket.socket:
        address, started = self._started.pop(winner)
        now = self._clock()
        for failed in (*self._failures, *(other for other, since in self._started.values() if since <= started)):
            self._history.record_failure(failed.at)
        self._history.record_success(address.at, now - started)
        winner.settimeout(max(self._deadline - now, 0.001))
        return winner

    def _failure(self) -> OSError:
        """What to raise where nobody has won."""
        for address in self._to_try:
            self._failures[address] = TimeoutError(errno.ETIMEDOUT, os.strerror(errno.ETIMEDOUT))
        if len(self._failures) == 1:
            return next(iter(self._failures.values()))
        if not self._failures:
            return OSError("the host has no address")
        return UnreachableError([(str(address), error) for address, error in self._failures.items()])
