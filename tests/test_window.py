import pickle
import time
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign.errors import WindowError
from campaign.window import SendWindow, find_zone, say_moment

ZONES = ["America/New_York", "Europe/London", "Australia/Lord_Howe", "Africa/Casablanca", "UTC", "Pacific/Apia"]
NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
MOMENTS = st.datetimes(datetime(2005, 1, 1), datetime(2037, 1, 1)).map(lambda moment: moment.replace(tzinfo=UTC))
LENGTHS = st.timedeltas(timedelta(seconds=1), timedelta(days=400))


def window(
    opens: datetime | None = None,
    closes: datetime | None = None,
    lasts: timedelta | None = None,
    timezone: str = "America/New_York",
    now: datetime = NOW,
    first_opened: datetime | None = None,
) -> SendWindow:
    return SendWindow.resolve(
        opens=opens, closes=closes, lasts=lasts, timezone=timezone, now=now, first_opened=first_opened
    )


def test_naive_times_are_local_to_the_zone() -> None:
    made = window(datetime(2026, 11, 23, 9), datetime(2026, 11, 23, 17))
    assert made.opens == datetime(2026, 11, 23, 14, tzinfo=UTC)
    assert made.closes == datetime(2026, 11, 23, 22, tzinfo=UTC)
    assert made.opens.isoformat() == "2026-11-23T09:00:00-05:00"


def test_aware_times_are_taken_as_they_are_and_shown_in_the_zone() -> None:
    made = window(datetime(2026, 11, 23, 9, tzinfo=timezone(timedelta(hours=1))))
    assert made.opens == datetime(2026, 11, 23, 8, tzinfo=UTC)
    assert made.opens.tzinfo == ZoneInfo("America/New_York")
    assert made.opens.hour == 3


def test_without_opens_it_opens_now_or_when_it_first_did() -> None:
    assert window().opens == NOW
    first = NOW - timedelta(hours=3)
    assert window(first_opened=first).opens == first
    assert window(lasts=timedelta(hours=8), first_opened=first).closes == NOW + timedelta(hours=5)
    assert window(datetime(2026, 11, 23, 9), first_opened=first).opens == datetime(2026, 11, 23, 14, tzinfo=UTC)


def window_or_error(
    opens: datetime | None = None,
    closes: datetime | None = None,
    lasts: timedelta | None = None,
    timezone: str = "America/New_York",
) -> SendWindow | WindowError:
    """Whatever else is raised fails the test."""
    try:
        return window(opens, closes, lasts, timezone)
    except WindowError as error:
        return error


SKIPPED = [
    ("America/New_York", datetime(2026, 3, 8, 2, 30), "2026-03-08T01:30:00-05:00", "2026-03-08T03:30:00-04:00"),
    ("Europe/London", datetime(2026, 3, 29, 1, 15), "2026-03-29T00:15:00+00:00", "2026-03-29T02:15:00+01:00"),
    ("Australia/Lord_Howe", datetime(2026, 10, 4, 2, 10), "2026-10-04T01:40:00+10:30", "2026-10-04T02:40:00+11:00"),
    ("Pacific/Apia", datetime(2011, 12, 30, 12), "2011-12-29T12:00:00-10:00", "2011-12-31T12:00:00+14:00"),
]
REPEATED = [
    ("America/New_York", datetime(2026, 11, 1, 1, 30), "2026-11-01T01:30:00-04:00", "2026-11-01T01:30:00-05:00"),
    ("Europe/London", datetime(2026, 10, 25, 1, 0), "2026-10-25T01:00:00+01:00", "2026-10-25T01:00:00+00:00"),
    ("Australia/Lord_Howe", datetime(2026, 4, 5, 1, 45), "2026-04-05T01:45:00+11:00", "2026-04-05T01:45:00+10:30"),
]


@pytest.mark.parametrize(("zone", "wall", "first", "second"), SKIPPED)
def test_a_time_that_the_clocks_skip_is_refused_with_both_readings(
    zone: str, wall: datetime, first: str, second: str
) -> None:
    with pytest.raises(WindowError, match="does not exist") as caught:
        window(wall, timezone=zone)
    assert caught.value.where == "window.opens"
    assert zone in caught.value.what
    assert f"{first} or {second}" in caught.value.fix


