"""From the ledger to the report's figures."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime, tzinfo
from typing import Protocol

from campaign.model import RowReason, RowToCheck, Status
from campaign.report import Person, Reasons, ReportData, bar_seconds


class Figures(Protocol):
    """What the report asks of a ledger. Moments are Unix seconds."""

    def snapshot(self) -> AbstractContextManager[None]:
        """Let all questions that are asked meanwhile be answered from one moment."""

    def counts(self) -> dict[Status, int]:
        """Give the number of rows of each status, all statuses present."""

    def reasons(self) -> Iterator[RowReason]:
        """Give the reason of every row that was not sent, if there is one."""

    def first_and_last(self) -> tuple[int, int] | None:
        """Give when the first and the last message was accepted; None where none was."""

    def accepted(self, *, since: int, width: int) -> list[tuple[int, int]]:
        """Give (moment, messages accepted) for each stretch of `width` seconds from `since` on in which any was."""

    def people(self) -> list[RowToCheck]:
        """Give the first rows that need a person."""


def report_data(
    ledger: Figures,
    *,
    campaign: str,
    zone: tzinfo,
    message_ids: Callable[[str], str],
    commands: Sequence[tuple[str, str]] = (),
    all_rows: str = "",
    notes: Sequence[str] = (),
    partial: bool = False,
    window: str = "",
) -> ReportData:
    """Count what the report says of the campaign of this name, all of it at one moment, its own moments in `zone`.
    `message_ids` gives an address's Message-ID; the rest is said as it is given. Raises LedgerError.
    """
    with ledger.snapshot():
        counts = ledger.counts()
        reasons = Reasons()
        for reason in ledger.reasons():
            reasons.add(*reason)
        span = ledger.first_and_last()
        width = bar_seconds(span[1] - span[0]) if span else 60
        midnight = _moment(span[0], zone).replace(hour=0, minute=0, second=0, microsecond=0, fold=0) if span else None
        accepted = ledger.accepted(since=int(midnight.timestamp()), width=width) if midnight else []
        people = ledger.people()
    return ReportData(
        campaign=campaign,
        generated_at=datetime.now(zone),
        total=sum(counts.values()),
        counts=counts,
        partial=partial,
        first_accepted=_moment(span[0], zone) if span else None,
        last_accepted=_moment(span[1], zone) if span else None,
        window=window,
        accepted=[(_moment(moment, zone), count) for moment, count in accepted],
        bar_seconds=width,
        reasons=reasons.lines(),
        people=[_person(person, message_ids) for person in people],
        all_rows=all_rows,
        commands=commands,
        notes=notes,
    )


def _person(person: RowToCheck, message_ids: Callable[[str], str]) -> Person:
    reply = (str(person.smtp_code or ""), person.enhanced_status or "", person.detail)
    tried = person.status is not Status.INVALID and "@" in person.email
    return Person(
        number=person.row,
        line=person.line,
        email=person.email,
        status=person.status,
        reason=" ".join(part for part in reply if part),
        message_id=message_ids(person.email) if tried else "",
    )


def _moment(seconds: int, zone: tzinfo) -> datetime:
    return datetime.fromtimestamp(seconds, UTC).astimezone(zone)
