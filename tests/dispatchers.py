"""A dispatcher for tests, with all that is around it: rows by hand, a journal that keeps what it is told, a clock."""

import socket
from collections.abc import Callable, Container, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from campaign.ledger.sqlite.due_rows import SqliteDueRows
from campaign.ledger.sqlite.journal import SqliteJournal
from campaign.model import Attempt, Contact, DueRow, Envelope, Message, Outcome, Reply
from campaign.run.plan import open_window
from campaign.smtp.session.session import Session
from campaign.window import SendWindow
from campaign.worker.circuit_breaker import CircuitBreaker
from campaign.worker.dispatcher import Dispatcher
from campaign.worker.held_queues import HeldQueues
from campaign.worker.job import Job
from campaign.worker.opening_hours import OpeningHours
from campaign.worker.row_queue import RowQueue
from campaign.worker.send_rate import SendRate
from campaign.worker.server_parts import only_server
from tests.campaigns import SmallCampaign

EVERYTHING = {"pipelining": "", "smtputf8": "", "size": "10000"}


def due(number: int, *, tries: int = 0, email: str | None = None) -> DueRow:
    """A contact whose turn it is."""
    return DueRow(
        id=number, contact=Contact(number=number, email=email or f"p{number}@x.example", columns={}), tries=tries
    )


class Answers(SqliteDueRows):
    """A due_rows that gives what it was told to, then None; an error is raised."""

    def __init__(self, *answers: list[DueRow] | Exception | None) -> None:
        self.held_queues, self.passing = None, False
        self.answers = list(answers)
        self.asked = 0

    def take(self, most: int, *, held: Container[str] = ()) -> list[DueRow] | None:
        self.asked += 1
        answer = self.answers.pop(0) if self.answers else None
        if isinstance(answer, Exception):
            raise answer
        return answer


class Notebook(SqliteJournal):
    """A journal that keeps what it is told, in order: (word, contact, what more there is to say)."""

    def __init__(self) -> None:
        self.said: list[tuple[Any, ...]] = []
        self.outcomes: list[Outcome] = []
        self.held: set[int] = set()

    def holds(self, contact: int) -> bool:
        return contact in self.held

    def claim(self, attempt: Attempt) -> None:
        self.said.append(("claim", attempt.contact))

    def settle(self, outcome: Outcome) -> None:
        self.outcomes.append(outcome)
        self.said.append((outcome.status.value, outcome.contact, outcome.spent))

    def release(self, contact: int) -> None:
        self.said.append(("release", contact))

    def mark_invalid(self, contact: int, why: str) -> None:
        self.said.append(("mark_invalid", contact, why))

    def doubt(self, contact: int, why: str) -> None:
        self.said.append(("doubt", contact, why))

    def mark_failed(self, contact: int) -> None:
        self.said.append(("give up", contact))

    def told(self) -> list[tuple[Any, ...]]:
        """What it was told since it was asked last."""
        told, self.said = self.said, []
        return told


def letter(one: DueRow, *, size: int = 100, smtputf8: bool = False) -> Attempt:
    """An attempt for a row."""
    envelope = Envelope(return_path="us@acme.example", recipient=one.contact.email, smtputf8=smtputf8)
    message = Message(envelope=envelope, message_id=f"<{one.id}@acme.example>", data=b"x" * (size - 2) + b"\r\n")
    return Attempt(contact=one.id, message=message, link_expires_at=0, link_fingerprint="")


class Office:
    """The dispatcher and what is around it. `make` is what makes attempts; further values are the job's."""

    def __init__(
        self,
        folder: Path,
        session: Session,
        rows: Iterable[DueRow],
        *,
        make: Callable[[DueRow], Attempt] = letter,
        window: SendWindow | None = None,
        rate: float | None = None,
        send_rate: SendRate | None = None,
        due_rows: SqliteDueRows | None = None,
        journal: SqliteJournal | None = None,
        hours: OpeningHours | None = None,
        **orders: Any,
    ) -> None:
        job = SmallCampaign(folder / "campaign").people(1).plan(1).job(window or open_window())
        job = replace(job, **{"backoff": 1.0, "tries": 3, "first_wait": 10.0, "longest_wait": 60.0} | orders)
        self.now = 1000.0
        self.session = session
        self.due_rows = due_rows or Answers(list(rows))
        self.hours = hours
        self.rows = RowQueue(self.due_rows, None if hours is None else HeldQueues(hours))
        self.notebook = Notebook()
        self.breaker = CircuitBreaker(stop_after=job.stop_after, where="here")
        self.send_rate = send_rate or SendRate(rate, now=self.now, second=job.backoff)
        self.made: list[DueRow] = []
        """The rows that attempts were made of."""
        self.dispatcher = self._dispatcher(job, make, journal or self.notebook)

    def _dispatcher(self, job: Job, make: Callable[[DueRow], Attempt], journal: SqliteJournal) -> Dispatcher:
        def noted(due: DueRow) -> Attempt:
            self.made.append(due)
            return make(due)

        return Dispatcher(
            job,
            only_server(self.rows, journal, self.breaker),
            server=job.servers[0].server,
            rows=self.rows,
            make=noted,
            size_of=lambda contact: len(make(DueRow(id=0, contact=contact, tries=0)).message.data),
            journal=journal,
            send_rate=self.send_rate,
            breaker=self.breaker,
            clock=lambda: self.now,
            hours=self.hours,
        )

    def take(self) -> Attempt:
        """The next attempt, which there is."""
        attempt = self.dispatcher.next_attempt(self.session)
        assert attempt is not None
        return attempt

    def take_none(self) -> None:
        """See that there is none."""
        assert self.dispatcher.next_attempt(self.session) is None

    def notices(self) -> list[str]:
        return [notice.words for notice in self.breaker.notices()]


def reply(code: int, enhanced: str | None = None, text: str = "so it is") -> Reply:
    return Reply(code=code, enhanced=enhanced, text=text)


@contextmanager
def session(features: dict[str, str] | None = None) -> Iterator[Session]:
    """A session with a server that offers these."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield Session(sock=ours, features=EVERYTHING if features is None else features, leftover=b"")