@pytest.mark.parametrize(("zone", "wall", "first", "second"), REPEATED)
@pytest.mark.parametrize("fold", [0, 1])
def test_a_time_that_the_clocks_repeat_is_refused_with_both_readings(
    zone: str, wall: datetime, first: str, second: str, fold: int
) -> None:
    with pytest.raises(WindowError, match="happens twice") as caught:
        window(opens=wall - timedelta(days=1), closes=wall.replace(fold=fold), timezone=zone)
    assert caught.value.where == "window.closes"
    assert f"{first} or {second}" in caught.value.fix
    # What the advice says to write is understood, and is two different moments.
    readings = [window(datetime.fromisoformat(text), timezone=zone).opens for text in (first, second)]
    assert [reading.isoformat() for reading in readings] == [first, second]
    assert readings[0].astimezone(UTC) < readings[1].astimezone(UTC)


@given(MOMENTS, st.sampled_from(ZONES))
def test_a_local_time_means_its_moment_or_is_refused_because_it_means_two(moment: datetime, zone: str) -> None:
    wall = moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    made = window_or_error(wall, timezone=zone)
    if isinstance(made, WindowError):
        assert "happens twice" in made.what  # it can't be skipped: it came from a moment
        assert moment.astimezone(ZoneInfo(zone)).isoformat() in made.fix
    else:
        assert made.opens.astimezone(UTC) == moment
        assert made.opens.replace(tzinfo=None, fold=0) == wall.replace(fold=0)


@given(st.datetimes(datetime(2005, 1, 1), datetime(2037, 1, 1)), st.sampled_from(ZONES))
def test_a_local_time_is_shown_as_written_or_its_readings_can_be_written_instead(wall: datetime, zone: str) -> None:
    made = window_or_error(wall, timezone=zone)
    if isinstance(made, WindowError):
        for text in made.fix.split(": ", 1)[1].split(" or "):
            assert window(datetime.fromisoformat(text), timezone=zone).opens.isoformat() == text
    else:
        assert made.opens.replace(tzinfo=None) == wall


@given(MOMENTS, LENGTHS, st.sampled_from(ZONES))
def test_lasts_is_elapsed_time_whatever_the_clocks_do(opens: datetime, lasts: timedelta, zone: str) -> None:
    made = window(opens, lasts=lasts, timezone=zone)
    assert made.closes is not None
    assert made.closes.astimezone(UTC) - opens == lasts
    assert made.seconds_left(opens) == lasts.total_seconds()


def test_a_night_in_which_the_clocks_go_back_is_an_hour_longer() -> None:
    made = window(datetime(2026, 10, 31, 22), datetime(2026, 11, 1, 6))
    assert made.seconds_left(made.opens) == 9 * 3600
    assert window(datetime(2026, 10, 31, 22), lasts=timedelta(hours=8)).closes == datetime(2026, 11, 1, 10, tzinfo=UTC)


@given(MOMENTS, LENGTHS, MOMENTS, st.sampled_from(ZONES), st.sampled_from(ZONES))
def test_open_over_and_the_seconds_agree(
    opens: datetime, lasts: timedelta, now: datetime, zone: str, clock: str
) -> None:
    made = window(opens, lasts=lasts, timezone=zone)
    moment = now.astimezone(ZoneInfo(clock))
    until, left = made.seconds_until_open(moment), made.seconds_left(moment)
    assert left is not None
    assert made.is_open(moment) == (until == 0 and left > 0) == (opens <= now < opens + lasts)
    assert made.is_over(moment) == (left == 0) == (now >= opens + lasts)
    assert until == max(0.0, (opens - now).total_seconds())
    words = made.describe(moment)
    assert words.startswith("opens" if until else "closed" if left == 0 else "open until")


