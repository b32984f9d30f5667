"""What the report says, before it is a page: frozen values, counted from the ledger."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

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
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A row that somebody has to look at."""

    number: int
    email: str
    status: Status
    reason: str
    message_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportData:
    """What the page says, as counted from the ledger. Moments are aware; they are shown in their own zone."""

    campaign: str
    generated_at: datetime
    total: int
    """Rows of the contacts file."""
    counts: Mapping[Status, int]
    """Rows by status; they add up to `total`."""
    started_at: datetime | None = None
    """When the first message began; None where none did."""
    finished_at: datetime | None = None
    window: str = ""
    """In words, as the command line says it."""
    per_minute: Sequence[tuple[datetime, int]] = ()
    """Minute and messages sent in it, in order; minutes without a message may be left out."""
    reasons: Sequence[Reason] = ()
    people: Sequence[Person] = ()
    """In input order; what is over `MAX_PEOPLE` is not shown."""
    commands: Sequence[tuple[str, str]] = ()
    """What a command does, and the command, for the next step."""
    note: str = ""
    """Said first, for instance that this was a sandbox run."""
