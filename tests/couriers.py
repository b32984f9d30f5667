"""A courier for tests, with all that is around it: rows by hand, a journal that keeps what it is told, a clock."""

import socket
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from campaign.ledger.journal import Journal
from campaign.ledger.taker import Due, Taker
from campaign.model import Contact, Envelope, Message, Outcome, Parcel, Reply
from campaign.pace import Pace
from campaign.pipeline.courier import MailCourier
from campaign.pipeline.job import Job
from campaign.pipeline.plan import open_window
from campaign.pipeline.rows import Rows
from campaign.pipeline.trouble import Troubles
from campaign.smtp.connect import Session
from campaign.window import SendWindow
from tests.campaigns import SmallCampaign

EVERYTHING = {"pipelining": "", "smtputf8": "", "size": "10000"}


def due(number: int, *, tries: int = 0, email: str | None = None) -> Due:
    """A contact whose turn it is."""
    return Due(
        id=number, contact=Contact(number=number, email=email or f"p{number}@x.example", columns={}), tries=tries
    )


class Answers(Taker):
    """A taker that gives what it was told to, then None; an error is raised."""

    def __init__(self, *answers: list[Due] | Exception | None) -> None:
        self.answers = list(answers)
        self.asked = 0

    def take(self, most: int) -> list[Due] | None:
        self.asked += 1
        answer = self.answers.pop(0) if self.answers else None
        if isinstance(answer, Exception):
            raise answer
        return answer


class Notebook(Journal):
    """A journal that keeps what it is told, in order: (word, contact, what more there is to say)."""

    def __init__(self) -> None:
        self.said: list[tuple[Any, ...]] = []
        self.outcomes: list[Outcome] = []
        self.held: set[int] = set()

    def holds(self, contact: int) -> bool:
        return contact in self.held

    def claim(self, parcel: Parcel) -> None:
        self.said.append(("claim", parcel.contact))

    def settle(self, outcome: Outcome) -> None:
        self.outcomes.append(outcome)
        self.said.append((outcome.status.value, outcome.contact, outcome.spent))

    def release(self, contact: int) -> None:
        self.said.append(("release", contact))

    def condemn(self, contact: int, why: str) -> None:
        self.said.append(("condemn", contact, why))

    def doubt(self, contact: int, why: str) -> None:
        self.said.append(("doubt", contact, why))

    def give_up(self, contact: int) -> None:
        self.said.append(("give up", contact))

    def told(self) -> list[tuple[Any, ...]]:
        """What it was told since it was asked last."""
        told, self.said = self.said, []
        return told


def letter(one: Due, *, size: int = 100, smtputf8: bool = False) -> Parcel:
    """A parcel for a row."""
    envelope = Envelope(return_path="us@acme.example", recipient=one.contact.email, smtputf8=smtputf8)
    message = Message(envelope=envelope, message_id=f"<{one.id}@acme.example>", data=b"x" * (size - 2) + b"\r\n")
    return Parcel(contact=one.id, message=message, link_expires_at=0, link_fingerprint="", tries=one.tries)


class Office:
    """The courier and what is around it. `make` is what makes parcels; further values are the job's."""

    def __init__(
        self,
        folder: Path,
        session: Session,
        rows: Iterable[Due],
        *,
        make: Callable[[Due], Parcel] = letter,
        window: SendWindow | None = None,
        rate: float | None = None,
        pace: Pace | None = None,
        taker: Taker | None = None,
        journal: Journal | None = None,
        **orders: Any,
    ) -> None:
        job = SmallCampaign(folder / "campaign").people(1).plan(1).job(window or open_window())
        job = replace(job, **{"backoff": 1.0, "tries": 3, "first_wait": 10.0, "longest_wait": 60.0} | orders)
        self.now = 1000.0
        self.session = session
        self.taker = taker or Answers(list(rows))
        self.rows = Rows(self.taker)
        self.notebook = Notebook()
        self.troubles = Troubles(stop_after=job.stop_after, where="here")
        self.pace = pace or Pace(rate, now=self.now, second=job.backoff)
        self.courier = self._hire(job, make, journal or self.notebook)

    def _hire(self, job: Job, make: Callable[[Due], Parcel], journal: Journal) -> MailCourier:
        return MailCourier(
            job,
            rows=self.rows,
            make=make,
            journal=journal,
            pace=self.pace,
            troubles=self.troubles,
            clock=lambda: self.now,
        )

    def take(self) -> Parcel:
        """The next parcel, which there is."""
        parcel = self.courier.take(self.session)
        assert parcel is not None
        return parcel

    def take_none(self) -> None:
        """See that there is none."""
        assert self.courier.take(self.session) is None

    def notices(self) -> list[str]:
        return [notice.words for notice in self.troubles.notices()]


def reply(code: int, enhanced: str | None = None, text: str = "so it is") -> Reply:
    return Reply(code=code, enhanced=enhanced, text=text)


@contextmanager
def session(features: dict[str, str] | None = None) -> Iterator[Session]:
    """A session with a server that offers these."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield Session(sock=ours, features=EVERYTHING if features is None else features, leftover=b"")
