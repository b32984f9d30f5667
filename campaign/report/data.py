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
    window: str = ""
    """In words, as the command line says it."""
    accepted: Sequence[tuple[datetime, int]] = ()
    """Beginning of a stretch of `bar_seconds` and messages accepted in it, in order; empty stretches are left out."""
    bar_seconds: int = 60
    reasons: Sequence[Reason] = ()
    people: Sequence[Person] = ()
    """In input order; what is over `MAX_PEOPLE` is not shown."""
    all_rows: str = ""
    """The command that writes the results CSV, where all of them stand."""
    commands: Sequence[tuple[str, str]] = ()
    """What a command does, and the command, for the next step."""
    notes: Sequence[str] = ()
    """Said first, for instance that this was a sandbox run."""
