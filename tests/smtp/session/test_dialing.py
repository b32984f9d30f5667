"""A dead address of a name is not waited for: not long by the first connection, and not at all by those after it."""

import contextlib
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from campaign.model import Phase
from campaign.smtp.session.address_history import Address, AddressHistory
from campaign.smtp.session.connect import connect
from campaign.smtp.session.dialing import UnreachableError, dial
from campaign.smtp.session.error import SessionError
from campaign.smtp.session.server import Server
from tests.conftest import StartServer
from tests.ports import silent_port
from tests.smtp_server import CATALOGUE

V4, V6 = socket.AF_INET, socket.AF_INET6
At = tuple[Any, ...]


@contextlib.contextmanager
def blackhole() -> Iterator[At]:
    """An address that answers nothing: the queue of those who wait there is full."""
    with contextlib.ExitStack() as crowd:
        full = crowd.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(3):
            guest = crowd.enter_context(socket.socket())
            guest.setblocking(False)
            guest.connect_ex(full.getsockname())
        yield full.getsockname()


@pytest.fixture
def dead() -> Iterator[At]:
    with blackhole() as at:
        yield at


@pytest.fixture
def alive() -> Iterator[At]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()


@pytest.fixture
def refusing() -> Iterator[At]:
    with silent_port() as bound:
        yield bound.getsockname()


def named(monkeypatch: pytest.MonkeyPatch, *addresses: At) -> None:
    """Let every host have these addresses."""
    found = [(V4, socket.SOCK_STREAM, 6, "", at) for at in addresses]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)


def peer(history: AddressHistory, *, timeout: float = 600) -> At:
    """Whom one connection goes to. The patience is such that nobody would wait for its end."""
    with dial("relay.acme.example", 25, timeout=timeout, history=history) as sock:
        at: At = sock.getpeername()
        return at


class Impatient(AddressHistory):
    """Goes on to the next address at once."""

    def delay(self, at: At) -> float:
        return 0.0


class Patient(AddressHistory):
    """Never goes on to the next address while there is hope."""

    def delay(self, at: At) -> float:
        return 10_000.0


def test_a_dead_first_address_is_overtaken(monkeypatch: pytest.MonkeyPatch, dead: At, alive: At) -> None:
    named(monkeypatch, dead, alive)
    assert peer(Impatient()) == alive
    assert peer(AddressHistory()) == alive, "the delay is a quarter of a second: by timeouts it would be minutes"


def test_those_after_it_do_not_wait_for_it_at_all(monkeypatch: pytest.MonkeyPatch, dead: At, alive: At) -> None:
    named(monkeypatch, dead, alive)
    history = Impatient()
    peer(history)
    monkeypatch.setattr(Impatient, "delay", Patient.delay)
    assert peer(history) == alive


def test_a_refusal_is_not_waited_for(monkeypatch: pytest.MonkeyPatch, refusing: At, alive: At) -> None:
    named(monkeypatch, refusing, alive)
    assert peer(Patient()) == alive


def test_a_refusal_while_another_is_waited_for_brings_the_next(
    monkeypatch: pytest.MonkeyPatch, dead: At, refusing: At, alive: At
) -> None:
    named(monkeypatch, dead, refusing, alive)

    class SecondOnly(AddressHistory):
        def delay(self, at: At) -> float:
            return 0.0 if at == dead else 10_000.0

    assert peer(SecondOnly()) == alive


def test_a_family_that_this_machine_lacks_is_no_obstacle(monkeypatch: pytest.MonkeyPatch, alive: At) -> None:
    found = [(999, socket.SOCK_STREAM, 6, "", ("nowhere", 25)), (V4, socket.SOCK_STREAM, 6, "", alive)]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    assert peer(Patient()) == alive


