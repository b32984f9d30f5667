"""The courier's promise about claims: no body leaves before the claim of that very try is durable."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from campaign.ledger.journal import Journal
from campaign.ledger.taker import Due
from campaign.model import Contact, Envelope, Message, Outcome, Parcel, Phase, Reply
from campaign.pace import Pace
from campaign.pipeline.courier import MailCourier
from campaign.pipeline.plan import open_window
from campaign.pipeline.rows import Rows
from campaign.pipeline.trouble import Troubles
from campaign.smtp.connect import Session
from tests.campaigns import SmallCampaign

_GREYLISTED = Reply(code=451, enhanced="4.7.1", text="Try later")
_ENVELOPE = Envelope(return_path="hello@acme.example", recipient="ann@people.example")


class _OneRow:
    """A taker with one contact."""

    def __init__(self) -> None:
        self._dues = [Due(id=1, contact=Contact(number=1, email=_ENVELOPE.recipient, columns={}), tries=0)]

    def take(self, most: int) -> list[Due] | None:
        dues, self._dues = self._dues[:most], []
        return dues or None


class _Claims:
    """A journal that keeps the claims for the test to make durable."""

    def __init__(self) -> None:
        self.claims: list[Parcel] = []
        self.outcomes: list[Outcome] = []
        self.released: list[int] = []

    def claim(self, parcel: Parcel) -> None:
        self.claims.append(parcel)

    def settle(self, outcome: Outcome) -> None:
        self.outcomes.append(outcome)

    def release(self, contact: int) -> None:
        self.released.append(contact)

    def holds(self, contact: int) -> bool:
        return False


class _Fixture:
    """A courier with one row, its journal and its clock."""

    def __init__(self, folder: Path, session: Session) -> None:
        self.now = 0.0
        self.claims = _Claims()
        self.session = session
        journal: Journal = self.claims  # type: ignore[assignment] # the four methods that the courier uses
        taker = _OneRow()
        self.courier = MailCourier(
            SmallCampaign(folder / "campaign").people(1).plan(1).job(open_window()),
            rows=Rows(taker),  # type: ignore[arg-type] # the one method that rows are taken by
            make=_parcel,
            journal=journal,
            pace=Pace(None, now=0.0),
            troubles=Troubles(stop_after=100, where=""),
            clock=lambda: self.now,
        )

    def take(self) -> Parcel:
        parcel = self.courier.take(self.session)
        assert parcel is not None and parcel is self.claims.claims[-1]
        return parcel


def _parcel(due: Due) -> Parcel:
    message = Message(envelope=_ENVELOPE, message_id="<1@acme.example>", data=b"Subject: x\r\n\r\nx\r\n")
    return Parcel(contact=due.id, message=message, link_expires_at=0, link_fingerprint="", tries=due.tries)


@pytest.fixture
def courier(tmp_path: Path) -> Iterator[_Fixture]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield _Fixture(tmp_path, Session(sock=ours, features={}, leftover=b""))


def test_a_body_waits_for_its_claim(courier: _Fixture) -> None:
    parcel = courier.take()
    assert not courier.courier.may_leave(parcel)
    courier.courier.cleared([parcel])
    assert courier.courier.may_leave(parcel)


@pytest.mark.parametrize("ending", ["answered", "untouched"])
def test_an_earlier_claim_of_the_same_contact_says_nothing_of_a_later_one(courier: _Fixture, ending: str) -> None:
    """The first try ends while its claim is still on its way to the disk, and the row goes again: the same contact,
    the same words. Were its body to leave on the first claim, a crash would leave it `pending`, and mailed twice."""
    first = courier.take()
    if ending == "answered":
        courier.courier.answered(first, Phase.RCPT, _GREYLISTED, served=True)
    else:
        courier.courier.untouched(first, "the server hung up")
    courier.now += 60.0
    second = courier.take()
    assert second is not first
    courier.courier.cleared([first])
    assert not courier.courier.may_leave(second)
    courier.courier.cleared([second])
    assert courier.courier.may_leave(second)


def test_a_claim_that_is_durable_only_when_its_try_has_ended_leaves_nothing_behind(courier: _Fixture) -> None:
    first = courier.take()
    courier.courier.untouched(first, "")
    second = courier.take()
    courier.courier.cleared([second])
    courier.courier.cleared([first])
    assert courier.courier.may_leave(second)


def test_a_claim_that_another_worker_won_never_lets_the_body_go(courier: _Fixture) -> None:
    parcel = courier.take()
    courier.courier.lost([parcel])
    assert not courier.courier.may_leave(parcel)
