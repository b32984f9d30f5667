"""When a run will end: never before what limits it allows, and when a person with a pencil says."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign.run.forecast import Forecast, QueueForecast, SendPlan, ServerForecast, Spans
from campaign.run.forecast_steps import forecast, least_that_fits, spread

NOW = datetime(2026, 11, 26, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
EVER: Spans = ((NOW, None),)


def plan(rows: int, *, spans: Spans = EVER, per_second: float | None = 10.0, **more: Any) -> SendPlan:
    given: dict[str, Any] = {
        "queues": [QueueForecast(rows=rows, spans=spans)],
        "servers": [ServerForecast(per_second=per_second)],
        "zone": UTC,
    }
    return SendPlan(**given | more)


def hours(*spans: tuple[float, float]) -> Spans:
    return tuple((NOW + first * HOUR, NOW + last * HOUR) for first, last in spans)


def ends_after(found: Forecast) -> float:
    """Hours, to a second."""
    assert found.ends is not None
    return round((found.ends - NOW) / HOUR, 3)


def test_it_takes_as_long_as_the_pace_says() -> None:
    found = forecast(plan(36_000), NOW)
    assert (ends_after(found), found.unsent, found.set_by, found.per_second) == (1.0, 0, "connections", 10.0)


@pytest.mark.parametrize(
    ("more", "hours_", "by"),
    [
        ({"rate": 5.0}, 2.0, "rate"),
        ({"rate": 50.0}, 1.0, "connections"),
        ({"machine": 2.0}, 5.0, "machine"),
        ({"servers": [ServerForecast(per_second=10.0, rate=4.0)]}, 2.5, "server_rate"),
        ({"servers": [ServerForecast(per_second=10.0), ServerForecast(per_second=30.0)]}, 0.25, "connections"),
        ({"servers": [ServerForecast(per_second=10.0, rate=6.0), ServerForecast(per_second=4.0)]}, 1.0, "connections"),
        ({"delay": 1800.0}, 1.5, "connections"),
        ({"queues": [QueueForecast(rows=36_000, spans=EVER, rate=2.0)]}, 5.0, "queue_rate"),
    ],
)
def test_the_narrowest_of_all_sets_the_pace(more: dict[str, Any], hours_: float, by: str) -> None:
    found = forecast(plan(36_000, **more), NOW)
    assert (ends_after(found), found.set_by) == (hours_, by)


def test_nothing_goes_while_it_is_closed() -> None:
    found = forecast(plan(36_000, spans=hours((2, 2.5), (10, 10.25), (20, 30))), NOW)
    assert ends_after(found) == 20.25


def test_what_does_not_fit_stays_pending() -> None:
    found = forecast(plan(36_000, spans=hours((0, 0.5), (10, 10.25))), NOW)
    assert (found.unsent, found.fits, ends_after(found), found.day_limited) == (9_000, False, 10.25, False)


def test_a_limit_of_the_day_holds_until_midnight_in_the_campaigns_zone() -> None:
    tokyo = ZoneInfo("Asia/Tokyo")  # where it is 18:00
    found = forecast(plan(1_000, zone=tokyo, day_limit=lambda *_: 400), NOW)
    assert found.day_limited and found.unsent == 0
    assert ends_after(found) == round(6 + 24 + 200 / 36_000, 3)


def test_a_ladder_is_climbed_day_by_day() -> None:
    found = forecast(plan(1_000, day_limit=lambda _, climbed: [100, 200, 500, 500][climbed]), NOW)
    assert ends_after(found) == round(15 + 24 + 24 + 200 / 36_000, 3)


def test_a_limit_of_the_day_and_a_close_leave_rows() -> None:
    found = forecast(plan(1_000, spans=hours((0, 30)), day_limit=lambda *_: 400), NOW)
    assert (found.unsent, found.day_limited) == (200, True)


def test_a_server_that_has_had_enough_for_today_leaves_the_rest_to_the_others() -> None:
    servers = [ServerForecast(per_second=30.0, day_limit=lambda *_: 1_000), ServerForecast(per_second=10.0)]
    found = forecast(plan(36_000, servers=servers), NOW)
    assert found.pieces[0].messages == pytest.approx(1_000 * 40 / 30)
    assert ends_after(found) == round((1_000 / 30 + (36_000 - 1_000 * 40 / 30) / 10) / 3600, 3)


def test_a_server_of_a_higher_number_waits_until_the_others_have_had_their_day() -> None:
    servers = [
        ServerForecast(per_second=10.0, day_limit=lambda *_: 3_600),
        ServerForecast(per_second=40.0, priority=2),
    ]
    found = forecast(plan(18_000, servers=servers), NOW)
    assert (found.per_second, ends_after(found)) == (10.0, round(0.1 + 14_400 / 40 / 3600, 3))


def test_servers_with_weights_keep_to_their_shares() -> None:
    """The slower one for its part is waited for; one that is slow by its own rate is not."""
    weighted = [ServerForecast(per_second=10.0, weight=3.0), ServerForecast(per_second=10.0, weight=1.0)]
    assert plan(1, servers=weighted).most == pytest.approx(10 + 10 / 3)
    limited = [ServerForecast(per_second=10.0, rate=1.0, weight=1.0), ServerForecast(per_second=10.0, weight=1.0)]
    assert plan(1, servers=limited).most == pytest.approx(11)


def test_queues_with_hours_of_their_own_share_what_there_is() -> None:
    """Two zones, one of them an hour later; and a domain with a rate that is not in the others' way."""
    queues = [QueueForecast(rows=18_000, spans=hours((0, 8))), QueueForecast(rows=18_000, spans=hours((1, 9)))]
    assert ends_after(forecast(plan(0, queues=queues), NOW)) == 1.5
    slow = [QueueForecast(rows=3_600, spans=EVER, rate=0.5), QueueForecast(rows=32_400, spans=EVER)]
    found = forecast(plan(0, queues=slow), NOW)
    assert ends_after(found) == 2.0
    assert found.pieces[0].messages == pytest.approx(32_400 * 10 / 9.5)