def test_both_hours_of_a_repeated_one_are_told_apart() -> None:
    zone = ZoneInfo("America/New_York")
    made = window(closes=datetime.fromisoformat("2026-11-01T01:30:00-04:00"), now=datetime(2026, 11, 1, 4, tzinfo=UTC))
    first = datetime(2026, 11, 1, 1, 20, tzinfo=zone, fold=0)
    second = datetime(2026, 11, 1, 1, 20, tzinfo=zone, fold=1)
    assert made.is_open(first)
    assert made.is_over(second)
    assert made.seconds_left(first) == 600


def test_a_window_is_open_from_its_first_moment_until_before_its_last() -> None:
    made = window(datetime(2026, 11, 23, 9), datetime(2026, 11, 23, 17))
    assert made.closes is not None
    assert not made.is_open(made.opens - timedelta(microseconds=1))
    assert made.is_open(made.opens)
    assert made.is_open(made.closes - timedelta(microseconds=1))
    assert not made.is_open(made.closes)


def test_without_an_end_it_never_closes() -> None:
    made = window()
    later = NOW + timedelta(days=9000)
    assert made.closes is None
    assert made.is_open(later)
    assert not made.is_over(later)
    assert made.seconds_left(later) is None
    assert "never closes" in made.describe(later)


@given(MOMENTS, LENGTHS, LENGTHS, st.sampled_from(ZONES))
def test_links_expire_grace_after_the_close(opens: datetime, lasts: timedelta, grace: timedelta, zone: str) -> None:
    closing = window(opens, lasts=lasts, timezone=zone)
    endless = window(opens, timezone=zone)
    for _ in range(2):  # the second answer comes from memory
        assert closing.link_expiry(opens, grace).astimezone(UTC) == opens + lasts + grace
        assert endless.link_expiry(opens, grace).astimezone(UTC) == opens + grace
    assert closing.link_expiry(opens, grace + lasts).astimezone(UTC) == opens + lasts + grace + lasts
    assert closing.link_expiry(opens, grace).tzinfo == endless.link_expiry(opens, grace).tzinfo == ZoneInfo(zone)


def test_link_expiry_is_cheap_enough_for_every_message() -> None:
    made = window(lasts=timedelta(hours=8))
    grace, count = timedelta(hours=1), 20_000
    quickest = min(_timed(made, grace, count) for _ in range(5))
    assert quickest / count < 5e-6  # about 0.2 microseconds; the bound allows for a slow and busy machine


def _timed(made: SendWindow, grace: timedelta, count: int) -> float:
    begin = time.thread_time()
    for _ in range(count):
        made.link_expiry(NOW, grace)
    return time.thread_time() - begin


def test_closes_and_lasts_together_are_refused() -> None:
    with pytest.raises(WindowError) as caught:
        window(closes=datetime(2026, 11, 23, 17), lasts=timedelta(hours=1))
    assert "only one of closes and lasts" in caught.value.fix


@pytest.mark.parametrize("hour", [9, 8])
def test_closing_before_or_as_it_opens_is_refused(hour: int) -> None:
    with pytest.raises(WindowError, match=f"closes Mon 23 Nov 2026 0{hour}:00 EST, but opens"):
        window(datetime(2026, 11, 23, 9), datetime(2026, 11, 23, hour))


def test_order_is_judged_by_moments_not_by_wall_clocks() -> None:
    early = datetime.fromisoformat("2026-11-01T01:40:00-04:00")
    late = datetime.fromisoformat("2026-11-01T01:20:00-05:00")
    assert window(early, late).seconds_left(early) == 40 * 60
    with pytest.raises(WindowError, match="but opens"):
        window(late, early)


def test_a_window_over_before_it_could_open_says_so() -> None:
    with pytest.raises(WindowError, match="was over before it could open: it closed Sun 22 Nov 2026 06:00 EST"):
        window(closes=datetime(2026, 11, 22, 6))


@pytest.mark.parametrize("lasts", [timedelta(0), timedelta(seconds=-1)])
def test_a_window_must_last(lasts: timedelta) -> None:
    with pytest.raises(WindowError, match="lasts no time"):
        window(lasts=lasts)


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("America/NewYork", "America/New_York"),
        ("New York", "America/New_York"),
        ("europe/london", "Europe/London"),
        ("Europe/Berln", "Europe/Berlin"),
        ("EU/Paris", "Europe/Paris"),
    ],
)
def test_an_unknown_zone_is_answered_with_the_nearest(name: str, near: str) -> None:
    with pytest.raises(WindowError) as caught:
        find_zone(name)
    assert near in caught.value.fix
    assert caught.value.where == "window.timezone"


