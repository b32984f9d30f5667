"""The sandbox's server: aiosmtpd on loopback, in a thread of its own, from `with` to its end.

In: where to keep messages, where to listen. Out: `.host` and `.port` to send to.
Raises SettingsError when the folder or the port can't be used; at the end, the first failure that `on_message` or the
disk made (clients were told 451 meanwhile).
"""

import asyncio
import socket
import threading
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from aiosmtpd.smtp import SMTP

from campaign.errors import SettingsError
from campaign.sandbox.behaviours import Tries
from campaign.sandbox.handler import Handler, OnMessage
from campaign.sandbox.mailbox import Mailbox

STATE_FILE = ".sandbox-state.json"


class Sandbox:
    """Listens from `with` to its end.

    `folder` takes the `.eml` files (None: none are written); `state` remembers across runs which tries were put off
    (default: `.sandbox-state.json` in the folder; without either, nothing is remembered); with `fresh`, what it
    remembers does not count. Port 0 takes a free one.
    `on_message` is called with recipient and message in the sandbox's thread; the client hears 250 after it returned.
    """

    def __init__(
        self,
        folder: Path | None,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        on_message: OnMessage | None = None,
        state: Path | None = None,
        fresh: bool = False,
    ) -> None:
        self.host = host
        self.port = port
        """Where it listens, once it does."""
        self._folder = folder
        self._state = state if state is not None or folder is None else folder / STATE_FILE
        self._fresh = fresh
        self._on_message = on_message
        self._handler: Handler | None = None
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._open: set[_Connection] = set()
        self._arriving: set[asyncio.Task[None]] = set()

    @property
    def accepted(self) -> int:
        """How many messages it has accepted, counted by recipient."""
        return 0 if self._handler is None else self._handler.accepted

    def __enter__(self) -> Self:
        """Starts it."""
        try:
            mailbox = None if self._folder is None else Mailbox(self._folder)
            self._handler = Handler(mailbox, Tries(self._state, fresh=self._fresh), self._on_message)
        except OSError as error:
            raise _unwritable(error, self._folder) from error
        listening = _listen(self.host, self.port)
        self.port = listening.getsockname()[1]
        ready = threading.Event()
        self._thread = threading.Thread(
            target=asyncio.run, args=(self._serve(listening, ready),), name="sandbox", daemon=True
        )
        self._thread.start()
        ready.wait()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stops it: what is still coming in is dropped, what was accepted is kept."""
        if self._thread is None or self._loop is None or self._stop is None or self._handler is None:
            return
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()
        failure = self._handler.failure
        if error is None and failure is not None:
            raise _unwritable(failure, self._folder) if isinstance(failure, OSError) else failure

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
        try:
            connected, _ = listening.accept()
        except BlockingIOError:
            return
        connected.setblocking(False)
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # asyncio sets it only in create_server()
        arriving = asyncio.get_running_loop().create_task(self._connect(connected))
        self._arriving.add(arriving)
        arriving.add_done_callback(self._arriving.discard)

    async def _connect(self, connected: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        await loop.connect_accepted_socket(lambda: _Connection(self._handler, self._open, loop), connected)


class _Connection(SMTP):
    """One connection, which can be ended from outside."""

    def __init__(
        self, handler: Handler | None, connections: set["_Connection"], loop: asyncio.AbstractEventLoop
    ) -> None:
        super().__init__(handler, enable_SMTPUTF8=True, hostname="sandbox.localhost", ident="campaign", loop=loop)
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


def _unwritable(error: OSError, folder: Path | None) -> SettingsError:
    return SettingsError(
        f"the sandbox can't keep its messages: {error.strerror or error}",
        where=str(error.filename or folder or "the disk"),
        fix="make room or get write access there, or name another folder",
    )


def _listen(host: str, port: int) -> socket.socket:
    try:
        if not 0 <= port <= 65_535:  # create_server() would leak its socket
            raise OSError(f"there is no port {port}")
        return socket.create_server((host, port), backlog=128)
    except OSError as error:
        raise SettingsError(
            f"the sandbox can't listen: {error.strerror or error}",
            where=f"{host}, port {port}",
            fix="give another port, or 0 for a free one; or stop the program that has this one",
        ) from error
