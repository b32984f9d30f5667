"""Hours and days as people write them, and when clocks show them."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign.errors import WindowError
from campaign.hours import DAYS, EVERY_DAY, Hours, clock_spans, parse_days, parse_hours, say_days

MINUTES = st.integers(0, 24 * 60 - 1)
ZONES = ["America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Apia", "Europe/London", "UTC"]


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("09:00-17:00", "09:00-17:00"),
        (" 9:00 – 17:30 ", "09:00-17:30"),
        ("22:00-02:00", "22:00-02:00"),
        ("22:00-00:00", "22:00-24:00"),
        ("00:00-24:00", "00:00-24:00"),
    ],
)
def test_hours_are_read_and_written(written: str, read: str) -> None:
    assert str(parse_hours(written)) == read


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("9-17", "no hours of the day"),
        ("", "no hours of the day"),
        ("09:00", "no hours of the day"),
        ("09:60-17:00", "on no clock"),
        ("24:00-25:00", "on no clock"),
        ("09:00-24:01", "on no clock"),
        ("09:00-09:00", "no time at all"),
    ],
)
def test_what_are_no_hours_is_refused_with_how_to_write_them(written: str, words: str) -> None:
    with pytest.raises(WindowError, match=words) as caught:
        parse_hours(written)
    assert caught.value.fix


@pytest.mark.parametrize(
    ("written", "days", "said"),
    [
        ("mon-fri", {0, 1, 2, 3, 4}, "mon-fri"),
        ("Mon, Wed ,FRI", {0, 2, 4}, "mon,wed,fri"),
        ("sat-mon", {5, 6, 0}, "sat-mon"),
        ("sunday", {6}, "sun"),
        ("mon-sun", set(range(7)), "mon-sun"),
        ("wed-tue", set(range(7)), "mon-sun"),
        ("tues,thurs-thu", {1, 3}, "tue,thu"),
        ("fri-sat,mon", {4, 5, 0}, "mon,fri-sat"),
    ],
)
def test_days_are_read_and_written(written: str, days: set[int], said: str) -> None:
    assert parse_days(written) == days
    assert say_days(parse_days(written)) == said


@given(st.frozensets(st.integers(0, 6), min_size=1))
def test_any_days_that_are_written_are_read_back(days: frozenset[int]) -> None:
    assert parse_days(say_days(days)) == days


@pytest.mark.parametrize("written", ["", "mon-", "monfri", "mon;tue", "Mo", "1-5", "mon--fri"])
def test_what_are_no_days_is_refused(written: str) -> None:
    with pytest.raises(WindowError, match="no day of the week"):
        parse_days(written)


def test_a_week_has_seven_days_as_python_counts_them() -> None:
    assert [DAYS[date(2026, 11, 23 + more).weekday()] for more in range(7)] == list(DAYS)
    assert len(EVERY_DAY) == 7


@given(
    zone=st.sampled_from(ZONES),
    day=st.dates(date(2005, 1, 1), date(2037, 1, 1)),
    begins=MINUTES,
    ends=MINUTES,
)
def test_spans_are_when_a_clock_shows_such_a_time_and_no_other(zone: str, day: date, begins: int, ends: int) -> None:
    """Each minute around the day, held against what the clock says then."""
    hours = Hours(begins=begins, ends=ends)
    clock = ZoneInfo(zone)
    spans = clock_spans(day, hours, clock)
    assert all(first < last for first, last in spans)
    assert all(before[1] < after[0] for before, after in pairwise(spans))
    first = datetime.combine(day, time()) + timedelta(minutes=begins)
    last = datetime.combine(day, time()) + timedelta(minutes=ends + (24 * 60 if hours.over_midnight else 0))
    moment = datetime.combine(day, time(), UTC) - timedelta(hours=15)
    for _ in range(0, 80 * 60, 7):
        moment += timedelta(minutes=7)
        shown = moment.astimezone(clock).replace(tzinfo=None)
        assert any(since <= moment < until for since, until in spans) == (first <= shown < last)