@pytest.mark.parametrize("name", ["UTC+2", "GMT-5", "+02:00"])
def test_an_offset_is_no_zone_and_gets_no_zone_with_the_opposite_sign(name: str) -> None:
    with pytest.raises(WindowError) as caught:
        find_zone(name)
    assert "Etc/" not in caught.value.fix
    assert "2026-11-23T09:00+02:00" in caught.value.fix


@pytest.mark.parametrize("name", ["", "America", "../UTC", "/etc/passwd", "a\0b", "\udc80", "x" * 400, "tzdata.zi"])
def test_what_is_no_name_at_all_is_refused_like_any_other(name: str) -> None:
    with pytest.raises(WindowError) as caught:
        find_zone(name)
    caught.value.what.encode()
    assert len(str(caught.value)) < 500


FAR_EAST, FAR_WEST = timezone(timedelta(hours=23)), timezone(-timedelta(hours=23))
EXTREMES = st.none() | st.sampled_from([None, FAR_EAST, FAR_WEST]).flatmap(
    lambda zone: st.datetimes(timezones=st.just(zone))
)


@given(EXTREMES, EXTREMES, st.none() | st.timedeltas(), st.sampled_from([*ZONES, "nowhere"]))
def test_no_times_break_it(opens: datetime | None, closes: datetime | None, lasts: timedelta | None, zone: str) -> None:
    made = window_or_error(opens, closes, lasts, zone)
    if isinstance(made, WindowError):
        assert made.where.startswith("window")
        assert made.fix
    else:
        assert made.describe(NOW)
        assert made.link_expiry(NOW, timedelta(days=366)).tzinfo is made.zone


@pytest.mark.parametrize(
    ("now", "words"),
    [
        (datetime(2026, 11, 23, 11, 55, tzinfo=UTC), "opens Mon 23 Nov 2026 09:00 EST, in 2 h 5 min"),
        (datetime(2026, 11, 23, 19, 0, tzinfo=UTC), "open until Mon 23 Nov 2026 17:00 EST, 3 h of 8 h left"),
        (datetime(2026, 11, 23, 22, 2, tzinfo=UTC), "closed Mon 23 Nov 2026 17:00 EST, 2 min ago"),
    ],
)
def test_it_says_how_things_stand(now: datetime, words: str) -> None:
    assert window(datetime(2026, 11, 23, 9), datetime(2026, 11, 23, 17)).describe(now) == words


def test_a_zone_without_letters_is_named_by_its_offset() -> None:
    made = window(datetime(2026, 1, 5, 9, 0, 30), timezone="Australia/Lord_Howe", now=datetime(2026, 1, 1, tzinfo=UTC))
    assert "Mon 5 Jan 2026 09:00:30 UTC+11" in made.describe(datetime(2026, 1, 1, tzinfo=UTC))


def test_it_is_a_value() -> None:
    made = window(lasts=timedelta(hours=8))
    made.link_expiry(NOW, timedelta(hours=1))
    assert pickle.loads(pickle.dumps(made)) == made == window(lasts=timedelta(hours=8))
    with pytest.raises(AttributeError):
        made.opens = NOW  # type: ignore[misc]


def test_a_naive_present_is_a_mistake_in_the_program() -> None:
    with pytest.raises(ValueError, match="aware"):
        window(now=datetime(2026, 11, 22, 12))


def test_a_zone_without_letters_of_its_own_is_said_by_its_offset() -> None:
    assert say_moment(NOW, ZoneInfo("Asia/Kathmandu")) == "Sun 22 Nov 2026 17:45 UTC+05:45"
    assert say_moment(NOW, ZoneInfo("America/Sao_Paulo")) == "Sun 22 Nov 2026 09:00 UTC-03"