def test_the_losers_are_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also one that has connected as well."""
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as other:
        both = (one, other)
        named(monkeypatch, *(server.getsockname() for server in both))
        with dial("relay.acme.example", 25, timeout=600, history=Impatient()) as sock:
            loser = next(server for server in both if server.getsockname() != sock.getpeername())
            end, _ = loser.accept()
            with end:
                assert end.recv(1) == b""


def test_the_name_of_all_that_are_dead_and_why(monkeypatch: pytest.MonkeyPatch, dead: At, refusing: At) -> None:
    with blackhole() as other:
        named(monkeypatch, dead, refusing, other)
        with pytest.raises(UnreachableError) as caught:
            peer(AddressHistory(), timeout=0.3)
    assert [type(error) for _, error in caught.value.failures] == [ConnectionRefusedError, TimeoutError, TimeoutError]


def test_one_clear_error_where_all_are_dead(monkeypatch: pytest.MonkeyPatch, dead: At, refusing: At) -> None:
    named(monkeypatch, dead, refusing)
    with pytest.raises(SessionError) as caught:
        connect(Server(host="relay.acme.example", port=25, security="none", timeout=0.3))
    assert caught.value.what == (
        "could not connect to the server: none of its 2 addresses takes a connection "
        "(127.0.0.1: connection refused; 127.0.0.1: no answer within 0.3 s)"
    )
    assert (caught.value.phase, caught.value.reply) == (Phase.CONNECT, None)
    assert caught.value.where == "smtp.host relay.acme.example, port 25"
    assert caught.value.fix == "check smtp.host and smtp.port"


def test_one_address_fails_as_it_is(refusing: At, dead: At) -> None:
    with pytest.raises(ConnectionRefusedError):
        dial(*refusing, timeout=60)
    with pytest.raises(TimeoutError):
        dial(*dead, timeout=0.1)


def test_what_does_not_greet_is_tried_last_next_time(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, smtp_server: StartServer
) -> None:
    """It takes connections, and that is all: a dead relay behind a living load balancer; or it refuses everybody."""
    for fault in ("connect_cut", "connect_4xx", "connect_5xx"):
        bad, good = smtp_server(CATALOGUE[fault]()), smtp_server()
        named(monkeypatch, ("127.0.0.1", bad.port), ("127.0.0.1", good.port))
        us = Server(host="relay.acme.example", port=25, security="none", timeout=60)
        with pytest.raises(SessionError):
            connect(us)
        connect(us).hang_up()
        connect(us).hang_up()
        assert (len(bad.connections), len(good.connections)) == (1, 2)


class TestOrder:
    """What `AddressHistory` makes of what it heard."""

    A, B, C = (Address(V6, socket.SOCK_STREAM, 6, (f"2001:db8::{number}", 25, 0, 0)) for number in (1, 2, 3))
    X, Y = (Address(V4, socket.SOCK_STREAM, 6, (f"192.0.2.{number}", 25)) for number in (1, 2))

    def test_families_take_turns(self) -> None:
        """The first is the one that the system puts first."""
        assert AddressHistory().in_order([self.A, self.B, self.C, self.X, self.Y]) == [
            *(self.A, self.X, self.B, self.Y, self.C)
        ]
        assert AddressHistory().in_order([self.X, self.A, self.A, self.B]) == [self.X, self.A, self.B]

    def test_the_dead_are_last_for_ten_minutes(self) -> None:
        now = 0.0
        history = AddressHistory(lambda: now)
        history.record_failure(self.X.at)
        assert history.in_order([self.X, self.Y]) == [self.Y, self.X]
        now = 599
        assert history.in_order([self.X, self.Y]) == [self.Y, self.X]
        now = 601
        assert history.in_order([self.X, self.Y]) == [self.X, self.Y]

    def test_where_all_are_dead_that_is_forgotten(self) -> None:
        history = AddressHistory()
        history.record_failure(self.X.at)
        assert history.in_order([self.X]) == [self.X]
        assert history.in_order([self.X, self.Y]) == [self.X, self.Y]

    def test_who_answers_is_not_dead(self) -> None:
        history = AddressHistory()
        history.record_failure(self.X.at)
        history.record_success(self.X.at, 0.1)
        assert history.in_order([self.X, self.Y]) == [self.X, self.Y]

    def test_one_that_is_far_away_is_given_time(self) -> None:
        """Else every connection to it would be two."""
        history = AddressHistory()
        for took, delay in ((0.01, 0.25), (0.4, 0.8), (30.0, 2.0)):
            history.record_success(self.X.at, took)
            assert history.delay(self.X.at) == delay
