"""From the ledger to the report's figures."""

import sqlite3
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from campaign.ledger import summary
from campaign.model import Status
from campaign.report import Person, Reasons, ReportData, bar_seconds
from campaign.settings import Settings
from campaign.window import find_zone


def report_data(
    database: sqlite3.Connection,
    settings: Settings,
    *,
    message_ids: Callable[[str], str],
    commands: Sequence[tuple[str, str]] = (),
    all_rows: str = "",
    notes: Sequence[str] = (),
    partial: bool = False,
    window: str = "",
) -> ReportData:
    """Count what the report says, all of it at one moment, its own moments in the window's zone."""
    zone = find_zone(settings.window.timezone)
    with summary.snapshot(database):
        counts = summary.counts(database)
        reasons = Reasons()
        for reason in summary.reasons(database):
            reasons.add(*reason)
        span = summary.first_and_last(database)
        width = bar_seconds(span[1] - span[0]) if span else 60
        midnight = _moment(span[0], zone).replace(hour=0, minute=0, second=0, microsecond=0, fold=0) if span else None
        accepted = summary.accepted(database, since=int(midnight.timestamp()), width=width) if midnight else []
        people = summary.people(database)
    return ReportData(
        campaign=settings.name,
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


def _person(person: summary.Person, message_ids: Callable[[str], str]) -> Person:
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


def _moment(seconds: int, zone: ZoneInfo) -> datetime:
    return datetime.fromtimestamp(seconds, UTC).astimezone(zone)
