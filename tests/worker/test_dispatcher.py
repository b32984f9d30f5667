"""The dispatcher's promise about claims: no body leaves before the claim of that very try is durable."""

import socket
from collections.abc import Container, Iterator
from pathlib import Path

import pytest

from campaign.ledger.interface import Journal
from campaign.model import Attempt, Contact, DueRow, Envelope, Message, Outcome, Phase, Reply
from campaign.run.plan import open_window
from campaign.smtp.session.session import Session
from campaign.worker.circuit_breaker import CircuitBreaker
from campaign.worker.dispatcher import Dispatcher
from campaign.worker.row_queue import RowQueue
from campaign.worker.send_rate import SendRate
from campaign.worker.server_parts import only_server
from tests.campaigns import SmallCampaign

_GREYLISTED = Reply(code=451, enhanced="4.7.1", text="Try later")
_ENVELOPE = Envelope(return_path="hello@acme.example", recipient="ann@people.example")


class _OneRow:
    """A due_rows with one contact."""

    held_queues: frozenset[str] | None = None
    passing = False
    left: int | None = None

    def __init__(self) -> None:
        self._dues = [DueRow(id=1, contact=Contact(number=1, email=_ENVELOPE.recipient, columns={}), tries=0)]

    def take(self, most: int, *, held: Container[str] = ()) -> list[DueRow] | None:
        dues, self._dues = self._dues[:most], []
        return dues or None


class _Claims:
    """A journal that keeps the claims for the test to make durable."""

    lease_holds = True

    def __init__(self) -> None:
        self.claims: list[Attempt] = []
        self.outcomes: list[Outcome] = []
        self.released: list[int] = []

    def claim(self, attempt: Attempt) -> None:
        self.claims.append(attempt)

    def settle(self, outcome: Outcome) -> None:
        self.outcomes.append(outcome)

    def release(self, contact: int) -> None:
        self.released.append(contact)

    def holds(self, contact: int) -> bool:
        return False


class _Fixture:
    """A dispatcher with one row, its journal and its clock."""

    def __init__(self, folder: Path, session: Session) -> None:
        self.now = 0.0
        self.claims = _Claims()
        self.session = session
        journal: Journal = self.claims  # type: ignore[assignment] # what the dispatcher uses of it
        due_rows = _OneRow()
        job = SmallCampaign(folder / "campaign").people(1).plan(1).job(open_window())
        rows, breaker = RowQueue(due_rows), CircuitBreaker(stop_after=100, where="")
        self.dispatcher = Dispatcher(
            job,
            only_server(rows, journal, breaker),
            server=job.servers[0].server,
            rows=rows,
            make=_attempt,
            size_of=lambda _: 0,
            journal=journal,
            send_rate=SendRate(None, now=0.0),
            breaker=breaker,
            clock=lambda: self.now,
        )

    def take(self) -> Attempt:
        attempt = self.dispatcher.next_attempt(self.session)
        assert attempt is not None and attempt is self.claims.claims[-1]
        return attempt


def _attempt(due: DueRow) -> Attempt:
    message = Message(envelope=_ENVELOPE, message_id="<1@acme.example>", data=b"Subject: x\r\n\r\nx\r\n")
    return Attempt(contact=due.id, message=message, link_expires_at=0, link_fingerprint="")


@pytest.fixture
def dispatcher(tmp_path: Path) -> Iterator[_Fixture]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield _Fixture(tmp_path, Session(sock=ours, features={}, leftover=b""))


def test_a_body_waits_for_its_claim(dispatcher: _Fixture) -> None:
    attempt = dispatcher.take()
    assert not dispatcher.dispatcher.may_send_body(attempt)
    dispatcher.dispatcher.claims_durable([attempt])
    assert dispatcher.dispatcher.may_send_body(attempt)


@pytest.mark.parametrize("ending", ["answered", "not_sent"])
def test_an_earlier_claim_of_the_same_contact_says_nothing_of_a_later_one(dispatcher: _Fixture, ending: str) -> None:
    """The first try ends while its claim is still on its way to the disk, and the row goes again: the same contact,
    the same words. Were its body to leave on the first claim, a crash would leave it `pending`, and mailed twice."""
    first = dispatcher.take()
    if ending == "answered":
        dispatcher.dispatcher.reply_received(first, Phase.RCPT, _GREYLISTED, served=True)
    else:
        dispatcher.dispatcher.not_sent(first, "the server hung up")
    dispatcher.now += 60.0
    second = dispatcher.take()
    assert second is not first
    dispatcher.dispatcher.claims_durable([first])
    assert not dispatcher.dispatcher.may_send_body(second)
    dispatcher.dispatcher.claims_durable([second])
    assert dispatcher.dispatcher.may_send_body(second)


def test_a_claim_that_is_durable_only_when_its_try_has_ended_leaves_nothing_behind(dispatcher: _Fixture) -> None:
    first = dispatcher.take()
    dispatcher.dispatcher.not_sent(first, "")
    second = dispatcher.take()
    dispatcher.dispatcher.claims_durable([second])
    dispatcher.dispatcher.claims_durable([first])
    assert dispatcher.dispatcher.may_send_body(second)


def test_a_claim_that_another_worker_won_never_lets_the_body_go(dispatcher: _Fixture) -> None:
    attempt = dispatcher.take()
    dispatcher.dispatcher.claims_lost([attempt])
    assert not dispatcher.dispatcher.may_send_body(attempt)


def test_where_the_lease_has_run_out_no_body_leaves_and_nothing_begins(dispatcher: _Fixture) -> None:
    """Others may have been told that this worker is gone, and its claims be in doubt."""
    attempt = dispatcher.take()
    dispatcher.dispatcher.claims_durable([attempt])
    dispatcher.claims.lease_holds = False
    assert not dispatcher.dispatcher.may_send_body(attempt)
    dispatcher.dispatcher.not_sent(attempt, "")
    assert dispatcher.claims.released == [attempt.contact]
    assert dispatcher.dispatcher.next_attempt(dispatcher.session) is None
    dispatcher.claims.lease_holds = True
    assert dispatcher.take() is not attempt
