"""What a forecast is made of: every setting that bears on the end of a run finds its way in."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from campaign.durations import pace_words
from campaign.run.forecast_inputs import RATE_SLACK, Measured, Sent, connections_of, send_plan
from campaign.run.forecast_words import (
    basis_words,
    ending_words,
    enough_connections,
    shortage_words,
    way_out,
)
from campaign.run.run_forecast import RunForecast, run_forecast
from campaign.run.schedules import schedule
from campaign.run.server_pace import ServerPace
from campaign.settings import Settings, load_settings
from campaign.window import SendWindow
from tests.campaigns import SmallCampaign

NOW = datetime(2026, 11, 26, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
TODAY = date(2026, 11, 26)
PACE = ServerPace(round_trip=0.097, trips=1, opening=0.5)
"""A message takes a connection a tenth of a second."""


def settings(tmp_path: Path, **sections: Any) -> Settings:
    small = SmallCampaign(tmp_path / "small", {"smtp": {"connections": 10, "host": "smtp.acme.example"}})
    for name, values in sections.items():
        small.settings.setdefault(name, {}).update(values)
    return small.load(25)


def window(hours: float | None = 8) -> SendWindow:
    lasts = None if hours is None else hours * HOUR
    return SendWindow.resolve(opens=None, closes=None, lasts=lasts, timezone="UTC", now=NOW)


def told(given: Settings, rows: int, *, hours: float | None = 8, **more: Any) -> RunForecast:
    options: dict[str, Any] = {
        "queues": {},
        "measured": Measured(paces={"smtp.acme.example": PACE}),
        "sent": Sent(),
        "processes": 1,
    } | more
    return run_forecast(given, window(hours), NOW, rows=rows, **options)


def hours_of(found: RunForecast) -> float:
    assert found.found.ends is not None
    return (found.found.ends - NOW) / HOUR


def test_connections_and_round_trip_set_the_pace(tmp_path: Path) -> None:
    found = told(settings(tmp_path), 180_000)
    assert found.found.set_by == "connections"
    assert hours_of(found) == pytest.approx(0.505, abs=0.01)


def test_a_rate_is_what_the_ledger_makes_of_it(tmp_path: Path) -> None:
    found = told(settings(tmp_path, smtp={"rate": 10.0}), 36_000)
    assert found.found.set_by == "rate"
    assert hours_of(found) == pytest.approx(RATE_SLACK, abs=0.01)


def test_this_machine_may_be_the_slowest(tmp_path: Path) -> None:
    found = told(settings(tmp_path), 3_600, measured=Measured(paces={"smtp.acme.example": PACE}, cpu=0.5), processes=2)
    assert found.found.set_by == "machine"
    assert hours_of(found) == pytest.approx(0.25, abs=0.01)


def test_several_servers_go_together_or_one_after_the_other(tmp_path: Path) -> None:
    small = SmallCampaign(tmp_path / "small").people(1)
    small.load(25)
    text = small.path.read_text("utf-8")
    head, _, rest = text.partition("[smtp]")
    rest = rest[rest.index("[", 1) :]
    servers = (
        '[[smtp]]\nname = "ses"\nhost = "ses.example"\nconnections = 10\ndaily_limit = 1000\n'
        '[[smtp]]\nname = "own"\nhost = "own.example"\nconnections = 5\n'
        '[[smtp]]\nname = "spare"\nhost = "spare.example"\nconnections = 50\npriority = 2\n'
    )
    small.path.write_text(head + servers + rest, "utf-8")
    given = load_settings(small.path, environ={})
    measured = Measured(paces={"ses": PACE, "own": PACE, "spare": PACE})
    found = told(given, 3_000, measured=measured, sent=Sent(by_server={"ses": {TODAY: 400}}))
    assert connections_of(given) == 15
    assert found.found.per_second == pytest.approx(150, rel=0.02)
    assert found.found.pieces[0].messages == pytest.approx(600 * 1.5, rel=0.01), "then ses has had its day's messages"
    assert found.found.pieces[1].messages == pytest.approx(2_100, rel=0.01), "and the spare one waits"


def test_limits_of_domains_hold_their_rows_only(tmp_path: Path) -> None:
    given = settings(tmp_path, **{'limits."slow.example"': {"rate": 1}, 'limits."few.example"': {"connections": 1}})
    found = told(given, 40_000, queues={("", "slow.example"): 3_600, ("", "few.example"): 100})
    assert hours_of(found) == pytest.approx(RATE_SLACK, abs=0.02)
    plan = found.plan
    assert [queue.rows for queue in plan.queues] == [3_600, 100, 36_300]
    assert plan.queues[1].rate == pytest.approx(10)


def test_each_contacts_own_clock_counts(tmp_path: Path) -> None:
    """It is 09:00 UTC, 10:00 in Berlin, 04:00 in New York, where it opens at 09:00 as well."""
    small = SmallCampaign(tmp_path / "small", {"smtp": {"host": "smtp.acme.example"}})
    small.contacts([], header=("email", "name", "zone"))
    small.settings["contacts"] = {"timezone_column": "zone"}
    small.settings["window"] = {"hours": "09:00-17:00", "closes": "2026-11-28T17:00:00"}
    given = small.load(25)
    clocks = schedule(given, now=NOW)
    options: dict[str, Any] = {"measured": Measured(paces={"smtp.acme.example": PACE}), "sent": Sent()}
    zones = {("Europe/Berlin", ""): 100, ("America/New_York", ""): 360}
    found = run_forecast(given, clocks, NOW, rows=500, queues=zones, **options)
    assert hours_of(found) == pytest.approx(5, abs=0.1)
    late = run_forecast(given, clocks, NOW + 7.5 * HOUR, rows=50_000, queues={}, **options)
    assert (late.found.ends or NOW).date() == TODAY + timedelta(days=1), "the rest goes tomorrow from nine on"


def test_a_ladder_goes_on_from_the_days_with_mail(tmp_path: Path) -> None:
    given = settings(tmp_path, window={"daily_limit": [100, 200, 400]})
    ended = told(given, 500, hours=None).found.ends
    assert ended is not None and ended.date() == TODAY + timedelta(days=2)
    sent = Sent(by_day={TODAY - timedelta(days=3): 100, TODAY: 150})
    found = told(given, 450, hours=None, sent=sent)
    assert found.found.ends is not None and found.found.ends.date() == TODAY + timedelta(days=1)
    assert round(found.found.pieces[0].messages) == 50
    full = told(given, 450, hours=None, sent=Sent(by_day={TODAY: 100})).found.ends
    assert full is not None and full.date() == TODAY + timedelta(days=2)


def test_an_even_pace_ends_with_the_window(tmp_path: Path) -> None:
    given = settings(tmp_path, window={"pace": "spread", "lasts": "8h"})
    assert hours_of(told(given, 2_880)) == pytest.approx(8 * 0.98, abs=0.02)


def test_a_window_that_opens_later_is_waited_for(tmp_path: Path) -> None:
    later = SendWindow.resolve(opens=NOW + 5 * HOUR, closes=None, lasts=HOUR, timezone="UTC", now=NOW)
    options: dict[str, Any] = {"queues": {}, "measured": Measured(paces={"smtp.acme.example": PACE}), "sent": Sent()}
    found = run_forecast(settings(tmp_path), later, NOW, rows=36_000, **options)
    assert hours_of(found) == pytest.approx(5.1, abs=0.01)
    assert "a second" not in ending_words(found, HOUR)  # most of the time it waits


def test_over_is_over(tmp_path: Path) -> None:
    plan = send_plan(settings(tmp_path), window(1), NOW + 2 * HOUR, rows=5, queues={}, measured=Measured(), sent=Sent())
    assert [queue.spans for queue in plan.queues] == [()]


def test_it_says_when_it_ends_and_until_when_links_live(tmp_path: Path) -> None:
    found = told(settings(tmp_path), 180_000)
    said = ending_words(found, HOUR)
    assert said == "ends about 09:31 UTC, in 31 min (99 a second), inside the window; links live until 18:00 UTC"
    assert basis_words(found, connections=10).startswith(
        "a round trip takes 97 ms, one for a message; 10 connections; what"
    )
    assert ending_words(told(settings(tmp_path / "b"), 18_000_000, hours=None), HOUR) == (
        "ends about Sat 28 Nov 2026 11:31 UTC, in 2 d 3 h (99 a second)"
    )


def test_it_says_what_is_too_small_and_what_would_do(tmp_path: Path) -> None:
    found = told(settings(tmp_path), 5_000_000)
    said = shortage_words(found, connections=10)
    assert said.startswith("with 10 connections and a round trip of 97 ms, 99 a second, it takes 14 h ")
    assert "longer than the window is open: about 2,1" in said
    enough = enough_connections(found, connections=10)
    assert enough == 18
    assert way_out(found, connections=10).startswith("18 connections would do (smtp.connections)")


def test_a_rate_that_is_too_low_is_named_with_one_that_would_do(tmp_path: Path) -> None:
    found = told(settings(tmp_path, smtp={"rate": 1.0}), 36_000)
    assert shortage_words(found, connections=10).startswith("at smtp.rate, 60 a minute, it takes 10 h 43 min, longer")
    assert way_out(found, connections=10).startswith("2 a second would do (smtp.rate)")
    assert enough_connections(found, connections=10) is None


def test_limits_of_the_day_that_leave_rows_are_named(tmp_path: Path) -> None:
    found = told(settings(tmp_path, window={"daily_limit": 500}), 3_700)
    assert shortage_words(found, connections=10) == (
        "the limits of the day leave 3,200 of 3,700 unsent when the window closes"
    )
    assert "window.daily_limit" in way_out(found, connections=10)


def test_what_takes_years_is_said_without_a_window_that_never_closes(tmp_path: Path) -> None:
    limited = told(settings(tmp_path / "a", window={"daily_limit": 1}), 5_000, hours=None)
    assert shortage_words(limited, connections=10) == (
        "with the limits of the day, it takes years: about 1,339 of 5,000 would still be pending in 2036"
    )
    assert way_out(limited, connections=10).endswith("or send to fewer people")
    slow = told(settings(tmp_path / "b", smtp={"rate": 1e-14}), 5_000, hours=None)
    assert shortage_words(slow, connections=10) == (
        "at fewer than two a day, it takes years: about 5,000 of 5,000 would still be pending in 2036"
    )
    assert (
        way_out(slow, connections=10)
        == "1 a second would do (smtp.rate), if the server takes them; or send to fewer people"
    )
    hopeless = told(settings(tmp_path / "c", smtp={"rate": 1e-14}), 5_000, hours=1)
    assert "longer than the window is open: about 5,000 of 5,000" in shortage_words(hopeless, connections=10)


def test_where_nothing_is_known_nothing_is_said(tmp_path: Path) -> None:
    assert not told(settings(tmp_path), 500, measured=Measured()).says_something
    assert told(settings(tmp_path / "b", window={"daily_limit": 100}), 500, measured=Measured()).says_something


@pytest.mark.parametrize(
    ("per_second", "words"),
    [
        (12_345.0, "12,340 a second"),
        (62.4, "62 a second"),
        (2.5, "2.5 a second"),
        (1.0, "60 a minute"),
        (0.01, "36 an hour"),
        (0.0001, "8.6 a day"),
        (1e-300, "fewer than two a day"),
    ],
)
def test_a_pace_is_said_in_numbers_that_say_something(per_second: float, words: str) -> None:
    assert pace_words(per_second) == words
