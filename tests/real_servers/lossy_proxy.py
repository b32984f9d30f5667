"""A TCP proxy in front of a mail server that lets replies to bodies be lost: it hangs up in place of handing them on.

    with LossyProxy(server_port, lose=lambda: chance.random() < 0.1) as proxy:
        ... send to proxy.port ...

So the server has taken a message, and whoever sent it cannot know. `lose` is asked once for each final 2xx reply.
"""

import contextlib
import socket
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self

_SIZE = 1 << 16


class LossyProxy:
    """Listens until the block ends."""

    def __init__(self, server_port: int, lose: Callable[[], bool]) -> None:
        self._server = ("127.0.0.1", server_port)
        self._lose = lose
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.lost = 0
        """Replies so far that were not handed on."""
        self._open: set[socket.socket] = set()
        self._pairs: list[threading.Thread] = []
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._accept, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listener.close()
        with self._lock:
            _hang_up(*self._open)
        for one in self._pairs:
            one.join()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(self._server)
            except OSError:  # it is being started again
                client.close()
                continue
            pair = threading.Thread(target=self._serve, args=(client, server), daemon=True)
            self._pairs.append(pair)
            pair.start()

    def _serve(self, client: socket.socket, server: socket.socket) -> None:
        with client, server:
            with self._lock:
                self._open |= {client, server}
            commands = threading.Thread(target=_hand_on, args=(client, server), daemon=True)
            commands.start()
            self._replies(client, server)
            commands.join()
            with self._lock:
                self._open -= {client, server}

    def _replies(self, client: socket.socket, server: socket.socket) -> None:
        """Line by line: the reply after a 354 is that of a body (RFC 5321 section 4.3.2)."""
        of_a_body = False
        with contextlib.suppress(OSError), server.makefile("rb") as lines:
            for line in lines:
                is_final = of_a_body and line[3:4] != b"-"
                if is_final and line.startswith(b"2") and self._is_lost():
                    break
                of_a_body = line.startswith(b"354") or (of_a_body and not is_final)
                client.sendall(line)
        _hang_up(client, server)

    def _is_lost(self) -> bool:
        with self._lock:
            lost = self._lose()
            self.lost += lost
            return lost


def _hand_on(client: socket.socket, server: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := client.recv(_SIZE):
            server.sendall(data)
    _hang_up(client, server)


def _hang_up(*ends: socket.socket) -> None:
    for one in ends:
        with contextlib.suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)
