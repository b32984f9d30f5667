"""The messages that a pool's streams have next: which goes over which connection, and when.

    handler ──▶ waiting: made, and claimed ──▶ claim durable ──▶ the connection with the fewest in flight

Messages wait for their claims in one line for all connections, so that whichever has room first takes them: at the end
of a run none waits behind another connection's. As many wait as may be in flight, so that a commit takes nobody's
time, and never more: claims without an outcome are at most two for each connection, times what it may have in flight.
Of large messages there are fewer.
"""

import heapq
from collections import deque
from collections.abc import Callable, Iterable

from campaign.model import Attempt
from campaign.smtp.chunking.stream import MOST_OCTETS, MessageStream
from campaign.smtp.connection import Connection
from campaign.smtp.delivery_handler import GREW_OLD, DeliveryHandler
from campaign.smtp.session.session import Session

_KEPT_BEFORE_REST = 4
"""Messages that may not go yet, after which the others are not asked for: claims become durable in the order in which
they were made.
"""


class SharedQueue:
    """One pool's. `send` hands bytes to a connection."""

    def __init__(
        self, handler: DeliveryHandler, *, send: Callable[[Connection, bytes], None], clock: Callable[[], float]
    ) -> None:
        self.holds_messages = False
        """Whether a connection has room for a message whose claim is not durable."""
        self._handler = handler
        self._send = send
        self._clock = clock
        self._streams: dict[Connection, MessageStream] = {}
        self._waiting: deque[Attempt] = deque()
        self._octets_waiting = 0

    @property
    def connections(self) -> Iterable[Connection]:
        """Those whose messages come from here."""
        return self._streams.keys()

    def takes(self, session: Session) -> bool:
        """Whether a session takes the messages that are made for the others: behind one name there may be several kinds
        of servers.
        """
        other = next((connection.session for connection in self._streams), session)
        return session.smtputf8 == other.smtputf8 and session.size_limit == other.size_limit

    def add(self, connection: Connection, stream: MessageStream) -> None:
        """A connection's messages come from here from now on."""
        self._streams[connection] = stream

    def remove(self, connection: Connection) -> None:
        """A connection is gone. Without any, nothing waits here any more."""
        if self._streams.pop(connection, None) is not None and not self._streams:
            self.cancel()

    def cancel(self, of: Callable[[Attempt], bool] = lambda _: True) -> None:
        """Give the handler back what waits."""
        waiting, self._waiting, self._octets_waiting = self._waiting, deque(), 0
        for attempt in waiting:
            if of(attempt):
                self._handler.not_sent(attempt, "")
            else:
                self._add(attempt)
        self.holds_messages = self.holds_messages and bool(self._waiting)

    def give(self, messages_left: Callable[[Connection], int]) -> list[Connection]:
        """Hand out what may go now, and have more made. `messages_left`: how many may still begin on a connection.
        Gives the connections that have nothing to do.
        """
        free = {
            connection: left
            for connection in self._streams
            if not connection.blocked and (left := messages_left(connection)) > 0
        }
        if free:
            self._fetch(free)
        if self._waiting:
            self._hand_out(free)
        soon = free if self._waiting else ()
        return [one for one, stream in self._streams.items() if not stream.dialogue.in_flight and one not in soon]

    def _fetch(self, free: dict[Connection, int]) -> None:
        """Have as many made as may be in flight, and as many again."""
        wanted = -len(self._waiting)
        for connection, left in free.items():
            stream = self._streams[connection]
            wanted += max(0, min(left, 2 * stream.allowed - len(stream.dialogue.in_flight)))
        session = next(iter(free)).session
        most_octets = MOST_OCTETS * len(free)
        for _ in range(wanted):
            if self._octets_waiting > most_octets or (attempt := self._handler.next_attempt(session)) is None:
                break
            self._add(attempt)

    def _add(self, attempt: Attempt) -> None:
        self._waiting.append(attempt)
        self._octets_waiting += len(attempt.message.data)

    def _hand_out(self, free: dict[Connection, int]) -> None:
        rooms: list[tuple[int, int, Connection, int]] = []  # in flight, a number, until there are so many
        for number, (connection, left) in enumerate(free.items()):
            stream = self._streams[connection]
            now_there = len(stream.dialogue.in_flight)
            if (most := min(stream.allowed, now_there + left)) > now_there:
                rooms.append((now_there, number, connection, most))
        heapq.heapify(rooms)
        handler, now = self._handler, self._clock()
        kept: deque[Attempt] = deque()
        written: dict[Connection, list[bytes]] = {}
        while self._waiting and rooms and len(kept) < _KEPT_BEFORE_REST:
            attempt = self._waiting.popleft()
            if handler.link_too_old(attempt):
                self._octets_waiting -= len(attempt.message.data)
                handler.not_sent(attempt, GREW_OLD)
                continue
            in_flight, number, connection, most = rooms[0]
            if not handler.may_send_body(attempt):
                kept.append(attempt)
            else:
                self._octets_waiting -= len(attempt.message.data)
                written.setdefault(connection, []).append(connection.begin_message(attempt, now))
                if in_flight + 1 < most:
                    heapq.heapreplace(rooms, (in_flight + 1, number, connection, most))
                else:
                    heapq.heappop(rooms)
        self.holds_messages = bool(kept) and bool(rooms)
        kept.extend(self._waiting)
        self._waiting = kept
        for connection, messages in written.items():
            self._send(connection, messages[0] if len(messages) == 1 else b"".join(messages))
