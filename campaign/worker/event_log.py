"""What a worker remembers for whoever watches: the last refusals always, single events where they were asked for.

Takes what has happened, as it happens, and only notes it; it is put into words when the worker reports. Of contacts it
says their row and their key, and no address unless that was asked for: one that a server repeats in its reply is taken
out, too. Raises nothing.

Limits: what a server makes of an address that is none any more (a number of a mailbox, a person's name) stays.
"""

import time
from collections import deque
from collections.abc import Callable
from typing import Literal, NamedTuple

from campaign.message import ContactKeys
from campaign.model import DueRow, Reply, Status
from campaign.run_now import Refusal
from campaign.visible import without_addresses
from campaign.worker.job import Job
from campaign.worker.worker_report import Event

_KEPT = 5
"""Refusals."""
_LONGEST = 400
"""Characters of a reply: some servers write letters."""


class _Happening(NamedTuple):
    kind: Literal["deferred", "refused", "in_doubt"]
    at: float
    due: DueRow
    status: str
    reply: Reply | None
    detail: str
    tries: int
    until: float | None = None


class EventLog:
    """One worker's, of one server."""

    def __init__(self, job: Job, *, server: str, wall_clock: Callable[[], float] = time.time) -> None:
        self._wanted = job.events
        self._addresses = job.event_addresses
        self._server = server
        self._key_of = ContactKeys(job.message_plan.contact_key_salt) if job.events else None
        self._clock = wall_clock
        self._last: deque[_Happening] = deque(maxlen=_KEPT)
        self._waiting: list[Event | _Happening] = []
        self._slowed_by = ""

    @property
    def slowed_by(self) -> str:
        """What the server said when it asked to go slower the last time."""
        return self.shown(self._slowed_by)

    def connected(self) -> None:
        """A session was opened."""
        if self._wanted:
            self._waiting.append(Event("connected", self._clock(), self._server))

    def settled(self, due: DueRow, status: Status, reply: Reply | None, detail: str, *, tried: bool = True) -> None:
        """A row has its last word, and it is not a good one. `tried`: by a try that its `tries` do not count yet."""
        kind: Literal["in_doubt", "refused"] = "in_doubt" if status is Status.IN_DOUBT else "refused"
        self._note(_Happening(kind, self._clock(), due, status.value, reply, detail, due.tries + tried))

    def deferred(self, due: DueRow, reply: Reply | None, detail: str, *, wait: float) -> None:
        """A row is to be tried again after `wait` seconds."""
        now = self._clock()
        self._note(_Happening("deferred", now, due, Status.PENDING.value, reply, detail, due.tries, now + wait))

    def slowed(self, reply: Reply | None, detail: str) -> None:
        """The server asks to go slower."""
        self._slowed_by = _spelled(reply, detail)

    def refusals(self) -> tuple[Refusal, ...]:
        """Give the last few, the latest last."""
        return tuple(
            Refusal(
                at=one.at,
                status=one.status,
                row=one.due.contact.number,
                server=self._server,
                code=None if one.reply is None else one.reply.code,
                enhanced=None if one.reply is None else one.reply.enhanced,
                text=_masked(_text(one), one.due.contact.email),
            )
            for one in self._last
        )

    def take(self) -> tuple[Event, ...]:
        """Give the events since the last time, where they were asked for."""
        if not self._waiting:
            return ()
        taken, self._waiting = self._waiting, []
        return tuple(one if isinstance(one, Event) else self._event(one) for one in taken)

    def shown(self, text: str, email: str = "") -> str:
        """Give words of a server as they may be shown."""
        return text[:_LONGEST] if self._addresses else _masked(text, email)

    def _note(self, happening: _Happening) -> None:
        self._last.append(happening)
        if self._wanted:
            self._waiting.append(happening)

    def _event(self, one: _Happening) -> Event:
        contact = one.due.contact
        return Event(
            kind=one.kind,
            at=one.at,
            server=self._server,
            key="" if self._key_of is None else self._key_of(contact.email),
            row=contact.number,
            email=contact.email if self._addresses else None,
            status=one.status,
            tries=one.tries,
            code=None if one.reply is None else one.reply.code,
            enhanced=None if one.reply is None else one.reply.enhanced,
            text=self.shown(_text(one), contact.email),
            until=one.until,
        )


def _text(one: _Happening) -> str:
    return one.detail if one.reply is None else one.reply.text


def _spelled(reply: Reply | None, detail: str) -> str:
    return detail if reply is None else " ".join(filter(None, (str(reply.code), reply.enhanced, reply.text)))


def _masked(text: str, email: str) -> str:
    """As much of the text as is kept, without addresses; none that the cut goes through is half left."""
    return without_addresses(text[: 2 * _LONGEST], email)[:_LONGEST]
