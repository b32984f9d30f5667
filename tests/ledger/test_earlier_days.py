"""A daily limit that is set later: what today has had counts, and the days before it are steps of the ladder."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from campaign.ledger.sql.settling import SqlSettling
from campaign.ledger.sqlite.daily_count import SqliteDailyCount, keep_days
from campaign.ledger.sqlite.store import SqliteRunLedger
from tests.ledgers import people
from tests.proofs import bounce

TODAY, YESTERDAY = date(2026, 11, 26), date(2026, 11, 25)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[SqliteRunLedger]:
    with SqliteRunLedger.open(tmp_path / "small.ledger", "small") as opened:
        people(opened, 6)
        yield opened


def settled(ledger: SqliteRunLedger, *outcomes: tuple[str, str]) -> None:
    """Contacts with these statuses, each settled at a time of UTC."""
    for contact, (status, moment) in enumerate(outcomes, 1):
        seconds = int(datetime.fromisoformat(moment).replace(tzinfo=UTC).timestamp())
        values = contact, status, seconds
        ledger.database.execute("INSERT INTO delivery (contact, status, settled_at) VALUES (?, ?, ?)", values)


def counts(ledger: SqliteRunLedger) -> tuple[int, int, int]:
    count = SqliteDailyCount(ledger.database, "")
    return count.count(YESTERDAY), count.count(TODAY), count.days_before(TODAY)


def test_a_day_is_one_of_the_zone(ledger: SqliteRunLedger) -> None:
    settled(
        ledger,
        ("sent", "2026-11-25T18:14:59"),
        ("sent", "2026-11-25T18:15:00"),
        ("rejected", "2026-11-26T03:00:00"),
        ("pending", "2026-11-26T03:00:00"),
        ("in_doubt", "2026-11-26T03:00:00"),
    )
    ledger.count_earlier_days(ZoneInfo("Asia/Kathmandu"))
    assert counts(ledger) == (1, 2, 1)


def test_what_bounced_since_left_on_the_day_on_which_it_was_taken(ledger: SqliteRunLedger) -> None:
    settled(ledger, ("sent", "2026-11-25T12:00:00"), ("in_doubt", "2026-11-25T12:00:00"))
    moment = int(datetime(2026, 11, 26, 12, tzinfo=UTC).timestamp())
    settling = SqlSettling(ledger.database, reader=ledger.reader, running=lambda: True, clock=lambda: moment)
    assert all(one.news for one in settling.weigh([bounce(1, moment), bounce(2, moment)]))
    ledger.count_earlier_days(ZoneInfo("UTC"))
    assert counts(ledger) == (1, 1, 1)
    facts = [("template", "t"), ("known", "6")]
    ledger.database.executemany("INSERT INTO facts VALUES (?, ?)", facts)
    last = ledger.last_run()
    assert last is not None and datetime.fromtimestamp(last.mailed_at, UTC).day == 26
    assert ledger.earlier_runs(last).mailed == 2 and ledger.earlier_runs(last).first_at < moment


def test_what_is_counted_stays_as_it_is(ledger: SqliteRunLedger) -> None:
    settled(ledger, ("sent", "2026-11-25T12:00:00"), ("sent", "2026-11-26T12:00:00"))
    keep_days(ledger.database, {TODAY: 7})
    for _ in range(2):
        ledger.count_earlier_days(ZoneInfo("UTC"))
    assert counts(ledger) == (1, 7, 1)


def test_who_was_never_mailed_has_no_days(ledger: SqliteRunLedger) -> None:
    ledger.count_earlier_days(ZoneInfo("UTC"))
    assert counts(ledger) == (0, 0, 0)
