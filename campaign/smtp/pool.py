"""Many connections, one thread: takes parcels from a courier, tells it what became of each.

The courier (whoever has the messages) is asked for a parcel whenever a connection has room for one, and asked again
before the body goes. Sessions are opened by a few threads, since smtplib blocks; all else happens in `step`, so the
courier needs no locks. A connection is renewed after some messages or minutes, and given up on 421, silence or
nonsense. What happens to a parcel whose connection dies depends on one thing only: whether its body may have left.
"""

import selectors
from collections.abc import Callable

from campaign.smtp.connect import Session
from campaign.smtp.connection import Connection
from campaign.smtp.courier import Courier
from campaign.smtp.hearing import hear, lose
from campaign.smtp.opening import Opener
from campaign.smtp.session_error import SessionError
from campaign.smtp.waiting import Waiting

_BODY_PATIENCE = 10
"""RFC 5321 section 4.5.3.2.6 gives a server ten minutes for its reply to a message: ten times our default timeout."""


class Pool:
    """The open connections of one process."""

    def __init__(
        self,
        *,
        connect: Callable[[], Session],
        courier: Courier,
        limit: int,
        timeout: float,
        messages_per_connection: int,
        seconds_per_connection: float,
        clock: Callable[[], float],
    ) -> None:
        self.limit = limit
        """How many connections may be open or opening."""
        self._waiting = Waiting(self._serve)
        self.waker = self._waiting.waker
        self.watch = self._waiting.watch
        self._opener = Opener(connect, wake=self.waker.wake)
        self._courier = courier
        self._timeout = timeout
        self._messages_per_connection = messages_per_connection
        self._seconds_per_connection = seconds_per_connection
        self._clock = clock
        self._open: set[Connection] = set()
        self._idle: set[Connection] = set()
        self._held: list[Connection] = []  # 354 has come, the courier has not let the body go
        self._check_every = min(0.2, timeout / 4)
        self._next_check = 0.0

    @property
    def connections(self) -> int:
        """How many are open."""
        return len(self._open)

    @property
    def idle(self) -> int:
        """How many are open and have nothing to do."""
        return len(self._idle)

    @property
    def occupied(self) -> int:
        """How many are open and have something to do."""
        return len(self._open) - len(self._idle)

    @property
    def busy(self) -> bool:
        """Whether any parcel is with a connection."""
        return len(self._idle) < len(self._open)

    def step(self, patience: float) -> int:
        """Wait up to `patience` seconds for something to happen, and deal with it. Gives how many things happened."""
        if self._opener.put_off:
            self._opener.put_off = False
            patience = min(patience, max(0.0, self._opener.not_before - self._clock()))
        if self.busy:
            patience = min(patience, self._check_every)
        happened = self._waiting.sleep(patience)
        if self._opener.under_way:
            self._welcome()
        now = self._clock()
        if now >= self._next_check:
            self._next_check = now + self._check_every
            self._expire(now)
        return happened

    def open(self, wanted: int) -> None:
        """Begin to open connections until `wanted`, or the limit, are open or opening."""
        self._opener.ask(min(wanted, self.limit) - len(self._open), self._clock())

    def feed(self) -> None:
        """Offer the courier's parcels to the connections that have none."""
        for connection in list(self._idle):
            self._go_on(connection)

    def release(self) -> None:
        """Ask the courier again about the bodies that it held."""
        held, self._held = self._held, []
        for connection in held:
            if connection in self._open:
                self._go_on(connection)

    def recall(self) -> None:
        """Take back every parcel whose body has not begun; its connection can only be closed."""
        for connection in list(self._open):
            dialogue = connection.dialogue
            if dialogue.upcoming is not None and dialogue.current is None:
                self._drop(connection, "")
            elif dialogue.upcoming is not None:
                connection.closing = True

    def rest(self) -> None:
        """Hang up on the connections that have nothing to do."""
        for connection in list(self._idle):
            self._remove(connection)

    def close(self) -> None:
        """Hang up on every connection, politely where nothing is under way."""
        for connection in list(self._open):
            if connection in self._idle:
                self._remove(connection)
            else:
                self._drop(connection, "")
        self._opener.close()
        self._waiting.close()

    def _welcome(self) -> None:
        """Take over the sessions that have been opened, and hear why others have not."""
        while (arrival := self._opener.fetch()) is not None:
            if isinstance(arrival, SessionError):
                others = len(self._open) + self._opener.under_way
                self._opener.not_before = self._clock() + self._courier.not_opened(arrival, others=others)
            elif len(self._open) >= self.limit:
                Connection(arrival, now=self._clock()).close(quitting=True)
            else:
                self._admit(arrival)

    def _admit(self, session: Session) -> None:
        connection = Connection(session, now=self._clock())
        self._open.add(connection)
        self._courier.opened(session)
        self._waiting.add(connection)
        if session.leftover:
            self._hear(connection, session.leftover)
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
            self._send_on(connection)

    def _send_on(self, connection: Connection) -> None:
        try:
            connection.flush()
        except OSError as error:
            self._last_words(connection, _words(error))
            return
        if not connection.blocked:
            self._waiting.renew(connection)

    def _hear(self, connection: Connection, data: bytes) -> None:
        commands, why = hear(connection, data, self._courier)
        if why is not None:
            self._drop(connection, why)
            return
        if commands:
            self._send(connection, commands)
        if connection.dialogue.farewell is not None:
            connection.deadline = min(connection.deadline, self._clock() + self._timeout)
        if connection in self._open:
            self._go_on(connection)

    def _go_on(self, connection: Connection) -> None:
        """Whatever this connection can do next."""
        dialogue = connection.dialogue
        if dialogue.ready and dialogue.current is None:
            assert dialogue.upcoming is not None
            if connection.closing:
                self._drop(connection, "the server is closing the session")
            elif self._courier.may_leave(dialogue.upcoming):
                self._send_body(connection)
            else:
                connection.deadline = float("inf")
                self._held.append(connection)
        elif dialogue.idle:
            self._begin(connection)
        elif connection.closing and dialogue.current is None and dialogue.farewell is None:
            self._drop(connection, "the server is closing the session")

    def _send_body(self, connection: Connection) -> None:
        """The body, and with it the next envelope where the server takes pipelined commands: one round trip."""
        dialogue = connection.dialogue
        body = data = dialogue.body()
        connection.messages += 1
        if dialogue.pipelining and not self._retiring(connection):
            parcel = self._courier.take(connection.session)
            if parcel is not None:
                data += dialogue.begin(parcel)
        self._send(connection, data, body=len(body))

    def _begin(self, connection: Connection) -> None:
        if connection.closing or self._retiring(connection) or len(self._open) > self.limit:
            self._remove(connection)
            return
        parcel = self._courier.take(connection.session)
        if parcel is None:
            connection.deadline = float("inf")
            self._idle.add(connection)
            return
        self._idle.discard(connection)
        self._send(connection, connection.dialogue.begin(parcel))

    def _retiring(self, connection: Connection) -> bool:
        return (
            connection.closing
            or connection.messages >= self._messages_per_connection
            or self._clock() - connection.opened >= self._seconds_per_connection
        )

    def _send(self, connection: Connection, data: bytes, *, body: int = 0) -> None:
        patience = self._timeout * (_BODY_PATIENCE if connection.dialogue.current is not None else 1)
        connection.deadline = self._clock() + patience
        try:
            connection.send(data, body=body)
        except OSError as error:
            self._last_words(connection, _words(error))
            return
        if connection.blocked:
            self._waiting.renew(connection)

    def _last_words(self, connection: Connection, why: str) -> None:
        """A server that hangs up often says why first: read that before judging."""
        try:
            data = connection.receive()
        except OSError:
            data = None
        if data:
            connection.closing = True
            self._hear(connection, data)
        if connection in self._open:
            self._drop(connection, why)

    def _expire(self, now: float) -> None:
        """Give up on servers that have fallen silent; hang up on idle connections that are old."""
        for connection in list(self._open):
            if now >= connection.deadline:
                self._drop(connection, "the server fell silent")
            elif connection in self._idle and self._retiring(connection):
                self._remove(connection)

    def _drop(self, connection: Connection, why: str) -> None:
        """The connection is dead, or as good as: settle what was on it."""
        self._remove(connection, quitting=False)
        lose(connection, self._courier, why)

    def _remove(self, connection: Connection, *, quitting: bool = True) -> None:
        self._open.discard(connection)
        self._idle.discard(connection)
        self._waiting.remove(connection)
        connection.close(quitting=quitting)


def _words(error: OSError) -> str:
    return error.strerror or type(error).__name__
