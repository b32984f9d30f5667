"""What the ledger gives to those who ask: frozen values, besides those of `campaign/model.py`. Moments are Unix
seconds.
"""

from dataclasses import dataclass
from typing import NamedTuple

from campaign.model import Contact, Row, Status


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningProcess:
    """A run that goes on: the process that owns it."""

    pid: int
    """On its host."""
    host: str = ""
    """Empty: this machine."""
    workers: int = 0
    """How many are at work for it; 0 where the ledger does not know."""
    gone: bool = False
    """Whether only these are left of it."""

    def __str__(self) -> str:
        where = f"process {self.pid}{f' on {self.host}' if self.host else ''}"
        at_work = f"{self.workers:,} worker{'' if self.workers == 1 else 's'}" if self.workers else ""
        if self.gone:
            return f"{at_work} without its owner, {where}, which is gone; `campaign send` takes it over"
        return f"{where}, with {at_work}" if at_work else where


@dataclass(frozen=True, slots=True, kw_only=True)
class EnrolledRow:
    """A row of the contacts file, with what reading it has shown."""

    contact: Contact
    """With an empty address where the row has none."""
    line: int
    """Of the contacts file, on which the row begins."""
    status: Status
    """`pending` where nothing stands against mailing it."""
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LastRun:
    """The last run that mailed somebody."""

    mailed_at: int
    """When the last message left, whatever run it was of."""
    templates: str
    """Their digest."""
    latest_contact: int
    """The ledger's number for the latest contact that it knew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlierRuns:
    """What earlier runs have done for the contacts file as it is now."""

    contacts: int
    """Rows of the file that can be mailed, suppressed ones included."""
    mailed: int
    """Of these: `sent`, `bounced`, or `in_doubt`."""
    new: int
    """Of these: those that the last run which mailed somebody did not know."""
    elsewhere: int
    """Contacts that were mailed and are not in the file any more."""
    first_at: int
    last_at: int
    """When the first and the last of all that were mailed were."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasedPeople:
    """What an erasure takes out of a ledger."""

    people: int
    """Addresses that a mark takes the place of."""
    rows: int
    """Rows of the contacts file, duplicates and those that can't be mailed among them."""
    waiting: int
    """Of the people: those who would still have been mailed."""
    already: tuple[str, ...] = ()
    """Identities of people who had been erased before."""
    unknown: tuple[str, ...] = ()
    """Identities that the campaign has never had."""


class SpreadsheetChange(NamedTuple):
    """A cell of a corrected file that a spreadsheet has written in another way, and that stays as it was."""

    row: Row
    """The file's."""
    column: str
    before: str
    """What stands in the ledger, and stays."""
    given: str
    """What the file has in its place."""


class CameBack(NamedTuple):
    """Somebody whose message came back, or who complained or wants no more, as it is on record."""

    email: str
    """In lower case."""
    bounced: bool
    code: int | None
    enhanced: str | None
    detail: str
    """The words of whoever gave it up."""
    feedback: str | None
    """As in the results: `complaint 2026-11-27`."""
    moment: int
    """When, in Unix seconds."""
