"""Which message goes over which connection, and when."""

from collections.abc import Callable
from dataclasses import replace

from campaign.model import Attempt
from campaign.smtp.chunking.shared_queue import SharedQueue
from campaign.smtp.connection import Connection
from tests.attempts import attempt
from tests.smtp.chunking.modelled import Lines, connection_over, trial_of
from tests.smtp.recording_handler import RecordingHandler

ENDLESS = 1 << 30


class Handler(RecordingHandler):
    """Lets those go that the test lets go."""

    def __init__(self, count: int) -> None:
        super().__init__(attempt(number) for number in range(1, count + 1))
        self.held: Callable[[int], bool] = lambda contact: False
        self.asked = 0

    def may_send_body(self, attempt: Attempt) -> bool:
        self.asked += 1
        return not self.held(attempt.contact)


class Sharing:
    """A queue with connections that may have `depth` messages in flight."""

    def __init__(self, count: int, *, connections: int = 1, depth: int = 4) -> None:
        self.handler = Handler(count)
        self.writes: list[tuple[Connection, bytes]] = []
        self.queue = SharedQueue(self.handler, send=lambda *given: self.writes.append(given), clock=lambda: 0.0)
        self.connections = [connection_over(Lines(), trial=trial_of(), in_flight=depth) for _ in range(connections)]
        self.left = dict.fromkeys(self.connections, ENDLESS)
        for connection in self.connections:
            assert connection.stream is not None
            self.queue.add(connection, connection.stream)
            for _ in range(depth - 1):
                connection.stream.depth.answered(0.0, alone=False)

    def give(self) -> list[Connection]:
        return self.queue.give(lambda connection: self.left[connection])

    def in_flight(self, connection: Connection) -> list[int]:
        assert connection.stream is not None
        return [message.attempt.contact for message in connection.stream.dialogue.in_flight]


def test_each_goes_to_the_connection_with_the_fewest_in_flight() -> None:
    sharing = Sharing(7, connections=3)
    sharing.give()
    assert sorted(len(sharing.in_flight(one)) for one in sharing.connections) == [2, 2, 3]


def test_what_goes_over_a_connection_at_once_is_one_write() -> None:
    sharing = Sharing(4)
    sharing.give()
    ((_, data),) = sharing.writes
    assert data.count(b"LAST\r\n") == 4


def test_as_many_wait_as_may_be_in_flight_and_never_more() -> None:
    sharing = Sharing(100, connections=2)
    sharing.give()
    assert sharing.handler.taken.total() == 2 * 2 * 4


def test_of_large_messages_fewer_wait_and_fewer_are_in_flight() -> None:
    sharing, large = Sharing(0, depth=8), b"x" * (3 << 20)
    sharing.handler.waiting.extend(attempt(number, large) for number in range(1, 9))
    for _ in range(5):
        sharing.give()
    assert sharing.handler.taken.total() == 4 and len(sharing.in_flight(sharing.connections[0])) == 2


def test_no_more_are_made_than_may_begin_in_a_connections_life() -> None:
    sharing = Sharing(100, connections=2)
    sharing.left = dict(zip(sharing.connections, (1, 3), strict=True))
    assert sharing.give() == [] and sharing.handler.taken.total() == 4
    assert [len(sharing.in_flight(one)) for one in sharing.connections] == [1, 3]


def test_one_that_may_not_go_yet_holds_up_no_other() -> None:
    sharing = Sharing(8)
    sharing.handler.held = lambda contact: contact in (1, 3)
    sharing.give()
    assert sharing.in_flight(sharing.connections[0]) == [2, 4, 5, 6]
    assert not sharing.queue.holds_messages, "no connection has room for them"


def test_where_the_first_claims_are_not_durable_the_others_are_not_asked_about() -> None:
    sharing = Sharing(100, depth=20)
    sharing.handler.held = lambda _: True
    sharing.give()
    assert sharing.handler.taken.total() == 2 * 20 and sharing.handler.asked < 10


def test_what_is_durable_goes_in_order_and_the_rest_keeps_its_place() -> None:
    sharing = Sharing(100, depth=20)
    for durable, gone in ((0, 0), (13, 13), (100, 20)):
        sharing.handler.held = lambda contact, durable=durable: contact > durable  # type: ignore[misc]
        sharing.give()
        assert sharing.in_flight(sharing.connections[0]) == list(range(1, gone + 1))
        assert sharing.queue.holds_messages is (gone < 20)


def test_those_wait_together_for_whichever_connection_comes_first() -> None:
    sharing = Sharing(4, connections=2)
    sharing.handler.held = lambda _: True
    assert sharing.give() == [] and sharing.queue.holds_messages
    sharing.handler.held = lambda _: False
    sharing.left[sharing.connections[0]] = 0
    assert sharing.give() == [sharing.connections[0]]
    assert sharing.in_flight(sharing.connections[1]) == [1, 2, 3, 4]


def test_without_messages_every_connection_has_nothing_to_do() -> None:
    sharing = Sharing(0, connections=2)
    assert sharing.give() == sharing.connections


def test_an_old_link_comes_back() -> None:
    sharing = Sharing(2)
    sharing.handler.aged = {1}
    sharing.give()
    assert sharing.handler.words == {1: ["not_sent"]} and sharing.in_flight(sharing.connections[0]) == [2]


def test_a_connection_whose_bytes_wait_gets_no_more() -> None:
    sharing = Sharing(3, connections=2)
    stuck = sharing.connections[0]
    stuck.sock.takes = 0  # type: ignore[attr-defined]
    stuck.send(b"x")
    sharing.give()
    assert sharing.in_flight(stuck) == [] and len(sharing.in_flight(sharing.connections[1])) == 3


def test_with_the_last_connection_what_waits_goes_back() -> None:
    sharing = Sharing(3, connections=2)
    sharing.handler.held = lambda _: True
    sharing.give()
    sharing.queue.remove(sharing.connections[0])
    assert not sharing.handler.words
    sharing.queue.remove(sharing.connections[1])
    assert sharing.handler.last_words() == {"not_sent": 3} and not sharing.queue.holds_messages


def test_a_session_of_another_kind_does_not_take_what_was_made_for_the_others() -> None:
    sharing = Sharing(0)
    session = sharing.connections[0].session
    assert sharing.queue.takes(session)
    for features in ({"size": "20"}, {"smtputf8": ""}):
        assert not sharing.queue.takes(replace(session, features=session.features | features))
