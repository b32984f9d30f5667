"""Which message goes over which connection, and when."""

from collections.abc import Callable
from dataclasses import replace

from campaign.model import Attempt
from campaign.smtp.chunking.feed import Feed
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

    def may_send_body(self, attempt: Attempt) -> bool:
        return not self.held(attempt.contact)


class Feeding:
    """A feed with connections that may have `depth` messages in flight."""

    def __init__(self, count: int, *, connections: int = 1, depth: int = 4) -> None:
        self.handler = Handler(count)
        self.writes: list[tuple[Connection, bytes]] = []
        self.feed = Feed(self.handler, send=lambda *given: self.writes.append(given), clock=lambda: 0.0)
        self.connections = [connection_over(Lines(), trial=trial_of()) for _ in range(connections)]
        self.left = dict.fromkeys(self.connections, ENDLESS)
        for connection in self.connections:
            assert connection.stream is not None
            self.feed.add(connection, connection.stream)
            for _ in range(depth - 1):
                connection.stream.depth.answered(0.0, alone=False)

    def give(self) -> list[Connection]:
        return self.feed.give(lambda connection: self.left[connection])

    def in_flight(self, connection: Connection) -> list[int]:
        assert connection.stream is not None
        return [message.attempt.contact for message in connection.stream.dialogue.in_flight]


def test_each_goes_to_the_connection_with_the_fewest_in_flight() -> None:
    feeding = Feeding(7, connections=3)
    feeding.give()
    assert sorted(len(feeding.in_flight(one)) for one in feeding.connections) == [2, 2, 3]


def test_what_goes_over_a_connection_at_once_is_one_write() -> None:
    feeding = Feeding(4)
    feeding.give()
    ((_, data),) = feeding.writes
    assert data.count(b"LAST\r\n") == 4


def test_as_many_wait_as_may_be_in_flight_and_never_more() -> None:
    feeding = Feeding(100, connections=2)
    feeding.give()
    assert feeding.handler.taken.total() == 2 * 2 * 4


def test_of_large_messages_fewer_wait_and_fewer_are_in_flight() -> None:
    feeding = Feeding(0, depth=8)
    feeding.handler.waiting.extend(attempt(number, b"x" * (3 << 20)) for number in range(1, 30))
    for _ in range(5):
        feeding.give()
    assert feeding.handler.taken.total() == 4 and len(feeding.in_flight(feeding.connections[0])) == 2


def test_no_more_are_made_than_may_begin_in_a_connections_life() -> None:
    feeding = Feeding(100, connections=2)
    feeding.left = dict(zip(feeding.connections, (1, 3), strict=True))
    assert feeding.give() == [] and feeding.handler.taken.total() == 4
    assert [len(feeding.in_flight(one)) for one in feeding.connections] == [1, 3]


def test_one_that_may_not_go_yet_holds_up_no_other() -> None:
    feeding = Feeding(8)
    feeding.handler.held = lambda contact: contact in (1, 3)
    feeding.give()
    assert feeding.in_flight(feeding.connections[0]) == [2, 4, 5, 6]
    assert not feeding.feed.holds_messages, "no connection has room for them"


def test_those_wait_together_for_whichever_connection_comes_first() -> None:
    feeding = Feeding(4, connections=2)
    feeding.handler.held = lambda _: True
    assert feeding.give() == [] and feeding.feed.holds_messages
    feeding.handler.held = lambda _: False
    feeding.left[feeding.connections[0]] = 0
    assert feeding.give() == [feeding.connections[0]]
    assert feeding.in_flight(feeding.connections[1]) == [1, 2, 3, 4]


def test_without_messages_every_connection_has_nothing_to_do() -> None:
    feeding = Feeding(0, connections=2)
    assert feeding.give() == feeding.connections


def test_an_old_link_comes_back() -> None:
    feeding = Feeding(2)
    feeding.handler.aged = {1}
    feeding.give()
    assert feeding.handler.words == {1: ["not_sent"]} and feeding.in_flight(feeding.connections[0]) == [2]


def test_a_connection_whose_bytes_wait_gets_no_more() -> None:
    feeding = Feeding(3, connections=2)
    stuck = feeding.connections[0]
    stuck.sock.takes = 0  # type: ignore[attr-defined]
    stuck.send(b"x")
    feeding.give()
    assert feeding.in_flight(stuck) == [] and len(feeding.in_flight(feeding.connections[1])) == 3


def test_with_the_last_connection_what_waits_goes_back() -> None:
    feeding = Feeding(3, connections=2)
    feeding.handler.held = lambda _: True
    feeding.give()
    feeding.feed.remove(feeding.connections[0])
    assert not feeding.handler.words
    feeding.feed.remove(feeding.connections[1])
    assert feeding.handler.last_words() == {"not_sent": 3} and not feeding.feed.holds_messages


def test_a_session_of_another_kind_does_not_take_what_was_made_for_the_others() -> None:
    feeding = Feeding(0)
    session = feeding.connections[0].session
    assert feeding.feed.takes(session)
    for features in ({"size": "20"}, {"smtputf8": ""}):
        assert not feeding.feed.takes(replace(session, features=session.features | features))
