"""The time axis: bars of a round length from midnight on; below them round times of the clock, with room between."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaign.report.time_axis import MOST_BARS, bar_labels, bar_name, bar_seconds, first_bar

NEW_YORK = ZoneInfo("America/New_York")
START = datetime(2026, 11, 23, 9, tzinfo=NEW_YORK)


def bars(start: datetime, span: timedelta) -> tuple[int, list[datetime]]:
    """The bars of a run of this length."""
    width = bar_seconds(span.total_seconds())
    begin = first_bar(start, width)
    count = int(start.timestamp() + span.total_seconds() - begin) // width + 1
    zone = start.tzinfo
    return width, [datetime.fromtimestamp(begin + width * place, UTC).astimezone(zone) for place in range(count)]


@pytest.mark.parametrize(
    ("span", "seconds", "name"),
    [
        (timedelta(0), 1, "second"),
        (timedelta(seconds=59), 2, "2 seconds"),
        (timedelta(minutes=58), 60, "minute"),
        (timedelta(minutes=119), 300, "5 minutes"),
        (timedelta(hours=24), 1_800, "30 minutes"),
        (timedelta(days=3), 7_200, "2 hours"),
        (timedelta(days=50), 86_400, "day"),
        (timedelta(days=365), 604_800, "week"),
        (timedelta(days=3650), 9 * 604_800, "9 weeks"),
    ],
)
def test_the_longer_the_run_the_longer_what_a_bar_stands_for(span: timedelta, seconds: int, name: str) -> None:
    width = bar_seconds(span.total_seconds())
    assert (width, bar_name(width)) == (seconds, name)


def test_one_of_it_has_its_article() -> None:
    assert [bar_name(width, one="a ") for width in (60, 3_600, 7_200)] == ["a minute", "an hour", "2 hours"]


@pytest.mark.parametrize(
    ("span", "words"),
    [
        (timedelta(seconds=20), ["09:00:00", "09:00:05", "09:00:10"]),
        (timedelta(hours=8), ["09:00", "10:00", "11:00"]),
        (timedelta(hours=20), ["09:00", "12:00", "15:00", "18:00", "21:00", "24 Nov", "03:00"]),
        (timedelta(days=2), ["12:00", "18:00", "24 Nov", "06:00"]),
        (timedelta(days=40), ["23 Nov", "30 Nov", "7 Dec"]),
    ],
)
def test_labels_are_round_times_of_the_clock_and_the_date_where_another_day_begins(
    span: timedelta, words: list[str]
) -> None:
    width, begins = bars(START, span)
    found = [label for label in bar_labels(begins, width, 9) if label]
    assert any(found[place : place + len(words)] == words for place in range(len(found))), found


def test_the_axis_goes_through_a_clock_change() -> None:
    """At 02:00 EDT it is 01:00 EST: four hours of the clock are five of elapsed time."""
    start = datetime(2026, 11, 1, 0, 0, tzinfo=NEW_YORK)
    begins = [datetime.fromtimestamp(start.timestamp() + 3_600 * hour, NEW_YORK) for hour in range(5)]
    assert bar_labels(begins, 3_600, 9) == ["00:00", "01:00", "01:00", "02:00", "03:00"]


@settings(max_examples=200)
@given(
    second=st.integers(0, 10**9),
    seconds=st.integers(0, 10**8),
    zone=st.sampled_from(["UTC", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Apia"]),
    most=st.sampled_from([4, 9]),
)
def test_a_run_of_any_length_anywhere_has_few_bars_and_labels_with_room(
    second: int, seconds: int, zone: str, most: int
) -> None:
    start = datetime.fromtimestamp(1_000_000_000 + second, ZoneInfo(zone))
    width, begins = bars(start, timedelta(seconds=seconds))
    assert begins[0] <= start
    assert len(begins) <= MOST_BARS + 1
    labels = bar_labels(begins, width, most)
    assert len(labels) == len(begins)
    places = [place for place, label in enumerate(labels) if label]
    assert 1 <= len(places) <= most + 2
    assert all(after - before >= len(begins) / (2 * most) - 1 for before, after in pairwise(places))
