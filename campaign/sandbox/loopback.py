"""A server of aiosmtpd's on loopback, in a thread of its own, from `with` to its end.

In: what answers (aiosmtpd's hooks), and where to listen. Out: `.host` and `.port` to send to. Raises OSError where it
can't listen.
"""

import asyncio
import socket
import threading
from contextlib import suppress
from typing import Any

from aiosmtpd.smtp import SMTP


class Loopback:
    """Listens from `start` to `stop`. Port 0 takes a free one."""

    def __init__(self, handler: object, *, host: str = "127.0.0.1", port: int = 0, **smtp: Any) -> None:
        """`handler` has aiosmtpd's hooks, which are called in the server's thread; `smtp` goes to its `SMTP`."""
        self.host = host
        self.port = port
        """Where it listens, once it does."""
        self._handler = handler
        self._smtp = smtp
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._open: set[_Connection] = set()
        self._arriving: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        """Listen. Raises OSError."""
        if not 0 <= self.port <= 65_535:  # create_server() would leak its socket
            raise OSError(f"there is no port {self.port}")
        listening = socket.create_server((self.host, self.port), backlog=128)
        self.port = listening.getsockname()[1]
        ready = threading.Event()
        self._thread = threading.Thread(
            target=asyncio.run, args=(self._serve(listening, ready),), name="sandbox", daemon=True
        )
        self._thread.start()
        ready.wait()

    def stop(self) -> None:
        """End it: what is still coming in is dropped."""
        if self._thread is not None and self._loop is not None and self._stop is not None:
            self._loop.call_soon_threadsafe(self._stop.set)
            self._thread.join()

    async def _serve(self, listening: socket.socket, ready: threading.Event) -> None:
        self._loop = asyncio.get_running_loop()
        self._loop.set_exception_handler(_report)
        self._stop = asyncio.Event()
        # Neither Controller, which can't take a free port, nor create_server(), which in Python 3.11 leaks a connection
        # that is just being accepted when it is closed.
        listening.setblocking(False)
        self._loop.add_reader(listening, self._accept, listening)
        ready.set()
        await self._stop.wait()
        self._loop.remove_reader(listening)
        listening.close()
        await asyncio.gather(*self._arriving, return_exceptions=True)
        while self._open:
            for connection in list(self._open):
                connection.abort()
            await asyncio.sleep(0)

    def _accept(self, listening: socket.socket) -> None:
        with suppress(BlockingIOError):
            connected, _ = listening.accept()
            connected.setblocking(False)
            connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # asyncio does only in create_server()
            arriving = asyncio.get_running_loop().create_task(self._connect(connected))
            self._arriving.add(arriving)
            arriving.add_done_callback(self._arriving.discard)

    async def _connect(self, connected: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        await loop.connect_accepted_socket(
            lambda: _Connection(self._handler, self._open, loop=loop, **self._smtp), connected
        )


class _Connection(SMTP):
    """One connection, which can be ended from outside."""

    def __init__(self, handler: object, connections: set["_Connection"], **smtp: Any) -> None:
        super().__init__(handler, enable_SMTPUTF8=True, hostname="sandbox.localhost", ident="campaign", **smtp)
        self._connections = connections

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._connections.add(self)

    def connection_lost(self, error: Exception | None) -> None:
        super().connection_lost(error)
        self._connections.discard(self)

    def abort(self) -> None:
        if isinstance(self.transport, asyncio.Transport):
            self.transport.abort()


def _report(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Says what went wrong in the loop, unless it is only that a client went away."""
    if not isinstance(context.get("exception"), ConnectionError):
        loop.default_exception_handler(context)
