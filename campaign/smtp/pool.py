"""Many connections, one thread: takes attempts from a handler, tells it what became of each.

The handler (whoever has the messages) is asked for an attempt whenever a connection has room for one, and asked again
before the body goes. Sessions are opened by a few threads, since that blocks; all else happens in `run_once`, so the
handler needs no locks. A connection is renewed after some messages or minutes, and given up on 421, silence or
nonsense. What happens to an attempt whose connection dies depends on one thing only: whether its body may have left.
"""

import contextlib
import selectors
from collections.abc import Callable

from campaign.smtp.connection import Connection
from campaign.smtp.connection_lifetime import ConnectionLifetime
from campaign.smtp.delivery_handler import DeliveryHandler
from campaign.smtp.event_loop import EventLoop
from campaign.smtp.pipelining.trials import PipeliningTrials
from campaign.smtp.reply_handling import hear, lose
from campaign.smtp.session.session import Session
from campaign.smtp.session_supply import SessionSupply


class Pool:
    """The open connections of one process."""

    def __init__(
        self,
        *,
        connect: Callable[[], Session],
        handler: DeliveryHandler,
        limit: int,
        timeout: float,
        lifetime: ConnectionLifetime,
        trials: PipeliningTrials,
        clock: Callable[[], float],
    ) -> None:
        self.limit = limit
        """How many connections may be open or opening."""
        self._loop = EventLoop(self._serve)
        self.waker = self._loop.waker
        self.watch = self._loop.watch
        self._admission = SessionSupply(connect, handler, trials, wake=self.waker.wake, clock=clock)
        self._handler = handler
        self._timeout = timeout
        self._lifetime = lifetime
        self._clock = clock
        self._open: set[Connection] = set()
        self._idle: set[Connection] = set()
        self._held: list[Connection] = []  # 354 has come, the handler has not let the body go
        self._check_every, self._next_check = min(0.2, timeout / 4), 0.0

    @property
    def connections(self) -> int:
        """How many are open."""
        return len(self._open)

    @property
    def idle(self) -> int:
        """How many are open and have nothing to do."""
        return len(self._idle)

    @property
    def busy(self) -> int:
        """How many are open and have something to do."""
        return len(self._open) - len(self._idle)

    def run_once(self, patience: float) -> int:
        """Wait up to `patience` seconds for something to happen, and deal with it. Gives how many things happened."""
        patience = self._admission.patience(patience)
        if self.busy:
            patience = min(patience, self._check_every)
        happened = self._loop.sleep(patience)
        while (connection := self._admission.next(open_now=len(self._open), limit=self.limit)) is not None:
            self._admit(connection)
        now = self._clock()
        if now >= self._next_check:
            self._next_check = now + self._check_every
            self._expire(now)
        return happened

    def open(self, wanted: int) -> None:
        """Begin to open connections until `wanted`, or the limit, are open or opening."""
        self._admission.ask(min(wanted, self.limit), self._open)

    def fill_idle(self) -> None:
        """Offer the handler's attempts to the connections that have none."""
        for connection in list(self._idle):
            self._go_on(connection)

    def resume_held(self) -> None:
        """Ask the handler again about the bodies that it held."""
        held, self._held = self._held, []
        for connection in held:
            if connection in self._open:
                self._go_on(connection)

    def cancel_unsent(self) -> None:
        """Take back every attempt whose body has not begun; its connection can only be closed."""
        for connection in list(self._open):
            dialogue = connection.dialogue
            if dialogue.upcoming is not None and dialogue.current is None:
                self._drop(connection, "")
            elif dialogue.upcoming is not None:
                connection.closing = True

    def close_idle(self) -> None:
        """Hang up on the connections that have nothing to do."""
        for connection in list(self._idle):
            self._remove(connection)

    def close(self) -> None:
        """Hang up on every connection, politely where nothing is under way."""
        self.close_idle()
        for connection in list(self._open):
            self._drop(connection, "")
        self._admission.close()
        self._loop.close()

    def _admit(self, connection: Connection) -> None:
        self._open.add(connection)
        self._loop.add(connection)
        if connection.session.leftover:
            self._hear(connection, connection.session.leftover)
        else:
            self._go_on(connection)

    def _serve(self, connection: Connection, mask: int) -> None:
        """Deal with what the selector says of one connection."""
        if connection not in self._open:  # gone since
            return
        try:  # first what was said: a reply that came before the body's end had left is none to the message
            data = connection.receive() if mask & selectors.EVENT_READ else None
        except OSError as error:
            self._drop(connection, _words(error))
            return
        if data:
            self._hear(connection, data)
        elif data is not None:
            self._drop(connection, "the server hung up")
        if mask & selectors.EVENT_WRITE and connection in self._open:
            self._send(connection, b"")

    def _hear(self, connection: Connection, data: bytes) -> None:
        dialogue = connection.dialogue
        body_was_out = dialogue.current is not None
        commands, why = hear(connection, data, self._handler)
        if why is not None:
            self._drop(connection, why)
            return
        if commands:
            self._send(connection, commands)
        elif body_was_out and dialogue.current is None:  # what stands behind it has a command's patience, not a body's
            connection.deadline = self._clock() + connection.patience(self._timeout)
        if connection in self._open:
            self._go_on(connection)

    def _go_on(self, connection: Connection) -> None:
        """Whatever this connection can do next."""
        dialogue = connection.dialogue
        if dialogue.ready and dialogue.current is None:
            assert dialogue.upcoming is not None
            if connection.closing:
                self._drop(connection, connection.why_closing)
            elif self._handler.link_too_old(dialogue.upcoming):
                self._drop(connection, "its link grew old while the server took its time")
            elif self._handler.may_send_body(dialogue.upcoming):
                self._send_body(connection)
            else:
                connection.deadline = float("inf")
                self._held.append(connection)
        elif dialogue.idle:
            self._begin(connection)
        elif connection.closing and dialogue.current is None and dialogue.held is None:
            self._drop(connection, connection.why_closing)

    def _send_body(self, connection: Connection) -> None:
        """The body, and with it the next envelope where the server takes pipelined commands: one round trip."""
        dialogue = connection.dialogue
        body = data = dialogue.body()
        connection.messages += 1
        now = self._clock()
        connection.envelope_took = now - connection.begun
        if dialogue.pipelining and not self._lifetime.is_over(connection, now) and connection.trial.allows():
            attempt = self._handler.next_attempt(connection.session)
            if attempt is not None:
                data += connection.begin(attempt)
                connection.trying = connection.trial.begin(len(data))
        self._send(connection, data, body=len(body))

    def _begin(self, connection: Connection) -> None:
        if self._lifetime.is_over(connection, self._clock()) or len(self._open) > self.limit:
            self._remove(connection)
            self._admission.ended(connection, "", open_now=len(self._open))
            return
        attempt = self._handler.next_attempt(connection.session)
        if attempt is None:
            connection.deadline, connection.useful = float("inf"), True
            self._idle.add(connection)
            return
        self._idle.discard(connection)
        connection.begun = self._clock()
        self._send(connection, connection.begin(attempt))

    def _send(self, connection: Connection, data: bytes, *, body: int = 0) -> None:
        """Send it, or as much as can be sent now; without `data`, what had to wait."""
        if data:
            connection.deadline = self._clock() + connection.patience(self._timeout)
        try:
            if data:
                connection.send(data, body=body)
            else:
                connection.flush()
        except OSError as error:
            self._last_words(connection, _words(error))
            return
        if connection.blocked or not data:
            self._loop.renew(connection)

    def _last_words(self, connection: Connection, why: str) -> None:
        """A server that hangs up often says why first: read that before judging."""
        with contextlib.suppress(OSError):
            if data := connection.receive():
                connection.closing = True
                self._hear(connection, data)
        if connection in self._open:
            self._drop(connection, why)

    def _expire(self, now: float) -> None:
        """Give up on servers that have fallen silent; hang up on idle connections that are old."""
        for connection in list(self._open):
            if now >= connection.deadline:
                self._drop(connection, "the server fell silent")
            elif connection in self._idle and self._lifetime.is_over(connection, now):
                self._remove(connection)

    def _drop(self, connection: Connection, why: str) -> None:
        """The connection is dead, or as good as: settle what was on it."""
        self._remove(connection, quitting=False)
        lose(connection, self._handler, why)
        self._admission.ended(connection, why, open_now=len(self._open))

    def _remove(self, connection: Connection, *, quitting: bool = True) -> None:
        self._open.discard(connection)
        self._idle.discard(connection)
        self._loop.remove(connection)
        connection.close(quitting=quitting)


def _words(error: OSError) -> str:
    return error.strerror or type(error).__name__
