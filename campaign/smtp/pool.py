"""Many connections, one thread: takes attempts from a handler, tells it what became of each.

The handler (whoever has the messages) is asked for an attempt whenever a connection has room for one, and asked again
before the body goes. Sessions are opened by a few threads, since that blocks; all else happens in its loop's thread, so
the handler needs no locks. A connection is renewed after some messages or minutes, and given up on 421, silence or
nonsense. What happens to an attempt whose connection dies depends on one thing only: whether its body may have left.
"""

import contextlib
import selectors
from collections.abc import Callable

from campaign.model import Attempt
from campaign.smtp.connection import Connection, why_died
from campaign.smtp.connection_lifetime import ConnectionLifetime
from campaign.smtp.delivery_handler import GREW_OLD, DeliveryHandler
from campaign.smtp.dsn import DsnUses
from campaign.smtp.event_loop import EventLoop
from campaign.smtp.open_connections import OpenConnections
from campaign.smtp.pipelining.trials import PipeliningTrials
from campaign.smtp.reply_handling import handle_connection_lost, handle_replies
from campaign.smtp.session.session import Session
from campaign.smtp.session_supply import SessionSupply


class Pool(OpenConnections):
    """The open connections of one process, and whatever goes over them."""

    def __init__(
        self,
        *,
        connect: Callable[[], Session],
        handler: DeliveryHandler,
        limit: int,
        timeout: float,
        lifetime: ConnectionLifetime,
        trials: PipeliningTrials,
        dsn: DsnUses,
        clock: Callable[[], float],
        loop: EventLoop,
        beside: bool = False,
    ) -> None:
        """`loop`: its owner asks for `shortened` before a wait, for `attend` after it. `beside`: `SessionOpener`."""
        super().__init__(limit)
        self._loop = loop
        self._sessions = SessionSupply(connect, handler, trials, dsn, wake=loop.waker.wake, clock=clock, beside=beside)
        self._handler = handler
        self._timeout = timeout
        self._lifetime = lifetime
        self._clock = clock
        self._check_every, self._next_check = min(0.2, timeout / 4), 0.0

    @property
    def in_use(self) -> int:
        """How many are open or opening."""
        return len(self._open) + self._sessions.under_way

    def shortened(self, timeout: float) -> float:
        """Shorten a wait in seconds to what this pool can wait."""
        return self._sessions.shortened(min(timeout, self._check_every) if self.busy else timeout)

    def attend(self) -> None:
        """Do what is due after a wait: take in the sessions that have come, see who has fallen silent."""
        while (connection := self._sessions.next_connection(open_now=len(self._open), limit=self.limit)) is not None:
            self._admit(connection)
        if (now := self._clock()) >= self._next_check:
            self._close_expired(now)

    def open(self, wanted: int) -> None:
        """Begin to open connections until `wanted`, or the limit, are open or opening."""
        self._sessions.request(min(wanted, self.limit), self._open)

    def fill_idle(self) -> None:
        """Ask the handler for attempts for the connections that have none."""
        for connection in list(self._idle):
            self._advance(connection)

    def resume_held(self) -> None:
        """Ask the handler again about the bodies that it held."""
        held, self._held_bodies = self._held_bodies, []
        for connection in self._open.intersection(held):
            self._advance(connection)

    def cancel_unsent(self, of: Callable[[Attempt], bool] = lambda _: True) -> None:
        """Give the handler back those attempts whose body has not begun. Each such connection has to be closed."""
        for connection in list(self._open):
            upcoming = connection.dialogue.upcoming
            if upcoming is not None and of(upcoming):
                connection.closing = True
                if connection.dialogue.current is None:
                    self._drop(connection, "")

    def close_idle(self) -> None:
        """Close the connections that have nothing to do."""
        for connection in list(self._idle):
            self._remove(connection)

    def close_excess(self) -> None:
        """Where more are open than may be, close those that have nothing to do; others end after their message."""
        for connection in list(self._idle)[: max(0, len(self._open) - self.limit)]:
            self._remove(connection)

    def close(self) -> None:
        """Hang up on every connection, politely where nothing is under way. The loop is its owner's to close."""
        self.close_idle()
        for connection in list(self._open):
            self._drop(connection, "")
        self._sessions.close()

    def _admit(self, connection: Connection) -> None:
        self._open.add(connection)
        self._loop.add(connection, self._serve)
        if connection.session.leftover:
            self._receive(connection, connection.session.leftover)
        else:
            self._advance(connection)

    def _serve(self, connection: Connection, mask: int) -> None:
        """Deal with what the selector says of one connection."""
        if connection not in self._open:  # gone since
            return
        try:  # first what was said: a reply that came before the body's end had left is none to the message
            data = connection.receive() if mask & selectors.EVENT_READ else None
        except OSError as error:
            self._drop(connection, why_died(error))
            return
        if data:
            self._receive(connection, data)
        elif data is not None:
            self._drop(connection, "the server hung up")
        if mask & selectors.EVENT_WRITE and connection in self._open:
            self._send(connection, b"")

    def _receive(self, connection: Connection, data: bytes) -> None:
        dialogue = connection.dialogue
        body_was_out = dialogue.current is not None
        commands, why = handle_replies(connection, data, self._handler)
        if why is not None:
            self._drop(connection, why)
            return
        if commands:
            self._send(connection, commands)
        elif body_was_out and dialogue.current is None:  # what stands behind it has a command's timeout, not a body's
            connection.deadline = self._clock() + connection.reply_timeout(self._timeout)
        if connection in self._open:
            self._advance(connection)

    def _advance(self, connection: Connection) -> None:
        """Do what comes next on a connection: a body, another envelope, or its end."""
        dialogue = connection.dialogue
        if dialogue.ready and dialogue.current is None:
            assert dialogue.upcoming is not None
            if connection.closing:
                self._drop(connection, connection.why_closing)
            elif self._handler.link_too_old(dialogue.upcoming):
                self._drop(connection, GREW_OLD)
            elif self._handler.may_send_body(dialogue.upcoming):
                self._send_body(connection)
            else:
                connection.deadline = float("inf")
                self._held_bodies.append(connection)
        elif dialogue.idle:
            self._begin(connection)
        elif connection.closing and dialogue.current is None and dialogue.held_refusal is None:
            self._drop(connection, connection.why_closing)

    def _send_body(self, connection: Connection) -> None:
        """The body, and with it the next envelope where the server takes pipelined commands: one round trip."""
        dialogue = connection.dialogue
        body = data = dialogue.body()
        connection.messages += 1
        connection.envelope_seconds = (now := self._clock()) - connection.envelope_began
        if self._takes_envelope_behind(connection, now):
            attempt = self._handler.next_attempt(connection.session)
            if attempt is not None:
                data += connection.begin_envelope(attempt)
                connection.in_trial = connection.trial.begin(len(data))
        self._send(connection, data, body=len(body))

    def _takes_envelope_behind(self, connection: Connection, now: float) -> bool:
        return connection.dialogue.pipelining and not self._is_over(connection, now) and connection.trial.allows()

    def _is_over(self, connection: Connection, now: float) -> bool:
        """Whether no message may begin on it any more."""
        return self._lifetime.is_over(connection, now) or len(self._open) > self.limit

    def _begin(self, connection: Connection) -> None:
        if self._is_over(connection, self._clock()):
            self._end(connection)
            return
        attempt = self._handler.next_attempt(connection.session)
        if attempt is None:
            self._rest(connection)
            return
        self._idle.discard(connection)
        connection.envelope_began = self._clock()
        self._send(connection, connection.begin_envelope(attempt))

    def _rest(self, connection: Connection) -> None:
        connection.deadline, connection.used = float("inf"), True
        self._idle.add(connection)

    def _end(self, connection: Connection) -> None:
        self._remove(connection)
        self._sessions.connection_ended(connection, "", open_now=len(self._open))

    def _send(self, connection: Connection, data: bytes, *, body: int = 0) -> None:
        """Send it, or as much as can be sent now; without `data`, what had to wait."""
        if data:
            connection.deadline = self._clock() + connection.reply_timeout(self._timeout)
        try:
            connection.send(data, body=body)
        except OSError as error:
            self._read_last_reply(connection, why_died(error))
            return
        if connection.blocked or not data:
            self._loop.update(connection)

    def _read_last_reply(self, connection: Connection, why: str) -> None:
        """A server that hangs up often says why first: read that before judging."""
        with contextlib.suppress(OSError):
            if data := connection.receive():
                connection.closing = True
                self._receive(connection, data)
        if connection in self._open:
            self._drop(connection, why)

    def _close_expired(self, now: float) -> None:
        """Give up on servers that have fallen silent; hang up on idle connections that are old."""
        self._next_check = now + self._check_every
        for connection in list(self._open):
            if now >= connection.deadline:
                self._drop(connection, "the server fell silent")
            elif connection in self._idle and self._lifetime.is_over(connection, now):
                self._remove(connection)

    def _drop(self, connection: Connection, why: str) -> None:
        """The connection is dead, or as good as: settle what was on it."""
        self._remove(connection, quitting=False)
        self._settle(connection, why)
        self._sessions.connection_ended(connection, why, open_now=len(self._open))

    def _settle(self, connection: Connection, why: str) -> None:
        handle_connection_lost(connection, self._handler, why)

    def _remove(self, connection: Connection, *, quitting: bool = True) -> None:
        self._open.discard(connection)
        self._idle.discard(connection)
        self._loop.remove(connection)
        connection.close(quitting=quitting)
