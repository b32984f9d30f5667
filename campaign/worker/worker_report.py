"""What a worker tells of its share of a run, as plain values that travel to another process: so far, and at its end."""

from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from campaign.histogram import Stretch
from campaign.run_now import Refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class StopReason:
    """Why a worker stopped before the end; the three parts of an error, and one word for a program."""

    what: str
    where: str = ""
    fix: str = ""
    reason: str = "trouble"


class Notice(NamedTuple):
    """What an operator would want to know, once."""

    words: str
    ends_with: Literal["connections", "rate"] | None = None
    """What stands at the end: a number that only the whole run knows, since each worker has its share of it."""
    server: str = ""
    """Which server's number that is, where there are several."""
    of_ledger: bool = False
    """Whether it is of the worker's own way to the ledger: where that is a database, the run's owner has one, too."""
    by: str = ""
    """Which worker says it, where that is elsewhere: its way to the server may be another."""
    once: str = ""
    """What it is about, where one worker's word is enough for the whole run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerReport:
    """How a worker has fared with one server."""

    sent: int = 0
    """Messages that it has taken."""
    connections: int = 0
    limit: int = 0
    """Connections that the worker may open, as far as it knows what the server takes."""
    rate: float | None = None
    """Messages a second that throttling leaves; None: no limit."""
    out: str = ""
    """Why it gets no mail just now; "" where it does, or could."""
    slowed_by: str = ""
    """What it said when it asked to go slower the last time."""
    fewer_by: str = ""
    """What it said when it wanted fewer connections the last time."""


class Event(NamedTuple):
    """One thing that has happened in a worker, for whoever asked for them (`Job.events`)."""

    kind: Literal["connected", "deferred", "refused", "in_doubt"]
    at: float
    """Unix seconds."""
    server: str
    key: str = ""
    """`contact.key`."""
    row: int | None = None
    """Of the contacts file."""
    email: str | None = None
    """Only if addresses were asked for."""
    status: str = ""
    """What became of the row."""
    tries: int = 0
    """That the row has used up."""
    code: int | None = None
    enhanced: str | None = None
    text: str = ""
    """The server's words, without links, and without addresses unless those were asked for; or ours."""
    until: float | None = None
    """When it is tried again: Unix seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerReport:
    """What a worker has done so far; the last one says so."""

    settled: dict[str, int]
    """Contacts by the status they were given."""
    deferred: int = 0
    """Contacts waiting for their next try."""
    under_way: int = 0
    """Contacts whose message is being sent: claimed, without an outcome."""
    connections: int = 0
    limit: int = 0
    """Connections that it may open, as far as it knows what the server takes."""
    rate: float | None = None
    """Messages a second that throttling leaves; None: no limit."""
    slowed_by: str = ""
    """What the server said when it asked to go slower the last time."""
    fewer_by: str = ""
    """What the server said when it wanted fewer connections the last time."""
    next_try_at: float | None = None
    """When the first of the deferred is due: Unix seconds."""
    held_until: float | None = None
    """When rows may go that hours or limits hold back, where that is known: Unix seconds."""
    refusals: tuple[Refusal, ...] = ()
    """The last few, the latest last."""
    events: tuple[Event, ...] = ()
    """Since the last report, if they were asked for."""
    notices: tuple[Notice, ...] = ()
    trouble: StopReason | None = None
    profile: dict[str, float] = field(default_factory=dict)
    """Seconds spent in each stage."""
    timeline: tuple[Stretch, ...] = ()
    """What was measured since the report before."""
    suspicious: dict[int, str] = field(default_factory=dict)
    """At the end: the contacts whose last reply looks like our own fault or the server's, and what was alike about it;
    none where a message has been accepted since.
    """
    day_reached: int = 0
    """The campaign's number of messages for today, where it is reached and all rows that are left wait."""
    opens: tuple[int, str] | None = None
    """Where all rows that are left wait for their hours: when the first may go on, in Unix seconds and in words, "Tue 1
    Dec 2026 09:00 JST (Asia/Tokyo)".
    """
    over: bool = False
    """Whether rows are left whose own window is over."""
    left_early: bool = False
    """Whether it was told to begin no more messages: then its end says nothing of the run's."""
    last: bool = False
    servers: dict[str, ServerReport] = field(default_factory=dict)
    """By name, where there are several."""