def test_without_any_way_or_any_open_hour_nothing_goes() -> None:
    for nothing in (
        plan(5, spans=()),
        plan(5, spans=hours((-3, -1))),
        plan(5, day_limit=lambda *_: 0),
    ):
        found = forecast(nothing, NOW)
        assert (found.ends, found.unsent, found.pieces) == (None, 5, ())


def test_where_nothing_is_known_of_the_pace_only_hours_and_limits_count() -> None:
    assert forecast(plan(5_000, per_second=None), NOW).set_by == ""
    found = forecast(plan(1_000, per_second=None, spans=hours((0, 30)), day_limit=lambda *_: 400), NOW)
    assert found.unsent == 200


def test_spread_takes_all_the_open_time() -> None:
    spans = hours((0, 2), (24, 26))
    found = forecast(spread(plan(14_400, spans=spans), NOW), NOW)
    assert ends_after(found) == pytest.approx(26 - 0.02 * 4, abs=0.01)
    assert found.fits
    assert found.per_second == pytest.approx(1 / 0.98)
    limited = plan(1_000, spans=hours((0, 10), (24, 34)), day_limit=lambda _, climbed: [100, 2_000][climbed])
    assert forecast(spread(limited, NOW), NOW).fits, "the second day makes up for the first one's limit"
    too_many = plan(10**6, spans=spans)
    assert spread(too_many, NOW) is too_many
    endless = plan(14_400)
    assert spread(endless, NOW) is endless


@pytest.mark.parametrize("rate", [1e-3, 1e-9, 1e-300])
def test_nothing_is_foreseen_further_than_ten_years(rate: float) -> None:
    found = forecast(plan(1_000_000, rate=rate), NOW)
    assert found.ends is not None and found.ends - NOW == timedelta(days=3_660)
    assert found.unsent > 600_000 and not found.fits


def test_the_least_that_fits_is_found() -> None:
    asked: Counter[int] = Counter()

    def fits(number: int) -> bool:
        asked[number] += 1
        return number >= 18

    assert least_that_fits(fits, 1_000) == 18
    assert sum(asked.values()) <= 12
    assert least_that_fits(lambda _: False, 1_000) is None


spans = st.lists(st.tuples(st.integers(0, 40), st.integers(1, 20)), max_size=5).map(
    lambda found: hours(
        *((start, start + length) for start, length in _apart([(float(gap), float(length)) for gap, length in found]))
    )
)


def _apart(gaps: list[tuple[float, float]]) -> list[tuple[float, float]]:
    at, found = -5.0, []
    for gap, length in gaps:
        at += gap + 0.5
        found.append((at, length))
        at += length
    return found


queues = st.lists(
    st.builds(QueueForecast, rows=st.integers(0, 5_000), spans=spans, rate=st.none() | st.floats(0.01, 5)), max_size=4
)
limits = st.none() | st.integers(0, 900)


@given(
    queues=queues,
    servers=st.lists(
        st.tuples(
            st.none() | st.floats(0.01, 50),
            st.none() | st.floats(0.01, 50),
            limits,
            st.integers(1, 2),
            st.none() | st.floats(0.1, 9),
        ),
        max_size=3,
    ),
    rate=st.none() | st.floats(0.01, 50),
    daily=limits,
    delay=st.floats(0, 4_000),
    zone=st.sampled_from(["UTC", "Asia/Tokyo", "America/New_York", "Pacific/Kiritimati"]),
)
def test_it_never_says_less_than_limits_allow(
    queues: list[QueueForecast],
    servers: list[tuple[float | None, float | None, int | None, int, float | None]],
    rate: float | None,
    daily: int | None,
    delay: float,
    zone: str,
) -> None:
    """No message outside open hours, above a rate, or above a day's limit; and none is made up or lost."""
    here = ZoneInfo(zone)
    given = SendPlan(
        queues=queues,
        servers=[
            ServerForecast(
                per_second=per_second,
                rate=most,
                day_limit=lambda *_, left=left: left,
                priority=priority,
                weight=weight,
            )
            for per_second, most, left, priority, weight in servers
        ],
        zone=here,
        rate=rate,
        day_limit=lambda *_: daily,
        delay=delay,
    )
    found = forecast(given, NOW)
    sent = sum(piece.messages for piece in found.pieces)
    assert sent + found.unsent == pytest.approx(given.rows, abs=1)
    for one, another in pairwise(found.pieces):
        assert one.ends <= another.begins
    days: Counter[date] = Counter()
    for piece in found.pieces:
        seconds = (piece.ends - piece.begins).total_seconds()
        assert piece.messages <= min(given.shared, sum(one.most for one in given.servers)) * seconds * 1.000_01 + 2
        assert any(
            opens <= piece.begins and (closes is None or piece.ends <= closes + timedelta(microseconds=2))
            for queue in queues
            for opens, closes in queue.spans
        )
        days[piece.begins.astimezone(here).date()] += piece.messages  # type: ignore[assignment]
    most = sum(900_000 if left is None else left for _, _, left, _, _ in servers)
    for messages in days.values():
        assert messages <= (most if daily is None else min(most, daily)) + 2
    if found.ends is not None and rate is not None:
        assert (found.ends - NOW).total_seconds() >= sent / rate * 0.999 - 1
