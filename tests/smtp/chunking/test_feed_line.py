"""Messages that wait for their claims: in one line, asked about no more often than it takes."""

from collections import deque
from types import SimpleNamespace
from typing import Any, cast

from campaign.model import Attempt
from campaign.smtp.chunking.feed import Feed
from tests.attempts import attempt
from tests.smtp.recording_handler import RecordingHandler


class Handler(RecordingHandler):
    """Claims become durable in the order in which they were made: those of the first `durable` attempts are."""

    def __init__(self, count: int) -> None:
        super().__init__(attempt(number) for number in range(count))
        self.durable = 0
        self.asked: list[int] = []

    def may_send_body(self, attempt: Attempt) -> bool:
        self.asked.append(attempt.contact)
        return attempt.contact < self.durable


class Line:
    """A feed with one connection that may have so many messages in flight, and keeps what it is sent."""

    def __init__(self, handler: Handler, allowed: int) -> None:
        self.sent: list[int] = []
        self.dialogue = SimpleNamespace(in_flight=deque[int]())
        session = SimpleNamespace(smtputf8=True, size_limit=None)
        connection = SimpleNamespace(blocked=False, session=session, begin_message=self._begin)
        self.connection = cast(Any, _Hashable(connection))
        self.feed = Feed(handler, send=lambda *_: None, clock=lambda: 0.0)
        self.feed.add(self.connection, cast(Any, SimpleNamespace(allowed=allowed, dialogue=self.dialogue)))

    def give(self) -> None:
        self.feed.give(lambda _: 1000)

    def _begin(self, attempt: Attempt, now: float) -> bytes:
        self.sent.append(attempt.contact)
        self.dialogue.in_flight.append(attempt.contact)
        return b"x"


class _Hashable:
    """A connection is a key."""

    def __init__(self, what: SimpleNamespace) -> None:
        self.__dict__.update(what.__dict__)


def test_where_the_first_claims_are_not_durable_the_others_are_not_asked_about() -> None:
    handler = Handler(100)
    line = Line(handler, allowed=20)
    line.give()
    assert line.sent == [] and line.feed.holds_messages
    assert len(handler.asked) < 10


def test_whatever_is_durable_goes_in_order_and_the_rest_keeps_its_place() -> None:
    handler = Handler(100)
    line = Line(handler, allowed=20)
    line.give()
    handler.durable = 13
    line.give()
    assert line.sent == list(range(13)) and line.feed.holds_messages
    handler.durable = 100
    line.give()
    assert line.sent == list(range(20)) and not line.feed.holds_messages
