import contextlib
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign.durations import as_moment, brief_duration, parse_duration, parse_moment, spell_duration
from campaign.errors import UsageError, WindowError

LENGTHS = st.integers(min_value=0, max_value=36525 * 86_400_000).map(lambda ms: timedelta(milliseconds=ms))


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("8h", timedelta(hours=8)),
        ("90m", timedelta(minutes=90)),
        ("1h30m", timedelta(hours=1, minutes=30)),
        ("2d", timedelta(days=2)),
        ("45s", timedelta(seconds=45)),
        ("250ms", timedelta(milliseconds=250)),
        ("1m5ms", timedelta(minutes=1, milliseconds=5)),
        ("2d3h4m5s6ms", timedelta(days=2, hours=3, minutes=4, seconds=5, milliseconds=6)),
        (" 1 H  30 Min ", timedelta(hours=1, minutes=30)),
        ("1 hour 30 minutes", timedelta(hours=1, minutes=30)),
        ("0s", timedelta(0)),
    ],
)
def test_reads_numbers_with_units(text: str, length: timedelta) -> None:
    assert parse_duration(text) == length


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "8",
        "-8h",
        "1.5h",
        "h",
        "8 x",
        "30m1h",
        "1h1h",
        "8h!",
        "٨h",
        "1e3s",
        "99999999d",
        "40000d",
        "1" * 5000,
    ],
)
def test_refuses_anything_else_and_says_how_to_write_it(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_duration(text)
    assert "d" in caught.value.fix
    assert "h" in caught.value.fix


def test_a_bare_number_is_answered_with_its_readings() -> None:
    with pytest.raises(UsageError) as caught:
        parse_duration("90")
    assert '"90s" (seconds), "90m" (minutes), "90h" (hours)' in caught.value.fix


@given(LENGTHS)
def test_what_is_spelt_out_reads_back_the_same(length: timedelta) -> None:
    assert parse_duration(spell_duration(length)) == length


def test_spells_one_and_many() -> None:
    assert spell_duration(timedelta(hours=1, minutes=30)) == "1 hour 30 minutes"
    assert spell_duration(timedelta(days=2, seconds=1)) == "2 days 1 second"
    assert spell_duration(timedelta(0)) == "0 seconds"
    assert spell_duration(-timedelta(minutes=1)) == "minus 1 minute"


@pytest.mark.parametrize(
    ("length", "words"),
    [
        (timedelta(hours=2, minutes=5, seconds=40), "2 h 5 min"),
        (timedelta(days=3, minutes=5), "3 d"),
        (timedelta(seconds=0.2), "1 s"),
        (timedelta(seconds=59.5), "1 min"),
        (timedelta(0), "0 s"),
    ],
)
def test_brief_is_the_two_largest_units(length: timedelta, words: str) -> None:
    assert brief_duration(length) == words


@given(st.text(max_size=40) | st.from_regex(r"[0-9 dhms.]{0,20}", fullmatch=True))
def test_no_text_breaks_the_parsers(text: str) -> None:
    for parse in (parse_duration, parse_moment):
        with contextlib.suppress(UsageError):
            parse(text)


def test_long_runs_of_spaces_and_digits_are_refused_at_once() -> None:
    with pytest.raises(UsageError):
        parse_duration("1d" + " " * 100_000 + "x")
    with pytest.raises(UsageError):
        parse_duration("1" * 100_000 + "q")


@given(st.datetimes(min_value=datetime(1000, 1, 1)), st.sampled_from(["T", "t", " "]))
def test_naive_moments_read_back(moment: datetime, between: str) -> None:
    assert parse_moment(moment.isoformat(sep=" ").replace(" ", between)) == moment
    assert parse_moment(moment.isoformat()).tzinfo is None


@pytest.mark.parametrize("text", ["2026-11-23T14:00Z", "2026-11-23 09:00:00 -05:00", "2026-11-23t15:00:00+0100"])
def test_an_offset_makes_a_moment_aware(text: str) -> None:
    assert parse_moment(text).astimezone(UTC) == datetime(2026, 11, 23, 14, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    ["", "tomorrow", "23.11.2026 09:00", "2026-11-23T9:00", "2026-W48-1", "20261123T0900", "2026-11-23T09:00 EST"],
)
def test_other_ways_to_write_a_moment_are_refused(text: str) -> None:
    with pytest.raises(WindowError) as caught:
        parse_moment(text)
    assert "2026-11-23T09:00-05:00" in caught.value.fix


@pytest.mark.parametrize(
    "text",
    ["2026-02-29", "2026-11-31T09:00", "2026-11-23T24:01", "2026-11-23T09:60", "2026-11-23T09:00+24:00"],
)
def test_impossible_moments_are_refused(text: str) -> None:
    with pytest.raises(WindowError, match="calendar or clock"):
        parse_moment(text)


def test_a_date_alone_is_its_first_midnight_unless_refused() -> None:
    for value in ("2026-11-23", date(2026, 11, 23)):
        assert as_moment(value) == datetime(2026, 11, 23)
        with pytest.raises(WindowError) as caught:
            as_moment(value, date_alone=False)
        assert "2026-11-23T17:00" in caught.value.fix
    aware = datetime(2026, 11, 23, tzinfo=UTC)
    assert as_moment(aware, date_alone=False) is aware
