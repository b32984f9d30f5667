"""One connection as bytes: reads, buffers, writes, and the ways in which it can be slow or die.

What the bytes mean is `session.py`'s: it takes commands and bodies from `buffer` in `step`, answers with `put`, and
hands what goes wrong to `misbehave`. All replies to what arrived together go out in one write, as a good server does.
"""

import asyncio
import contextlib
import socket
import struct
from collections.abc import Callable, Sequence

from tests.smtp_server.certificates import common_name, server_context
from tests.smtp_server.command import ENDS_GROUP
from tests.smtp_server.misbehaviours import Action, Misbehaviour
from tests.smtp_server.record import Accepted, Connection
from tests.smtp_server.state import ServerState

GAP = 0.0005
"""Seconds between the packets of a reply in pieces."""
LINGER = 2.0
"""Seconds for which a connection that was cut still reads: closing with unread bytes would turn the FIN into an RST."""
_LOOK_AGAIN = 0.002
"""Seconds between two looks whether what a reply waits for has come true."""


class Wire(asyncio.Protocol):
    """The byte side of a session."""

    def __init__(self, state: ServerState) -> None:
        self.state = state
        self.buffer = bytearray()
        self.last_verb = b""
        """The last command (b"." for a body); b"" before the first."""
        self.behind = 0
        """Bytes that arrived with the end of the last body and have not been dealt with."""
        self.pipelining = False
        """Whether the client may send a command before it has the reply to the last."""
        self.upgrade = False
        """Whether TLS begins as soon as the reply is out."""
        self.certified: str | None = None
        """Whom the client's certificate names."""
        self.owed: Accepted | None = None
        """Accepted, and no byte of a reply has gone out since."""
        self.in_chunk = False
        """Whether octets of a chunk are what comes next: they follow their BDAT without a word from the server."""
        self.muted = False
        """Whether what the client seems to do wrong is the server's own doing."""
        self.events: list[bytes] = []
        self.connection = Connection(number=0)
        self._out: list[bytes] = []
        self._busy = False
        self._shaking_hands = False
        self._deaf = False
        self._timer: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[None] | None = None
        self._transport: asyncio.Transport | None = None
        self._loop = asyncio.get_running_loop()

    def greet(self) -> None:
        """The connection is there."""
        raise NotImplementedError

    def step(self) -> bool:
        """Takes one command or body from the buffer, if there is a whole one; False if there is not."""
        raise NotImplementedError

    def hung_up(self) -> None:
        """The connection is gone."""
        raise NotImplementedError

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self.state.open.add(self)
        record = self.state.record  # two may have come before either is here
        self.connection.number = len(record.connections) + 1
        record.connections.append(self.connection)
        if self.state.features.implicit_tls:
            self._start_tls()
        else:
            self.greet()
            self._flush()

    def data_received(self, data: bytes) -> None:
        if self._deaf:
            return
        self.buffer += data
        if self._shaking_hands:
            return  # said in TLS, as soon as it was there, and before `_shake_hands` has heard that it is
        if self._busy:
            self._check_patience()
        else:
            self._work()

    def connection_lost(self, exc: Exception | None) -> None:
        if self not in self.state.open:
            return
        self.state.open.remove(self)
        for running in (self._timer, self._task):
            if running is not None:
                running.cancel()
        self._settle_debt()
        self.hung_up()
        self._end("client")

    def abort(self) -> None:
        """The server stops."""
        if self._transport is not None:
            self._transport.abort()

    def put(self, reply: bytes) -> None:
        """Queues a reply; it goes out when everything that arrived with its command is dealt with."""
        self._out.append(reply)

    def defect(self, what: str, where: bytes = b"") -> None:
        """The client broke a rule."""
        if self.muted:
            return
        self.state.record.note_defect(self.connection.number, what, where)

    def misbehave(self, what: Misbehaviour, right: bytes, effect: Callable[[], None] | None) -> None:
        """Goes wrong in place of the `right` answer and its effect."""
        answers = what.action is Action.ANSWER
        if effect is not None and (what.accept or (answers and what.reply is None)):
            effect()
        reply = what.reply if what.reply is not None else right if answers else b""
        wire = what.before + reply + what.after
        self._flush()
        if not what.delay and not what.piece and what.until is None:
            self._write(wire)
            self.finish(what.action)
            return
        self._busy = True
        size = what.piece or len(wire) or 1
        pieces = [wire[start : start + size] for start in range(0, len(wire), size)]
        self._timer = self._loop.call_later(what.delay, self._await, what, pieces)

    def finish(self, action: Action) -> None:
        """Does to the connection what `action` says, after what was put has gone out."""
        if action is Action.ANSWER:
            return
        self._flush()
        self._settle_debt()
        self._end(action.value)
        self._deaf = True
        self.buffer.clear()
        transport = self._transport
        assert transport is not None
        match action:
            case Action.CUT if transport.can_write_eof():
                with contextlib.suppress(OSError):  # ENOTCONN: a client that died has reset the connection already
                    transport.write_eof()
                self._timer = self._loop.call_later(LINGER, transport.close)
            case Action.CUT:
                transport.close()
            case Action.RESET:
                connected = transport.get_extra_info("socket")
                connected.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                transport.abort()
            case Action.HANG:
                self.connection.silent = True
            case Action.STALL:
                self.connection.silent = True
                transport.pause_reading()

    def quit(self) -> None:
        """Closes as the client asked."""
        self._end("quit")
        self.finish(Action.CUT)

    def _work(self) -> None:
        self.events = []
        while self.buffer and not self._busy and not self._deaf and not self.upgrade and self.step():
            if self.buffer and not self._deaf:
                self._check_patience()
        if self.events and self.state.record.keep_commands:
            self.connection.reads.append(tuple(self.events))
        self._flush()
        if self.upgrade and not self._busy and not self._deaf:
            self._start_tls()

    def _check_patience(self) -> None:
        """Something arrived before the reply to `last_verb` went out. Was that allowed?"""
        if self.in_chunk:
            return
        if not self.last_verb:
            self.defect("spoke before the banner", bytes(self.buffer))
        elif self.last_verb in ENDS_GROUP:
            self.defect(f"did not wait for the reply to {self.last_verb.decode()}", bytes(self.buffer))
        elif not self.pipelining:
            self.defect("pipelined though PIPELINING was not offered", bytes(self.buffer))

    def _await(self, what: Misbehaviour, pieces: Sequence[bytes]) -> None:
        if what.until is None or what.until():
            self._trickle(pieces, what.action)
        else:
            self._timer = self._loop.call_later(_LOOK_AGAIN, self._await, what, pieces)

    def _trickle(self, pieces: Sequence[bytes], action: Action) -> None:
        if pieces:
            self._write(pieces[0])
        if pieces[1:]:
            self._timer = self._loop.call_later(GAP, self._trickle, pieces[1:], action)
            return
        self._busy = False  # at once: whoever has the last piece may speak
        self.finish(action)
        if not self._deaf:
            self._work()

    def _flush(self) -> None:
        if self._out:
            wire = b"".join(self._out)
            self._out.clear()
            self._write(wire)

    def _write(self, wire: bytes) -> None:
        transport = self._transport
        assert transport is not None
        if wire and not transport.is_closing():
            transport.write(wire)
            self.owed = None

    def _settle_debt(self) -> None:
        if self.owed is not None:
            self.state.record.leave_unanswered(self.owed)
            self.owed = None

    def _end(self, action: str) -> None:
        if self.connection.action is None:
            self.connection.action = action
        self.state.record.changed()

    def _start_tls(self) -> None:
        self.upgrade = False
        self._busy = self._shaking_hands = True
        self.buffer.clear()  # RFC 3207 section 4.2: nothing said in clear counts (it is a defect already)
        assert self._transport is not None
        self._transport.pause_reading()
        self._task = self._loop.create_task(self._shake_hands(self._transport))

    async def _shake_hands(self, plain: asyncio.Transport) -> None:
        try:
            encrypted = await self._loop.start_tls(
                plain,
                self,
                server_context(self.state.features.tls, certificate_wanted=self.state.features.certificate_wanted),
                server_side=True,
            )
        except OSError:  # ssl.SSLError is one: the client did not like our certificate
            encrypted = None
        if encrypted is None:  # or it went away, which start_tls may tell by giving no transport
            plain.abort()
            self.connection_lost(None)  # which start_tls may, or may not, have said
            return
        self._transport = encrypted
        self.connection.encrypted = True
        self.certified = common_name(encrypted.get_extra_info("peercert"))
        self._busy = self._shaking_hands = False
        if self.state.features.implicit_tls:
            if self.buffer:
                self._check_patience()
            self.greet()
            self._flush()
        self._work()
