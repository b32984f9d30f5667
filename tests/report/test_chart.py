"""The chart: a true time axis, a scale that one can read off, and bars that stand where and for what they say."""

import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaign.report import bar_seconds
from campaign.report.chart import chart
from tests.markup import Markup

NEW_YORK = ZoneInfo("America/New_York")
START = datetime(2026, 11, 23, 9, tzinfo=NEW_YORK)


def drawn(*accepted: tuple[datetime, int], width: int = 60) -> Markup:
    return Markup(chart(accepted, width))


def bars(page: Markup) -> list[tuple[float, float]]:
    """Where the middle of each bar is and how high it is, in percent."""
    return [
        (
            round(float(attrs["x"].rstrip("%")) + float(attrs["width"].rstrip("%")) / 2, 1),
            float(attrs["height"].rstrip("%")),
        )
        for tag, attrs in page.elements
        if tag == "rect"
    ]


def labels(page: Markup, anchor: str = "") -> list[str]:
    """The words of the time axis, or those with this anchor."""
    texts = [attrs for tag, attrs in page.elements if tag == "text"]
    return [
        words
        for words, attrs in zip(page.text["text"], texts, strict=True)
        if attrs["x"].endswith("%") and anchor in attrs["text-anchor"]
    ]


def scale(page: Markup) -> list[int]:
    texts = [attrs for tag, attrs in page.elements if tag == "text"]
    return [
        int(words.replace(",", ""))
        for words, attrs in zip(page.text["text"], texts, strict=True)
        if not attrs["x"].endswith("%")
    ]


def test_without_messages_there_is_no_chart() -> None:
    assert chart([], 60) == ""


def test_a_bar_stands_at_its_time_and_is_as_high_as_the_scale_says() -> None:
    page = drawn((START, 50), (START + timedelta(minutes=15), 100), (START + timedelta(minutes=59), 10))
    assert scale(page) == [0, 50, 100]
    assert bars(page) == [(0.8, 50), (25.8, 100), (99.2, 10)]  # each in the middle of its minute
    assert labels(page) == ["09:00", "Mon 23 Nov", "09:15", "09:30", "09:45", "10:00"]
    assert page.text["figcaption"] == ["Accepted by the mail server, per minute (EST)"]
    assert page.text["title"][1] == "Mon 23 Nov 2026 09:15: 100"


def test_a_run_of_one_minute_is_a_bar_and_not_a_wall() -> None:
    page = drawn((START, 30))
    assert bars(page) == [(50, 100)]
    assert labels(page) == ["09:00", "Mon 23 Nov", "09:01"]
    (width,) = [attrs["width"] for tag, attrs in page.elements if tag == "rect"]
    assert width == "8.000%"


@pytest.mark.parametrize(
    ("span", "seconds", "name"),
    [
        (timedelta(0), 60, "minute"),
        (timedelta(minutes=119), 300, "5 minutes"),
        (timedelta(minutes=118), 60, "minute"),
        (timedelta(hours=8), 300, "5 minutes"),
        (timedelta(hours=24), 900, "15 minutes"),
        (timedelta(days=3), 3600, "hour"),
        (timedelta(days=29), 6 * 3600, "6 hours"),
        (timedelta(days=90), 86_400, "day"),
        (timedelta(days=365), 604_800, "week"),
        (timedelta(days=3650), 5 * 604_800, "5 weeks"),
    ],
)
def test_the_longer_the_run_the_longer_what_a_bar_stands_for(span: timedelta, seconds: int, name: str) -> None:
    width = bar_seconds(span.total_seconds())
    assert width == seconds
    assert f", per {name} (" in drawn((START, 1), width=width).text["figcaption"][0]


@pytest.mark.parametrize(
    ("span", "words"),
    [
        (timedelta(hours=8), ["10:00", "Mon 23 Nov", "12:00", "14:00", "16:00"]),
        (timedelta(hours=20), ["12:00", "Mon 23 Nov", "18:00", "00:00", "Tue 24 Nov"]),
        (timedelta(days=2), ["12:00", "Mon 23 Nov", "00:00", "Tue 24 Nov", "12:00", "00:00", "Wed 25 Nov"]),
        (timedelta(days=60), ["7 Dec", "2026", "21 Dec", "4 Jan", "2027"]),
        (timedelta(days=500), ["22 May", "2027", "18 Nov"]),
    ],
)
def test_labels_are_round_times_of_the_clock_with_the_date_where_it_changes(span: timedelta, words: list[str]) -> None:
    width = bar_seconds(span.total_seconds())
    found = labels(drawn((START, 1), (START + span - timedelta(seconds=width), 1), width=width))
    assert any(found[place : place + len(words)] == words for place in range(len(found))), found


def test_the_axis_goes_through_a_clock_change() -> None:
    """At 02:00 EDT it is 01:00 EST: four hours of the clock are five of elapsed time."""
    before = datetime(2026, 11, 1, 0, 0, tzinfo=NEW_YORK)
    moments = [(before.astimezone(UTC) + timedelta(hours=hour)).astimezone(NEW_YORK) for hour in range(5)]
    page = drawn(*((moment, 10) for moment in moments), width=3600)
    assert [x for x, _ in bars(page)] == [10, 30, 50, 70, 90]
    assert [title[-9:-4] for title in page.text["title"]] == ["00:00", "01:00", "01:00", "02:00", "03:00"]


@settings(max_examples=100, deadline=None)
@given(
    minutes=st.lists(st.integers(0, 2_000_000), min_size=1, max_size=30, unique=True).map(sorted),
    zone=st.sampled_from(["UTC", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Apia"]),
    counts=st.integers(1, 10**7),
)
def test_a_chart_of_any_length_stays_small_and_loses_nothing(minutes: list[int], zone: str, counts: int) -> None:
    begin = datetime(2011, 10, 20, 22, 40, tzinfo=UTC)  # Apia skips a whole day soon after
    width = bar_seconds(60 * (minutes[-1] - minutes[0]))
    stretches = Counter(60 * minute // width for minute in minutes)
    accepted = [
        ((begin + timedelta(seconds=width * place)).astimezone(ZoneInfo(zone)), counts * count)
        for place, count in sorted(stretches.items())
    ]
    page = drawn(*accepted, width=width)
    found = bars(page)
    assert len(found) == len(stretches) <= 120
    assert all(0 <= x < 100 and 0 < height <= 100 for x, height in found)
    ticks = scale(page)
    assert 2 <= len(ticks) <= 5
    assert ticks[-1] >= max(stretches.values()) * counts
    assert [height for _, height in found] == pytest.approx([100 * n / ticks[-1] for _, n in accepted], abs=0.01)
    assert len(labels(page)) <= 12
    assert len(chart(accepted, width)) < 30_000


@pytest.mark.parametrize("minutes", [1, 7, 45, 200, 700, 3000, 20_000, 90_000, 400_000, 3_000_000])
def test_labels_have_room_on_a_phone(minutes: int) -> None:
    """On 300 pixels: 60 between two, since a date is some 55 wide."""
    width = bar_seconds(60 * minutes)
    page = drawn((START, 1), (START + timedelta(minutes=minutes), 1), width=width)
    upper = [
        float(attrs["x"].rstrip("%"))
        for tag, attrs in page.elements
        if tag == "text" and attrs["x"].endswith("%") and attrs["y"] == "196"
    ]
    assert 1 <= len(upper) <= 6
    assert all(after - before > 15 for before, after in pairwise(upper))
    assert re.search(r'height="\d+"', chart([(START, 1)], 60))
