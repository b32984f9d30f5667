"""How many messages may go on which day: days parted by a zone's midnights, ladders, rates, an even pace."""

import itertools
import math
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign.daily_plan import (
    OpenDay,
    day_begins,
    day_of,
    even_rate,
    limited_days,
    open_days,
    step_of,
    used_up,
)

BERLIN = ZoneInfo("Europe/Berlin")
MONDAY = date(2026, 11, 23)
HOUR = 3600.0


def days(*given: tuple[float, int | None]) -> list[OpenDay]:
    """Days one after another, by their open seconds and their limits."""
    return [
        OpenDay(day=MONDAY + timedelta(days=number), seconds=seconds, limit=limit)
        for number, (seconds, limit) in enumerate(given)
    ]


def at(text: str, zone: ZoneInfo = BERLIN) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone)


@pytest.mark.parametrize(
    ("zone", "day", "begins", "hours"),
    [
        ("Europe/Berlin", date(2026, 3, 29), "2026-03-28T23:00Z", 23),
        ("Europe/Berlin", date(2026, 10, 25), "2026-10-24T22:00Z", 25),
        ("America/Havana", date(2026, 3, 8), "2026-03-08T05:00Z", 23),  # its clocks skip midnight
        ("America/Havana", date(2026, 11, 1), "2026-11-01T04:00Z", 25),  # and have it twice
        ("America/Sao_Paulo", date(2018, 11, 4), "2018-11-04T03:00Z", 23),
        ("Asia/Kathmandu", date(2026, 3, 29), "2026-03-28T18:15Z", 24),
        ("Pacific/Kiritimati", date(2026, 3, 29), "2026-03-28T10:00Z", 24),
    ],
)
def test_a_day_begins_at_midnight_and_lasts_as_long_as_the_clocks_say(
    zone: str, day: date, begins: str, hours: int
) -> None:
    where = ZoneInfo(zone)
    assert day_begins(day, where) == datetime.fromisoformat(begins)
    assert day_begins(day + timedelta(days=1), where) - day_begins(day, where) == timedelta(hours=hours)


@given(st.datetimes(datetime(1980, 1, 1), datetime(2040, 1, 1)), st.sampled_from(["Europe/Berlin", "America/Havana"]))
def test_every_moment_lies_in_its_day(moment: datetime, name: str) -> None:
    zone, now = ZoneInfo(name), moment.replace(tzinfo=UTC)
    day = day_of(now, zone)
    assert day_begins(day, zone) <= now < day_begins(day + timedelta(days=1), zone)


def test_open_time_is_cut_at_midnights() -> None:
    spans = [
        (at("2026-11-23T22:00"), at("2026-11-24T01:00")),
        (at("2026-11-24T09:00"), at("2026-11-24T17:00")),
        (at("2026-11-26T09:00"), at("2026-11-26T09:30")),
    ]
    assert list(open_days(spans, BERLIN)) == [
        (date(2026, 11, 23), 2 * HOUR),
        (date(2026, 11, 24), 9 * HOUR),
        (date(2026, 11, 26), HOUR / 2),
    ]


def test_what_never_closes_has_days_without_end() -> None:
    found = open_days([(at("2026-10-24T12:00"), None)], BERLIN)
    assert [seconds / HOUR for _, seconds in itertools.islice(found, 3)] == [12, 25, 24]


def test_the_ladder_climbs_and_its_last_step_holds_on() -> None:
    assert [step_of([500, 1000, 2000], climbed) for climbed in range(5)] == [500, 1000, 2000, 2000, 2000]


def test_what_began_today_is_taken_off_todays_step() -> None:
    open_time = [(MONDAY, HOUR), (MONDAY + timedelta(days=1), HOUR), (MONDAY + timedelta(days=2), HOUR)]

    def limits(climbed: int, today: date, begun: int) -> list[int | None]:
        given = limited_days(open_time, ladder=[5, 10, 20], climbed=climbed, today=today, begun_today=begun)
        return [one.limit for one in given]

    assert limits(0, MONDAY, 0) == [5, 10, 20]
    assert limits(0, MONDAY, 2) == [3, 10, 20]
    assert limits(0, MONDAY, 7) == [0, 10, 20]  # the ladder was made shorter meanwhile
    assert limits(1, MONDAY, 0) == [10, 20, 20]
    yesterday = MONDAY - timedelta(days=1)  # mail went out today, and it is open no more
    assert limits(0, yesterday, 4) == [10, 20, 20]
    assert limits(0, yesterday, 0) == [5, 10, 20]


def test_a_day_is_used_up_when_its_step_is_reached() -> None:
    days_before = {MONDAY - timedelta(days=3): 500, MONDAY - timedelta(days=2): 0}
    assert used_up([500, 1000], days_before | {MONDAY: 999}, MONDAY) == 0
    assert used_up([500, 1000], days_before | {MONDAY: 1000}, MONDAY) == 1000
    assert used_up([500, 1000], {MONDAY: 700}, MONDAY) == 500
    assert used_up([500, 1000], {}, MONDAY) == used_up([], {MONDAY: 5}, MONDAY) == 0


def test_an_even_rate_is_rows_by_time() -> None:
    assert even_rate(3600, days((HOUR, None), (HOUR, None))) == pytest.approx(0.5)
    assert even_rate(5, []) == math.inf


def test_days_with_a_lower_limit_are_made_up_for_by_the_others() -> None:
    warming_up = days((HOUR, 100), (HOUR, 200), (HOUR, 5000))
    assert even_rate(1800, warming_up) == pytest.approx(100 / HOUR)
    assert even_rate(1800, warming_up[1:]) == pytest.approx(200 / HOUR)
    assert even_rate(1500, warming_up[2:]) == pytest.approx(1500 / HOUR)
    assert even_rate(90, warming_up) == pytest.approx(30 / HOUR), "no day's limit is in the way"
    assert even_rate(9999, days((HOUR, 100), (HOUR, 200))) == pytest.approx(100 / HOUR), "as many as today may"
    just_enough = days((60.48791581477417, 3), (65476.0, 2))
    assert even_rate(5, just_enough) == pytest.approx(3 / 60.48791581477417)


OPEN = st.lists(st.tuples(st.floats(60, 90_000), st.none() | st.integers(1, 500)), min_size=1, max_size=8)


@given(st.integers(1, 2000), OPEN)
def test_at_an_even_rate_all_goes_that_can_and_no_day_gets_more_than_its_limit(
    rows: int, given_days: Sequence[tuple[float, int | None]]
) -> None:
    """Day by day, each at the rate that is reckoned at its beginning."""
    left, open_time = float(rows), days(*given_days)
    for number, one in enumerate(open_time):
        sent = min(left, even_rate(math.ceil(left), open_time[number:]) * one.seconds)
        assert one.limit is None or sent <= one.limit + 1e-6
        left -= sent
    room = sum(math.inf if one.limit is None else one.limit for one in open_time)
    assert left == pytest.approx(max(0.0, rows - room), abs=len(open_time))
