"""A TCP relay on loopback that makes a long way of a short one: every byte arrives later, none arrives slower.

    python relay.py --to 127.0.0.1:2525 --delay-ms 20

Listens on a free port, which is the first line of its standard output. What either side writes reaches the other one
`delay` later, in order; a new connection reaches the server after three delays, as SYN, SYN-ACK and ACK would, so that
the greeting is there after two round trips. On SIGTERM it prints one JSON line (see `Carried`).

Limits: there is no congestion window, no loss and no limit on what is under way; acknowledgements do not travel, so a
sender that lets Nagle's algorithm hold a packet back waits less here than on a real way of that length. The kernel
accepts connections at once, so connect() itself returns early; the delay comes before the greeting. It is a program of
its own (standard library only), because a delay that waits for somebody else's turn would be charged to the sender.
"""

import argparse
import contextlib
import json
import os
import select
import signal
import socket
import sys
import time
from collections import deque
from dataclasses import asdict, dataclass

_CHUNK = 256 * 1024


@dataclass(slots=True, kw_only=True)
class Carried:
    """What went through: connections, bytes both ways, and the moments (CLOCK_MONOTONIC, seconds) of the first
    connection and the last byte."""

    connections: int = 0
    octets: int = 0
    first: float = 0.0
    last: float = 0.0


class _End:
    """One end of a relayed connection."""

    __slots__ = ("ended", "other", "socket", "unsent", "watched")

    def __init__(self, sock: socket.socket) -> None:
        self.socket = sock
        self.other: _End | None = None
        self.unsent = bytearray()
        self.ended = False
        """It will send nothing more."""
        self.watched = 0
        """The events that epoll reports of it."""


class Relay:
    """Carries bytes between all who connect and one server, `delay` seconds late."""

    def __init__(self, server: tuple[str, int], delay: float) -> None:
        self.carried = Carried()
        self._server = server
        self._delay = delay
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
        self._listener.setblocking(False)
        self.port: int = self._listener.getsockname()[1]
        self._epoll = select.epoll()
        self._epoll.register(self._listener, select.EPOLLIN)
        self._ends: dict[int, _End] = {}
        # Each queue has one delay, so what is due first is always in front.
        self._opening: deque[tuple[float, socket.socket]] = deque()
        self._travelling: deque[tuple[float, _End, bytes]] = deque()

    def run(self) -> None:
        """Relay until a signal ends it."""
        while True:
            # epoll itself waits in whole milliseconds, rounded up, which is 5% of the delay; select() is exact.
            if select.select([self._epoll], [], [], self._until_due())[0]:
                for number, event in self._epoll.poll(0):
                    self._handle(number, event)
            self._deliver()

    def _until_due(self) -> float | None:
        due = [queue[0][0] for queue in (self._opening, self._travelling) if queue]
        return max(0.0, min(due) - time.monotonic()) if due else None

    def _handle(self, number: int, event: int) -> None:
        if number == self._listener.fileno():
            self._accept()
            return
        end = self._ends.get(number)
        if end is None:
            return
        if event & select.EPOLLOUT:
            self._write(end, b"")
            self._watch(end)
        if event & ~select.EPOLLOUT and not end.ended:
            self._read(end)

    def _accept(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while True:
                client, _ = self._listener.accept()
                now = time.monotonic()
                self.carried.first = self.carried.first or now
                self.carried.connections += 1
                self._opening.append((now + 3 * self._delay, client))

    def _deliver(self) -> None:
        now = time.monotonic()
        while self._opening and self._opening[0][0] <= now:
            self._open(self._opening.popleft()[1])
        while self._travelling and self._travelling[0][0] <= now:
            _, end, data = self._travelling.popleft()
            if data:
                self._write(end, data)
                self.carried.last = now
            else:
                self._finish(end)

    def _open(self, client: socket.socket) -> None:
        near, far = _End(client), _End(socket.create_connection(self._server))
        near.other, far.other = far, near
        for end in (near, far):
            end.socket.setblocking(False)
            end.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._ends[end.socket.fileno()] = end
            self._watch(end)

    def _read(self, end: _End) -> None:
        assert end.other is not None
        try:
            data = end.socket.recv(_CHUNK)
            # An acknowledgement that the kernel holds back would be one more delay, which no real way adds.
            end.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            end.ended = True
            self._watch(end)
        self._travelling.append((time.monotonic() + self._delay, end.other, data))

    def _write(self, end: _End, data: bytes) -> None:
        if end.socket.fileno() < 0:
            return
        end.unsent += data
        try:
            sent = end.socket.send(end.unsent)
        except BlockingIOError:
            sent = 0
        except OSError:
            sent = len(end.unsent)  # nobody is there to read it
        self.carried.octets += sent
        del end.unsent[:sent]
        if end.unsent:
            self._watch(end)

    def _finish(self, end: _End) -> None:
        """Pass on that the other end will send nothing more; close both when neither will."""
        assert end.other is not None
        if end.unsent:
            self._travelling.append((time.monotonic() + self._delay, end, b""))
            return
        if end.socket.fileno() < 0:
            return
        with contextlib.suppress(OSError):
            end.socket.shutdown(socket.SHUT_WR)
        if end.ended and end.other.ended:
            for one in (end, end.other):
                del self._ends[one.socket.fileno()]
                one.socket.close()

    def _watch(self, end: _End) -> None:
        """Ask epoll for what matters now, and for nothing once nothing does: it reports a hang-up unasked, for ever."""
        wanted = (0 if end.ended else select.EPOLLIN) | (select.EPOLLOUT if end.unsent else 0)
        if wanted == end.watched:
            return
        if not wanted:
            self._epoll.unregister(end.socket)
        elif not end.watched:
            self._epoll.register(end.socket, wanted)
        else:
            self._epoll.modify(end.socket, wanted)
        end.watched = wanted


def main() -> None:
    """Relay until SIGTERM or SIGINT, then say what went through."""
    options = argparse.ArgumentParser()
    options.add_argument("--to", required=True, metavar="HOST:PORT")
    options.add_argument("--delay-ms", type=float, default=20.0, help="one way")
    given = options.parse_args()
    host, _, port = given.to.rpartition(":")
    with contextlib.suppress(PermissionError):
        os.nice(-10)  # being late here would be charged to the sender
    relay = Relay((host, int(port)), given.delay_ms / 1000)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit(0))
    print(relay.port, flush=True)
    try:
        relay.run()
    finally:
        print(json.dumps(asdict(relay.carried)), flush=True)


if __name__ == "__main__":
    main()
