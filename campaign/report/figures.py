"""From the ledger to the report's figures."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import UTC, datetime, tzinfo
from typing import Protocol

from campaign.evidence import LaterWords
from campaign.histogram import Stretch
from campaign.model import Status
from campaign.report import Person, Reasons, ReportData
from campaign.report.last_words import LastWords, by_domain
from campaign.result_rows import FinalWord, RowReason, RowToCheck


class Figures(Protocol):
    """What the report asks of a ledger. Moments are Unix seconds."""

    def snapshot(self) -> AbstractContextManager[None]:
        """Let all questions that are asked meanwhile be answered from one moment."""

    def counts(self) -> dict[Status, int]:
        """Give the number of rows of each status, all statuses present."""

    def reasons(self) -> Iterator[RowReason]:
        """Give the reason of every row that was not sent, if there is one."""

    def final_words(self) -> Iterator[Sequence[FinalWord]]:
        """Give what the pictures must know of every row, many rows at a time."""

    def later_words(self) -> LaterWords:
        """Count what later evidence has shown."""

    def timeline(self) -> Sequence[Stretch]:
        """Give what was measured while mail went out."""

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
        words = LastWords()
        for rows in ledger.final_words():
            words.add(rows)
        if words.domains.inexact:
            words.domains.again(map(by_domain, ledger.final_words()))
        measured = ledger.timeline()
        people = ledger.people()
        afterwards = ledger.later_words()
    return ReportData(
        campaign=campaign,
        generated_at=datetime.now(zone),
        total=sum(counts.values()),
        counts=counts,
        partial=partial,
        first_accepted=_moment(words.first_sent, zone),
        last_accepted=_moment(words.last_sent, zone),
        afterwards=afterwards,
        window=window,
        pictures=replace(words.pictures(measured, zone), refusals=reasons.by_code()),
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


def _moment(seconds: int | None, zone: tzinfo) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC).astimezone(zone)
