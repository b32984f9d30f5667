"""Many connections, one thread: takes parcels from a courier, tells it what became of each.

The courier (whoever has the messages) is asked for a parcel whenever a connection has room for one, and asked again
before the body goes. Sessions are opened by a few threads, since smtplib blocks; all else happens in `step`, so the
courier needs no locks. A connection is renewed after some messages or minutes, and given up on 421, silence or
nonsense. What happens to a parcel whose connection dies depends on one thing only: whether its body may have left.
"""

import contextlib
import queue
import selectors
import socket
import threading
from collections.abc import Callable
from typing import Protocol

from campaign.model import Parcel, Phase, Reply
from campaign.smtp.connect import Session
from campaign.smtp.connection import Connection
from campaign.smtp.dialogue import Answered, Broken, Closing, Event
from campaign.smtp.session_error import SessionError

_OPENERS = 16
_BODY_PATIENCE = 10
"""RFC 5321 section 4.5.3.2.6 gives a server ten minutes for its reply to a message: ten times our default timeout."""


class Courier(Protocol):
    """What the pool needs of whoever has the messages."""

    def take(self, session: Session) -> Parcel | None:
        """Give the parcel whose envelope may go now over this session, if there is one."""

    def may_leave(self, parcel: Parcel) -> bool:
        """Say whether the parcel's body may leave."""

    def answered(self, parcel: Parcel, phase: Phase, reply: Reply) -> None:
        """Hear the server's last word on a parcel."""

    def untouched(self, parcel: Parcel, why: str) -> None:
        """Take back a parcel whose body has not left. `why` is empty where it was the courier's own wish."""

    def unknown(self, parcel: Parcel, why: str) -> None:
        """Hear that a body has left and its reply will never come."""

    def opened(self, session: Session) -> None:
        """Hear of a new session."""

    def not_opened(self, error: SessionError, *, others: int) -> float:
        """Hear of a session that could not be had while `others` are open; give the seconds to the next attempt."""


