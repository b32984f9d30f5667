"""The tests' SMTP server: ours, on loopback, in a thread of its own, wrong in the ways it is told to be.

    with FaultServer(CATALOGUE["rcpt_5xx"](match=local_part("unknown")), pipelining=False) as server:
        ... deliver to server.host, server.port ...
    assert server.count_by_recipient() == {...} and not server.defects

It speaks RFC 5321 strictly and writes down every rule that the client breaks (`defects`). An exception inside the
server is raised when the `with` ends. It keeps everything in memory; `keep` and `keep_commands` make it keep less.
"""

import asyncio
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.in_flight import DEPTH
from tests.smtp_server.certificates import authority_pem
from tests.smtp_server.features import Features
from tests.smtp_server.misbehaviours import Misbehaviour
from tests.smtp_server.record import PATIENCE, Accepted, Connection, Defect, Keep, Record, count_by_recipient
from tests.smtp_server.session import Session
from tests.smtp_server.state import ServerState

HOST = "127.0.0.1"


class FaultServer:
    """`bound`: a socket that has its address and does not listen yet, in place of a free port. `features` are the
    fields of `Features`; the first misbehaviour that strikes in a phase wins.
    """

    def __init__(
        self,
        *misbehaviours: Misbehaviour,
        bound: socket.socket | None = None,
        record_file: Path | None = None,
        keep: Keep = Keep.BYTES,
        keep_commands: bool = True,
        clock: Callable[[], float] = time.monotonic,
        **features: Any,
    ) -> None:
        self.host = HOST
        self.port = 0
        self.features = Features(**{"chunking": DEPTH > 1} | features)
        self.record = Record(record_file, keep, keep_commands=keep_commands)
        self._bound = bound
        self.errors: list[BaseException] = []
        self._state = ServerState(self.features, self.record, misbehaviours, clock)
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._arriving: set[asyncio.Task[None]] = set()

    @property
    def accepted(self) -> list[Accepted]:
        """Every message accepted so far, in order."""
        return list(self.record.accepted)

    @property
    def unanswered(self) -> list[Accepted]:
        """Those accepted whose reply never went out."""
        return list(self.record.unanswered)

    @property
    def defects(self) -> list[Defect]:
        """Rules that clients broke."""
        return list(self.record.defects)

    @property
    def connections(self) -> list[Connection]:
        """All so far, closed or open."""
        return list(self.record.connections)

    @property
    def ca_pem(self) -> bytes:
        """What a client has to trust."""
        return authority_pem()

    def count_by_recipient(self) -> Counter[str]:
        """How many messages were accepted for each address."""
        return count_by_recipient(self.accepted)

    def wait_until(self, true: Callable[[], bool], timeout: float = PATIENCE) -> None:
        """Waits until the record makes it true; TimeoutError after so many seconds."""
        self.record.wait_until(true, timeout)

    def catch_up(self) -> None:
        """Waits until the server has dealt with all that had arrived."""
        assert self._loop is not None
        for _ in range(2):  # the turn that is under way may have looked before; the next one looks again
            turned = threading.Event()
            self._loop.call_soon_threadsafe(turned.set)
            assert turned.wait(PATIENCE)

    def __enter__(self) -> Self:
        listening = self._bound or socket.create_server((self.host, 0))
        listening.listen(1024)
        self.port = listening.getsockname()[1]
        ready = threading.Event()
        self._thread = threading.Thread(target=asyncio.run, args=(self._serve(listening, ready),), name="smtp-server")
        self._thread.start()
        ready.wait()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._thread is not None
        assert self._loop is not None
        assert self._stop is not None
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()
        self.record.close()
        if self.errors and error is None:
            raise self.errors[0]

    async def _serve(self, listening: socket.socket, ready: threading.Event) -> None:
        self._loop = asyncio.get_running_loop()
        self._loop.set_exception_handler(self._note_error)
        self._stop = asyncio.Event()
        # Not create_server(): in Python 3.11 it leaks a connection that is being accepted while it is closed.
        listening.setblocking(False)
        self._loop.add_reader(listening, self._accept, listening)
        ready.set()
        await self._stop.wait()
        self._loop.remove_reader(listening)
        listening.close()
        await asyncio.gather(*self._arriving)
        while self._state.open:
            for session in list(self._state.open):
                session.abort()
            await asyncio.sleep(0)

    def _accept(self, listening: socket.socket) -> None:
        assert self._loop is not None
        with suppress(BlockingIOError):
            while True:
                connected, _ = listening.accept()
                connected.setblocking(False)
                connected.setsockopt(
                    socket.IPPROTO_TCP, socket.TCP_NODELAY, 1
                )  # asyncio sets it only in create_server()
                arriving = self._loop.create_task(self._connect(connected))
                self._arriving.add(arriving)
                arriving.add_done_callback(self._arriving.discard)

    async def _connect(self, connected: socket.socket) -> None:
        await asyncio.get_running_loop().connect_accepted_socket(lambda: Session(self._state), connected)

    def _note_error(self, _: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception") or RuntimeError(context["message"])
        if not isinstance(error, ConnectionError):
            self.errors.append(error)
