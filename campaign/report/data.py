"""What the report says, before it is a page: frozen values, counted from the ledger."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from campaign.evidence import NOTHING_LATER, LaterWords
from campaign.model import Status

MAX_PEOPLE = 200
"""Rows that are named one by one, at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One reason why messages were not sent, and how often it came."""

    status: Status
    code: str
    """Reply code and enhanced status code as one word ("550 5.1.1"); empty where no server spoke."""
    detail: str
    """In the server's words, or ours; what differs from row to row is left open with "…"."""
    count: int
    example: str = ""
    """One row's words as they are, where they differ."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A row that somebody has to look at."""

    number: int
    """The row's in the contacts file; 1 is the first one after the header."""
    line: int = 0
    """The line of the file on which it begins; 0 for one that came later, with a corrected results file."""
    email: str
    status: Status
    reason: str
    message_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeToAccept:
    """How long the server took for what it accepted: seconds from when a message's body begins to leave to its 250."""

    messages: int
    """How many were measured."""
    median: float
    p95: float
    p99: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """What happened in one stretch of time; those of a report are all of one length, in order, without a gap."""

    begins: datetime
    counts: Mapping[Status, int]
    """Rows that got their last word in it, by that word."""
    time_to_accept: TimeToAccept | None = None
    """None where nothing was measured."""
    put_off: int = 0
    """How often a row was refused for the time being, and put off."""
    rate: float | None = None
    """The operator's rate, messages a second; None where there was none, or nothing was measured."""
    allowed: float | None = None
    """The least that throttling left, messages a second; None where nothing was throttled."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainRows:
    """Rows by status of one recipient domain, in lower case; of rows without an address: an empty one."""

    domain: str
    counts: Mapping[Status, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherDomains:
    """All domains that are not named."""

    domains: int | None
    """How many; None where there were too many to count."""
    counts: Mapping[Status, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class TriesNeeded:
    """Rows whose last word took so many tries, by that word."""

    tries: int
    counts: Mapping[Status, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Waits:
    """How often a row was put off for longer than the waits before it in the list, and no longer than this."""

    up_to: float | None
    """Seconds; None: for any longer time."""
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusals:
    """Rows that are not sent, whose last reply had this code; by status."""

    code: str
    """Reply code and enhanced status code ("550 5.1.1")."""
    counts: Mapping[Status, int]
    detail: str
    """What the server said most often with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pictures:
    """The numbers that are drawn."""

    bar_seconds: int = 60
    bars: Sequence[Bar] = ()
    time_to_accept: TimeToAccept | None = None
    """Of all messages that were measured."""
    tries: Sequence[TriesNeeded] = ()
    """In order, those that nobody needed left out."""
    waits: Sequence[Waits] = ()
    """In order; nothing where nobody was put off."""
    refusals: Sequence[Refusals] = ()
    """The commonest first; rows about which no server spoke are in none."""
    domains: Sequence[DomainRows] = ()
    """The largest, largest first."""
    other_domains: OtherDomains | None = None
    """None where all are named."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportData:
    """What the page says, as counted from the ledger. Moments are aware; they are shown in their own zone."""

    campaign: str
    generated_at: datetime
    total: int
    """Rows of the contacts file."""
    counts: Mapping[Status, int]
    """Rows by status; they add up to `total`."""
    partial: bool = False
    """Whether there is more to come: a run is going on, or it was cut off before the contacts file was read."""
    first_accepted: datetime | None = None
    """None where no message has been."""
    last_accepted: datetime | None = None
    afterwards: LaterWords = NOTHING_LATER
    """What came back later, as far as it is on record."""
    window: str = ""
    """In words, as the command line says it."""
    pictures: Pictures = Pictures()
    reasons: Sequence[Reason] = ()
    people: Sequence[Person] = ()
    """In input order; what is over `MAX_PEOPLE` is not shown."""
    all_rows: str = ""
    """The command that writes the results CSV, where all of them stand."""
    commands: Sequence[tuple[str, str]] = ()
    """What a command does, and the command, for the next step."""
    notes: Sequence[str] = ()
    """Said first, for instance that this was a sandbox run."""
