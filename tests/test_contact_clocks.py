"""A window on each contact's own clock: opening and closing times, hours, and the ends of links."""

import pickle
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign.contact_clocks import ContactClocks
from campaign.errors import WindowError
from campaign.hours import parse_hours
from campaign.window import SendWindow

ZONES = ["Pacific/Kiritimati", "Etc/GMT+12", "Asia/Kathmandu", "Australia/Lord_Howe", "America/New_York", "UTC"]


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def clocks(
    opens: str | None = "2026-11-23T09:00",
    closes: str | None = "2026-11-23T17:00",
    *,
    lasts: timedelta | None = None,
    hours: str | None = None,
    zone: str = "America/New_York",
    now: str = "2026-11-20T00:00",
) -> ContactClocks:
    begins, ends = (None if text is None else datetime.fromisoformat(text) for text in (opens, closes))
    window = SendWindow.resolve(opens=begins, closes=ends, lasts=lasts, timezone=zone, now=utc(now))
    return ContactClocks.around(
        window,
        column="timezone",
        opens=begins,
        closes=ends,
        lasts=lasts,
        hours=None if hours is None else parse_hours(hours),
    )


def test_naive_times_are_each_contacts_own_clock() -> None:
    made = clocks()
    tokyo = made.of("Asia/Tokyo")
    assert (tokyo.opens.isoformat(), tokyo.closes and tokyo.closes.isoformat()) == (
        "2026-11-23T09:00:00+09:00",
        "2026-11-23T17:00:00+09:00",
    )
    assert made.of("").opens.isoformat() == "2026-11-23T09:00:00-05:00"
    assert made.of("Asia/Tokyo") is tokyo


def test_times_with_an_offset_are_the_same_moment_for_all() -> None:
    made = clocks("2026-11-23T09:00+01:00", "2026-11-23T17:00+01:00")
    assert made.of("Asia/Tokyo").opens == utc("2026-11-23T08:00")
    assert made.opens == utc("2026-11-23T08:00")
    assert made.closes == utc("2026-11-23T16:00")


def test_a_length_counts_from_each_contacts_own_opening() -> None:
    made = clocks(closes=None, lasts=timedelta(hours=8))
    closes = made.of("Asia/Tokyo").closes
    assert closes is not None
    assert closes.isoformat() == "2026-11-23T17:00:00+09:00"
    without = clocks(None, None, lasts=timedelta(hours=8))
    assert without.of("Asia/Tokyo").closes == utc("2026-11-20T08:00")


@given(zone=st.sampled_from(ZONES), lasts=st.none() | st.integers(1, 99))
def test_the_run_goes_from_the_earliest_opening_to_the_latest_closing_there_can_be(
    zone: str, lasts: int | None
) -> None:
    made = clocks(
        closes=None if lasts else "2026-11-23T17:00", lasts=timedelta(hours=lasts) if lasts else None, zone="UTC"
    )
    own = made.of(zone)
    assert made.opens.astimezone(UTC) <= own.opens.astimezone(UTC)
    assert made.closes is not None and own.closes is not None
    assert made.closes.astimezone(UTC) >= own.closes.astimezone(UTC)


def test_a_window_that_was_over_there_before_it_could_open_is_no_mistake() -> None:
    made = clocks(None, "2026-11-20T12:00", zone="America/New_York", now="2026-11-20T10:00")
    assert made.of("Asia/Tokyo").is_over(utc("2026-11-20T10:00"))
    assert made.of("").is_open(utc("2026-11-20T10:00"))


def test_a_time_that_is_skipped_is_when_the_clocks_skip_it_and_of_one_shown_twice_the_first() -> None:
    skipped = clocks("2026-03-08T02:30", "2026-03-09T02:30", zone="UTC")
    assert skipped.of("America/New_York").opens.isoformat() == "2026-03-08T03:00:00-04:00"
    twice = clocks("2026-11-01T01:30", "2026-11-02T01:30", zone="UTC")
    assert twice.of("America/New_York").opens.isoformat() == "2026-11-01T01:30:00-04:00"
    half = clocks("2026-10-04T02:10", "2026-10-05T02:10", zone="UTC")
    assert half.of("Australia/Lord_Howe").opens.isoformat() == "2026-10-04T02:30:00+11:00"


def test_each_link_ends_with_its_contacts_own_window() -> None:
    made, grace = clocks(), timedelta(hours=1)
    assert made.of("Asia/Tokyo").link_expiry(utc("2026-11-23T01:00"), grace) == utc("2026-11-23T09:00")
    assert made.of("").link_expiry(utc("2026-11-23T15:00"), grace) == utc("2026-11-23T23:00")
    assert made.link_expiry(utc("2026-11-23T15:00"), grace) == utc("2026-11-23T23:00")


def test_hours_are_each_contacts_own_and_never_need_a_closing_time() -> None:
    made = clocks(None, None, hours="09:00-17:00")
    moment = utc("2026-11-23T01:00")  # 10:00 in Tokyo, 20:00 in New York
    assert made.is_open(moment)
    assert made.of("Asia/Tokyo").is_open(moment)
    assert not made.of("America/New_York").is_open(moment)
    assert not made.is_over(utc("2036-11-23T01:00"))


def test_an_unknown_zone_is_refused_with_near_names() -> None:
    with pytest.raises(WindowError, match="no time zone 'Europe/Berln'") as caught:
        clocks().of("Europe/Berln")
    assert caught.value.fix == "did you mean Europe/Berlin?"


def test_it_says_that_contacts_have_their_own_clocks() -> None:
    made = clocks(hours="10:00-12:00")
    said = made.describe(utc("2026-11-23T12:00"))
    assert said.startswith("opens Mon 23 Nov 2026 10:00 EST, in 3 h (10:00-12:00)")
    assert said.endswith("each contact by its own clock (timezone)")
    assert made.describe_links(utc("2026-11-23T12:00"), timedelta(hours=1)) == (
        "links work until 1 h after the window has closed, each on its contact's own clock"
    )
    assert clocks(None, None).describe_links(utc("2026-11-23T12:00"), timedelta(hours=1)) == "each link works for 1 h"


def test_it_travels_to_another_process() -> None:
    made = clocks(hours="10:00-12:00")
    made.of("Asia/Tokyo")
    again = pickle.loads(pickle.dumps(made))
    assert again == made
    assert again.of("Asia/Tokyo") == made.of("Asia/Tokyo")