class Waker:
    """Lets another thread end the selector's sleep."""

    def __init__(self) -> None:
        self.receiver, self._sender = socket.socketpair()
        self.receiver.setblocking(False)
        self._sender.setblocking(False)

    def wake(self) -> None:
        """End the sleep, now or at its next beginning."""
        with contextlib.suppress(OSError):  # it is awake already, or closed
            self._sender.send(b"\0")

    def hush(self) -> None:
        """Forget the calls so far."""
        with contextlib.suppress(BlockingIOError):
            self.receiver.recv(4096)

    def close(self) -> None:
        """Close both ends."""
        self.receiver.close()
        self._sender.close()


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
        self.selector = selectors.DefaultSelector()
        self.waker = Waker()
        self.selector.register(self.waker.receiver, selectors.EVENT_READ)
        self._connect = connect
        self._courier = courier
        self._timeout = timeout
        self._messages_per_connection = messages_per_connection
        self._seconds_per_connection = seconds_per_connection
        self._clock = clock
        self._opening = 0
        self._arrivals: queue.SimpleQueue[Session | BaseException] = queue.SimpleQueue()
        self._closed = False
        self._open: set[Connection] = set()
        self._idle: set[Connection] = set()
        self._held: list[Connection] = []  # 354 has come, the courier has not let the body go
        self._not_before = 0.0
        self._failing = False
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
        ready = self.selector.select(patience)
        for key, mask in ready:
            if key.data is None:
                self.waker.hush()
            elif not isinstance(key.data, Connection):
                self.selector.unregister(key.fileobj)
                key.data()
            elif key.data in self._open:
                self._serve(key.data, mask)
        if self._opening:
            self._welcome()
        now = self._clock()
        if now >= self._next_check:
            self._next_check = now + 0.2
            self._expire(now)
        return len(ready)

    def watch(self, descriptor: int, act: Callable[[], None]) -> None:
        """Call `act` once, when something can be read from `descriptor`."""
        self.selector.register(descriptor, selectors.EVENT_READ, act)

    def open(self, wanted: int) -> None:
        """Begin to open connections until `wanted`, or the limit, are open or opening."""
        room = min(min(wanted, self.limit) - len(self._open), _OPENERS) - self._opening
        if room <= 0 or self._clock() < self._not_before:
            return
        if self._failing:  # one scout, not a crowd, until the server takes sessions again
            room = 0 if self._opening else 1
        for _ in range(room):
            self._opening += 1
            threading.Thread(target=self._open_one, name="smtp-connect", daemon=True).start()

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

    def shrink(self) -> None:
        """Close the connections that are idle and over the limit."""
        for connection in list(self._idle):
            if len(self._open) <= self.limit:
                break
            self._remove(connection)

    def rest(self) -> None:
        """Hang up on the connections that have nothing to do."""
        for connection in list(self._idle):
            self._remove(connection)

    def close(self) -> None:
        """Hang up on every connection, politely where nothing is under way."""
        self._closed = True  # a thread that still waits for a server closes what it gets
        for connection in list(self._open):
            if connection in self._idle:
                self._remove(connection)
            else:
                self._drop(connection, "")
        while self._opening and not self._arrivals.empty():
            arrival = self._arrivals.get()
            if isinstance(arrival, Session):
                arrival.sock.close()
        self.selector.close()
        self.waker.close()

    def _open_one(self) -> None:
        """In a thread of its own, since smtplib blocks. Not one that an executor would wait for at exit."""
        arrival: Session | BaseException
        try:
            arrival = self._connect()
        except BaseException as error:  # to be raised, or judged, by the loop
            arrival = error
        if self._closed and isinstance(arrival, Session):
            arrival.sock.close()
            return
        self._arrivals.put(arrival)
        self.waker.wake()

    def _welcome(self) -> None:
        """Take over the sessions that have been opened, and hear why others have not."""
        while not self._arrivals.empty():
            session = self._arrivals.get()
            self._opening -= 1
            if isinstance(session, SessionError):
                self._failing = True
                self._not_before = self._clock() + self._courier.not_opened(session, others=len(self._open))
                continue
            if isinstance(session, BaseException):
                raise session
            if len(self._open) >= self.limit:
                Connection(session, now=self._clock()).close(quitting=True)
                continue
            self._failing = False
            connection = Connection(session, now=self._clock())
            self._open.add(connection)
            self._courier.opened(session)
            self.selector.register(connection.sock, selectors.EVENT_READ, connection)
            if session.leftover:
                self._hear(connection, session.leftover)
            else:
                self._go_on(connection)

    def _serve(self, connection: Connection, mask: int) -> None:
        """Deal with what the selector says of one connection."""
        try:
            if mask & selectors.EVENT_WRITE:
                connection.flush()
                self._watch(connection)
            data = connection.receive() if mask & selectors.EVENT_READ else None
        except OSError as error:
            self._drop(connection, error.strerror or type(error).__name__)
            return
        if data:
            self._hear(connection, data)
        elif data is not None:
            self._drop(connection, "the server hung up")

    def _hear(self, connection: Connection, data: bytes) -> None:
        dialogue = connection.dialogue
        early = dialogue.current is not None and not connection.body_left
        events, commands = dialogue.feed(data)
        if events and isinstance(events[-1], Broken):
            self._give_up(connection, events, events[-1].why)
            return
        if early and any(isinstance(event, Answered) and event.phase is Phase.BODY for event in events):
            self._answered_early(connection, events)
            return
        for event in events:
            if isinstance(event, Answered):
                if event.reply.code == 421:
                    connection.closing = True
                self._courier.answered(event.parcel, event.phase, event.reply)
            elif isinstance(event, Closing):
                connection.closing = True
        if commands:
            self._send(connection, commands)
        if connection in self._open:
            self._go_on(connection)

    def _give_up(self, connection: Connection, events: list[Event], why: str) -> None:
        """The session is out of step: an answer that came with the nonsense may be the answer to something else."""
        for event in events:
            if isinstance(event, Answered):
                tell = self._courier.unknown if event.phase is Phase.BODY else self._courier.untouched
                tell(event.parcel, why)
        self._drop(connection, why)

    def _answered_early(self, connection: Connection, events: list[Event]) -> None:
        """A reply before the body's end has left: a refusal counts, a yes cannot be meant. Nothing more can be said."""
        for event in events:
            if isinstance(event, Answered):
                if event.phase is Phase.BODY and event.reply.code >= 400:
                    self._courier.answered(event.parcel, event.phase, event.reply)
                else:
                    self._courier.untouched(event.parcel, "answered before the message had left")
        self._drop(connection, "the server answered before the message had left")

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
        elif connection.closing and dialogue.current is None:
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
            self._last_words(connection, error.strerror or type(error).__name__)
            return
        if connection.blocked:
            self._watch(connection)

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

    def _watch(self, connection: Connection) -> None:
        events = selectors.EVENT_READ | (selectors.EVENT_WRITE if connection.blocked else 0)
        self.selector.modify(connection.sock, events, connection)

    def _expire(self, now: float) -> None:
        """Give up on servers that have fallen silent; hang up on idle connections that are old."""
        for connection in list(self._open):
            if now >= connection.deadline:
                self._drop(connection, "the server fell silent")
            elif connection in self._idle and self._retiring(connection):
                self._remove(connection)

    def _drop(self, connection: Connection, why: str) -> None:
        """The connection is dead, or as good as: settle what was on it."""
        dialogue = connection.dialogue
        current, upcoming = dialogue.current, dialogue.upcoming
        dialogue.current = dialogue.upcoming = None
        self._remove(connection, quitting=False)
        if current is not None:
            (self._courier.unknown if connection.body_left else self._courier.untouched)(current, why)
        if upcoming is not None:
            self._courier.untouched(upcoming, why)

    def _remove(self, connection: Connection, *, quitting: bool = True) -> None:
        self._open.discard(connection)
        self._idle.discard(connection)
        self.selector.unregister(connection.sock)
        connection.close(quitting=quitting)
