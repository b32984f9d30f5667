"""A wire to a PostgreSQL server that a test can cut, at the moments that matter: a proxy on loopback."""

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from urllib.parse import urlsplit

from campaign.ledger_place import DatabasePlace
from tests.smtp_server.server import HOST

_MANY = 1 << 16


class Wire:
    """Connections to one server. `cut_at`: "request", a COMMIT that comes next is not handed on and its connection
    breaks; "reply", it is handed on, and the connection breaks once the server has said that it is done.
    """

    def __init__(self, place: DatabasePlace) -> None:
        self._server = urlsplit(place.url)
        self._listener = socket.create_server((HOST, 0))
        self.cut_at = ""
        self.cuts = 0
        self.is_down = False
        """Whoever connects finds nobody."""
        self._sockets: list[socket.socket] = []
        port = self._listener.getsockname()[1]
        self.place = replace(place, url=self._server._replace(netloc=f"postgres@{HOST}:{port}").geturl())
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def down(self) -> None:
        """Cut all connections, and let none through."""
        self.is_down = True
        for one in list(self._sockets):
            _shut(one)

    def up(self) -> None:
        """Let connections through again."""
        self.is_down = False

    def close(self) -> None:
        """End it."""
        _shut(self._listener)
        self._listener.close()
        self.down()
        for thread in self._threads:
            thread.join()
        for one in self._sockets:
            one.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            if self.is_down:
                client.close()  # whoever was connected before is cut off already
                continue
            server = socket.create_connection((HOST, self._server.port or 5432))
            self._sockets += client, server
            ends: list[str] = []
            for source, target, says in ((client, server, self._request), (server, client, self._reply)):
                thread = threading.Thread(target=self._carry, args=(source, target, says, ends), daemon=True)
                self._threads.append(thread)
                thread.start()

    def _carry(
        self, source: socket.socket, target: socket.socket, says: Callable[[bytes, list[str]], bool], ends: list[str]
    ) -> None:
        with contextlib.suppress(OSError):
            while (octets := source.recv(_MANY)) and not says(octets, ends):
                target.sendall(octets)
        for one in (source, target):
            _shut(one)

    def _request(self, octets: bytes, ends: list[str]) -> bool:
        """Whether the connection breaks before this is handed on."""
        if self.cut_at and b"COMMIT" in octets:
            ends.append(self.cut_at)
            self.cut_at = ""
            self.cuts += 1
        return ends == ["request"]

    def _reply(self, octets: bytes, ends: list[str]) -> bool:
        return ends == ["reply"] and b"COMMIT" in octets


def _shut(one: socket.socket) -> None:
    with contextlib.suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)


@contextlib.contextmanager
def wire(place: DatabasePlace) -> Iterator[Wire]:
    """Give a wire to the server of this place."""
    made = Wire(place)
    try:
        yield made
    finally:
        made.close()
