"""The hours of each row's zone: held while they are closed, and for good once its window is over."""

from datetime import UTC, datetime, timedelta

import pytest

from campaign.contact_clocks import ContactClocks
from campaign.hours import EVERY_DAY, parse_days, parse_hours
from campaign.schedule import Schedule
from campaign.window import SendWindow
from campaign.worker.opening_hours import OpeningHours, opening_hours

TOKYO, NEW_YORK = "Asia/Tokyo", "America/New_York"
NEVER = float("inf")
START = datetime(2026, 11, 23, 0, 30, tzinfo=UTC)  # Monday, 09:30 in Tokyo; Sunday evening in New York


class Moment:
    """Both clocks, at a monotonic second of 1000 when they start."""

    def __init__(self, at: datetime = START) -> None:
        self.at = at

    def wall(self) -> datetime:
        return self.at

    def clock(self) -> float:
        return 1000.0 + (self.at - START).total_seconds()


def clocks(*, hours: str = "09:00-17:00", days: str = "", closes: str | None = "2026-11-24T17:00") -> ContactClocks:
    ends = None if closes is None else datetime.fromisoformat(closes)
    window = SendWindow.resolve(opens=None, closes=ends, lasts=None, timezone="UTC", now=START - timedelta(days=1))
    return ContactClocks.around(
        window,
        column="timezone",
        opens=None,
        closes=ends,
        lasts=None,
        hours=parse_hours(hours),
        days=parse_days(days) if days else EVERY_DAY,
    )


def made(now: Moment, window: Schedule, *, wait: bool = True) -> OpeningHours:
    return OpeningHours(window, wait=wait, clock=now.clock, wall=now.wall)


def test_rows_are_held_until_the_hours_of_their_zone_begin() -> None:
    now = Moment()
    hours = made(now, clocks())
    assert hours.until(TOKYO, now.clock()) == now.clock()
    assert hours.until(NEW_YORK, 1000.0) == 1000.0 + 13.5 * 3600  # 09:00 EST is 14:00 UTC
    assert hours.until("", 1000.0) == 1000.0 + 8.5 * 3600  # without a zone: the window's, UTC
    assert hours.until(f"{NEW_YORK}@gmail.com", 1000.0) == hours.until(NEW_YORK, 1000.0)
    assert hours.is_open(TOKYO) and not hours.is_open(NEW_YORK)
    now.at += timedelta(hours=13.5)
    assert not hours.is_open(TOKYO) and hours.is_open(NEW_YORK)


def test_what_lies_ahead_is_looked_at_as_it_will_be_then() -> None:
    """A row that is put off beyond the hours' end waits until they begin again."""
    now = Moment()
    hours = made(now, clocks())
    later = now.clock() + 8 * 3600.0  # 17:30 in Tokyo
    assert hours.until(TOKYO, later) == now.clock() + 23.5 * 3600


def test_where_nobody_waits_a_closed_zone_is_held_for_as_long_as_it_is_closed() -> None:
    now = Moment()
    hours = made(now, clocks(), wait=False)
    assert hours.until(NEW_YORK, now.clock()) == NEVER
    assert hours.until(TOKYO, now.clock()) == now.clock()
    now.at += timedelta(hours=14)
    assert hours.until(NEW_YORK, now.clock()) == now.clock()


def test_a_zone_whose_window_is_over_is_held_for_good_and_others_are_not() -> None:
    now = Moment(datetime(2026, 11, 24, 15, tzinfo=UTC))
    hours = made(now, clocks())
    assert not hours.ended()  # nobody there has been met
    assert hours.until(TOKYO, now.clock()) == NEVER
    assert hours.is_over(TOKYO) and not hours.is_over(NEW_YORK)
    assert hours.ended() and not hours.ended()
    assert hours.seconds_left(TOKYO) == 0.0
    assert hours.seconds_left(NEW_YORK) == 7 * 3600.0
    now.at += timedelta(hours=7)
    assert hours.is_over(NEW_YORK)
    assert hours.ended()


def test_an_unknown_zone_is_not_held_it_is_found_invalid() -> None:
    now = Moment()
    hours = made(now, clocks())
    assert hours.until("Mars/Olympus", 1000.0) == 1000.0
    assert hours.is_open("Mars/Olympus")
    assert not hours.is_over("Mars/Olympus")
    assert hours.seconds_left("Mars/Olympus") is None


def test_what_is_waited_for_is_said_with_its_zone() -> None:
    now = Moment(datetime(2026, 11, 23, 8, 30, tzinfo=UTC))
    hours = made(now, clocks())
    assert hours.opening([TOKYO, NEW_YORK]) == (
        int(datetime(2026, 11, 23, 14, tzinfo=UTC).timestamp()),
        "Mon 23 Nov 2026 09:00 EST (America/New_York)",
    )
    assert hours.opening([TOKYO, ""]) == (
        int(datetime(2026, 11, 23, 9, tzinfo=UTC).timestamp()),
        "Mon 23 Nov 2026 09:00 UTC",
    )
    now.at = datetime(2026, 11, 25, 0, tzinfo=UTC)
    assert hours.opening([TOKYO, NEW_YORK]) is None
    assert hours.opening(["Mars/Olympus"]) is None


@pytest.mark.parametrize("restricted", [False, True])
def test_a_run_without_hours_and_without_zones_has_none_to_keep(restricted: bool) -> None:
    window = SendWindow.resolve(opens=None, closes=None, lasts=None, timezone="UTC", now=START)
    schedule = Schedule.within(window, hours=parse_hours("09:00-17:00") if restricted else None)
    assert (opening_hours(schedule, wait=True, clock=lambda: 0.0) is not None) == restricted
    assert opening_hours(clocks(), wait=True, clock=lambda: 0.0) is not None
