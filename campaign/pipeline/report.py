"""From the ledger to the report's figures."""

import sqlite3
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from campaign.ledger import summary
from campaign.report import Person, Reason, ReportData
from campaign.settings import Settings
from campaign.window import find_zone


def report_data(
    database: sqlite3.Connection,
    settings: Settings,
    *,
    message_ids: Callable[[str], str],
    commands: Sequence[tuple[str, str]],
) -> ReportData:
    """Count what the report says, its moments in the window's zone."""
    zone = find_zone(settings.window.timezone)
    counts = summary.counts(database)
    span = summary.first_and_last(database)
    return ReportData(
        campaign=settings.name,
        generated_at=datetime.now(zone),
        total=sum(counts.values()),
        counts=counts,
        started_at=_moment(span[0], zone) if span else None,
        finished_at=_moment(span[1], zone) if span else None,
        per_minute=[(_moment(minute, zone), sent) for minute, sent in summary.per_minute(database)],
        reasons=[
            Reason(status=reason.status, code=str(reason.smtp_code or ""), detail=reason.detail, count=reason.rows)
            for reason in summary.reasons(database)
        ],
        people=[
            Person(
                number=person.row,
                email=person.email,
                status=person.status,
                reason=f"{person.smtp_code} {person.detail}" if person.smtp_code else person.detail,
                message_id=message_ids(person.email) if "@" in person.email else "",
            )
            for person in summary.people(database)
        ],
        commands=commands,
    )


def _moment(seconds: int, zone: ZoneInfo) -> datetime:
    return datetime.fromtimestamp(seconds, UTC).astimezone(zone)
