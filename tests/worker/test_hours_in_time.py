"""Runs of days by the hours of many zones, in time of the test's own: every message leaves within its contact's hours,
through clock changes and on both sides of the date line, and everybody is mailed once.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from campaign.contact_clocks import ContactClocks
from campaign.hours import EVERY_DAY, parse_days, parse_hours
from campaign.ledger.sqlite.store import SqliteRunLedger
from campaign.model import Attempt, Reply
from campaign.window import SendWindow
from tests.ledgers import enrolled, row
from tests.worker.simulated_run import BUSY, OK, SimulatedRun

ZONES = (
    "America/New_York",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "Pacific/Kiritimati",
    "Pacific/Pago_Pago",
    "Europe/London",
)
SPRING = datetime(2027, 3, 12, 12, tzinfo=UTC)  # New York goes forward on the 14th, London on the 28th
AUTUMN = datetime(2027, 10, 29, 12, tzinfo=UTC)  # London goes back on the 31st, New York on 7 November
APRIL = datetime(2027, 4, 2, 12, tzinfo=UTC)  # Lord Howe goes back by half an hour on the 4th


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[SqliteRunLedger]:
    with SqliteRunLedger.open(tmp_path / "small.ledger", "small") as opened:
        yield opened


def people(ledger: SqliteRunLedger, count: int) -> dict[int, str]:
    """So many people, in each zone in turn; gives the zone of each contact."""
    zones = [ZONES[number % len(ZONES)] for number in range(count)]
    rows = [row(number, f"p{number}@x.example", "", zone) for number, zone in enumerate(zones, 1)]
    enrolled(ledger, rows, columns=("email", "timezone"))
    return dict(
        zip((one for (one,) in ledger.database.execute("SELECT contact FROM entry ORDER BY row")), zones, strict=True)
    )


def run(
    folder: Path, ledger: SqliteRunLedger, starts: datetime, *, hours: str, days: str = "", **given: Any
) -> SimulatedRun:
    window = SendWindow.resolve(opens=None, closes=None, lasts=None, timezone="UTC", now=starts)
    clocks = ContactClocks.around(
        window,
        column="timezone",
        opens=None,
        closes=None,
        lasts=None,
        hours=parse_hours(hours),
        days=parse_days(days) if days else EVERY_DAY,
    )
    return SimulatedRun(folder, ledger, window=clocks, starts=starts, **given)


def on_its_clock(done: SimulatedRun, zones: dict[int, str]) -> list[datetime]:
    """When each message began, on its contact's own clock."""
    return [
        (done._starts + timedelta(seconds=one.began - done._begins)).astimezone(ZoneInfo(zones[one.contact]))
        for one in done.sent
    ]


@pytest.mark.parametrize("starts", [SPRING, APRIL, AUTUMN])
@pytest.mark.parametrize("processes", [1, 3])
def test_everybody_is_mailed_once_within_their_hours(
    tmp_path: Path, ledger: SqliteRunLedger, starts: datetime, processes: int
) -> None:
    """At so slow a rate that it takes days; what is put off waits for its hours, too."""
    zones = people(ledger, 120 * processes)
    tried: set[int] = set()

    def answer(attempt: Attempt, _: float) -> Reply:
        if attempt.contact % 5 == 0 and attempt.contact not in tried:
            tried.add(attempt.contact)
            return BUSY
        return OK

    done = run(
        tmp_path,
        ledger,
        starts,
        hours="01:15-02:45",
        processes=processes,
        connections=1,
        answer=answer,
        takes=lambda _: 700.0,
        first_wait=1800.0,
        longest_wait=1800.0,
    ).go()
    assert sorted(done.accepted()) == sorted(zones)
    for moment in on_its_clock(done, zones):
        assert (1, 15) <= (moment.hour, moment.minute) < (2, 45)
    assert (done.wall() - starts).days >= 2


def test_on_working_days_alone_also_where_it_is_another_day(tmp_path: Path, ledger: SqliteRunLedger) -> None:
    """The run begins on a Friday noon in UTC, which is Saturday in Kiritimati already."""
    zones = people(ledger, 60)
    done = run(tmp_path, ledger, SPRING, hours="09:00-17:00", days="mon-fri", processes=2).go()
    assert sorted(done.accepted()) == sorted(zones)
    moments = on_its_clock(done, zones)
    assert {moment.weekday() for moment in moments} <= set(range(5))
    assert all(9 <= moment.hour < 17 for moment in moments)
    kiritimati = [moment for moment in moments if str(moment.tzinfo) == "Pacific/Kiritimati"]
    assert {moment.date().isoformat() for moment in kiritimati} == {"2027-03-15"}
    assert done.opened <= 2 * len(ZONES), "while all wait for their hours no connection is held, nor opened"


def test_a_run_that_does_not_wait_ends_when_all_that_is_left_waits(tmp_path: Path, ledger: SqliteRunLedger) -> None:
    zones = people(ledger, 60)
    done = run(tmp_path, ledger, SPRING, hours="09:00-17:00", wait=False).go()
    assert done.wall() - SPRING < timedelta(minutes=1)
    open_now = {zone for zone in ZONES if 9 <= SPRING.astimezone(ZoneInfo(zone)).hour < 17}
    assert {zones[contact] for contact in done.accepted()} == open_now
    assert len(done.accepted()) == 10 * len(open_now)


def test_hours_and_a_daily_limit_both_hold(tmp_path: Path, ledger: SqliteRunLedger) -> None:
    zones = people(ledger, 60)
    done = run(tmp_path, ledger, SPRING, hours="09:00-17:00", daily_limit=(7,), processes=2).go()
    assert sorted(done.accepted()) == sorted(zones)
    assert all(9 <= moment.hour < 17 for moment in on_its_clock(done, zones))
    dates = [(done._starts + timedelta(seconds=one.began - done._begins)).date() for one in done.sent]
    assert max(dates.count(date) for date in dates) <= 7
