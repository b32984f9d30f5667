"""Sessions beside a first one: there when it is, given up with it."""

import queue
import socket
import threading
from collections.abc import Iterator

import pytest

from campaign.model import Phase
from campaign.smtp.session.error import SessionError
from campaign.smtp.session.session import Session
from campaign.smtp.session_opener import SessionOpener

_GIVE_UP = 30.0
REFUSED = SessionError("no", phase=Phase.CONNECT)


class Server:
    """Sessions by hand: each begins, and ends as it is told to."""

    def __init__(self) -> None:
        self.begun = threading.Semaphore(0)
        self.outcomes: list[queue.Queue[SessionError | None]] = []
        """What becomes of each, in the order in which they began; None: a session."""
        self.ends: list[socket.socket] = []
        """The server's ends of those."""
        self.set_up = threading.Semaphore(0)
        self.ours: list[socket.socket] = []
        self.woken = threading.Event()
        self.opener = SessionOpener(self.connect, wake=self.woken.set, beside=True)
        self._lock = threading.Lock()

    def connect(self) -> Session:
        outcome: queue.Queue[SessionError | None] = queue.Queue()
        with self._lock:
            self.outcomes.append(outcome)
        self.begun.release()
        error = outcome.get(timeout=_GIVE_UP)
        if error is not None:
            raise error
        ours, theirs = socket.socketpair()
        theirs.settimeout(_GIVE_UP)
        self.ends.append(theirs)
        self.ours.append(ours)
        self.set_up.release()
        return Session(sock=ours, features={}, leftover=b"")

    def request(self, most: int, expected: int) -> None:
        """Have the opener ask for `most`, and wait until so many more have begun as are expected."""
        self.opener.request(most, now=0.0)
        for _ in range(expected):
            assert self.begun.acquire(timeout=_GIVE_UP)
        assert not self.begun.acquire(blocking=False)

    def fetch(self) -> Session | SessionError:
        """What arrives next."""
        while (arrival := self.opener.fetch()) is None:
            assert self.woken.wait(_GIVE_UP)
            self.woken.clear()
        return arrival


@pytest.fixture
def server() -> Iterator[Server]:
    by_hand = Server()
    yield by_hand
    by_hand.opener.close()
    for outcome in by_hand.outcomes:
        outcome.put(REFUSED)
    for one in (*by_hand.ends, *by_hand.ours):
        one.close()


def begin(server: Server, count: int) -> None:
    """Have so many begun, the first one first."""
    server.request(1, expected=1)
    server.request(count, expected=count - 1)


def test_others_are_set_up_beside_the_first_and_are_there_once_it_is(server: Server) -> None:
    begin(server, 4)
    assert server.opener.under_way == 4
    for beside in server.outcomes[1:]:
        beside.put(None)
    assert server.opener.fetch() is None, "as long as nobody knows what becomes of the first"
    server.outcomes[0].put(None)
    for left in (3, 2, 1, 0):
        assert isinstance(server.fetch(), Session)
        assert server.opener.under_way == left


def test_the_failure_of_the_first_is_one_failure_and_the_others_are_given_up_politely(server: Server) -> None:
    """Who hears of it hears that there are no others: it is not one connection too many."""
    begin(server, 3)
    server.outcomes[1].put(None)
    server.outcomes[0].put(REFUSED)
    assert server.fetch() is REFUSED
    assert server.opener.under_way == 0
    server.outcomes[2].put(REFUSED)
    assert server.set_up.acquire(timeout=_GIVE_UP)
    assert server.ends[0].recv(100) == b"QUIT\r\n"
    assert server.opener.fetch() is None


def test_after_a_failure_they_are_opened_one_at_a_time(server: Server) -> None:
    begin(server, 3)
    server.outcomes[0].put(REFUSED)
    server.fetch()
    server.request(3, expected=1)
    server.outcomes[3].put(None)
    assert isinstance(server.fetch(), Session)
    server.request(2, expected=2)


def test_one_beside_the_first_that_fails_is_heard_of_after_it(server: Server) -> None:
    """A server that takes fewer connections says so, and that is judged with the first one open."""
    begin(server, 2)
    server.outcomes[1].put(REFUSED)
    assert server.opener.fetch() is None
    server.outcomes[0].put(None)
    assert isinstance(server.fetch(), Session)
    assert server.fetch() is REFUSED


def test_there_is_none_beside_the_first_unless_that_is_allowed(server: Server) -> None:
    """A wrong password is tried once."""
    server.opener = SessionOpener(server.connect, wake=server.woken.set)
    server.request(3, expected=1)
    server.outcomes[0].put(None)
    server.fetch()
    server.request(3, expected=3)


def test_closing_gives_up_those_that_wait(server: Server) -> None:
    begin(server, 2)
    server.outcomes[1].put(None)
    server.opener.close()
    assert server.set_up.acquire(timeout=_GIVE_UP)
    assert server.ends[0].recv(100) == b"QUIT\r\n"
