"""An even pace: over what is left of the open time, to its end and no further, whatever happens meanwhile."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from campaign.ledger.sqlite.store import SqliteRunLedger
from campaign.model import Attempt, Reply
from campaign.window import SendWindow
from tests.dispatchers import reply
from tests.ledgers import people
from tests.worker.simulated_run import OK, SimulatedRun, fullest

START = datetime(2026, 11, 23, 9, tzinfo=UTC)
SLOWER = reply(451, "4.7.1", "slow down")


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[SqliteRunLedger]:
    with SqliteRunLedger.open(tmp_path / "small.ledger", "small") as opened:
        yield opened


def run(folder: Path, ledger: SqliteRunLedger, lasts: float, **given: Any) -> SimulatedRun:
    """A run of a window that lasts so many seconds; it begins at its opening unless said otherwise."""
    window = SendWindow.resolve(opens=START, closes=None, lasts=timedelta(seconds=lasts), timezone="UTC", now=START)
    values: dict[str, Any] = {"window": window, "starts": START, "rows_beyond": 0}
    return SimulatedRun(folder, ledger, **values | given)


def seconds(*runs: SimulatedRun) -> list[float]:
    """When messages that were taken began, in seconds after the opening."""
    return sorted(
        (one._starts - START).total_seconds() + sent.began - one._begins
        for one in runs
        for sent in one.sent
        if sent.answer == 250
    )


def assert_even(moments: list[float], first: float, last: float, parts: int = 5, off: float = 0.2) -> None:
    """So many parts of the time have about as many messages each."""
    length = (last - first) / parts
    counts = [sum(first + n * length <= one < first + (n + 1) * length for one in moments) for n in range(parts)]
    expected = len(moments) / parts
    assert all(abs(count - expected) <= off * expected + 2 for count in counts), counts


@pytest.mark.parametrize("processes", [1, 4])
@pytest.mark.parametrize(("count", "lasts"), [(200, 600.0), (60, 36_000.0), (400, 40.0)])
def test_messages_are_spread_to_just_before_the_end(
    tmp_path: Path, ledger: SqliteRunLedger, processes: int, count: int, lasts: float
) -> None:
    people(ledger, count)
    moments = seconds(run(tmp_path, ledger, lasts, processes=processes, connections=8).go())
    assert len(moments) == count
    assert 0.9 * lasts <= moments[-1] <= 0.99 * lasts
    assert_even(moments, 0, 0.98 * lasts)


def test_a_run_that_begins_late_hurries_as_much_as_it_must(tmp_path: Path, ledger: SqliteRunLedger) -> None:
    people(ledger, 200)
    late = START + timedelta(seconds=500)
    moments = seconds(run(tmp_path, ledger, 600.0, starts=late).go())
    assert len(moments) == 200
    assert 570 <= moments[-1] <= 594
    assert_even(moments, 500, 588)


def test_the_last_moments_are_as_fast_as_can_be(tmp_path: Path, ledger: SqliteRunLedger) -> None:
    people(ledger, 50)
    moments = seconds(run(tmp_path, ledger, 600.0, starts=START + timedelta(seconds=595)).go())
    assert len(moments) == 50 and moments[-1] < 597


def test_it_is_never_above_the_rate(tmp_path: Path, ledger: SqliteRunLedger) -> None:
    people(ledger, 100)
    moments = seconds(run(tmp_path, ledger, 60.0, starts=START + timedelta(seconds=57), rate=20.0, processes=3).go())
    assert fullest(moments, 1.0) <= 20


def test_a_stretch_in_which_nothing_was_taken_is_made_up_for(tmp_path: Path, ledger: SqliteRunLedger) -> None:
    people(ledger, 200)

    def answer(_: Attempt, began: float) -> Reply:
        return SLOWER if 100 < began < 300 else OK

    moments = seconds(run(tmp_path, ledger, 600.0, answer=answer, processes=2).go())
    assert len(moments) == 200
    assert moments[-1] <= 599
    before, after = [one for one in moments if one <= 100], [one for one in moments if one >= 300]
    assert len(before) == pytest.approx(200 * 100 / 588, abs=4)
    assert len(after) > 140


def test_rows_that_come_meanwhile_are_taken_in(tmp_path: Path, ledger: SqliteRunLedger) -> None:
    people(ledger, 100)
    first = run(tmp_path, ledger, 600.0)
    first.go(until=START + timedelta(seconds=200))
    first.kill()
    ledger.recover()
    people(ledger, 300)
    second = run(tmp_path / "b", ledger, 600.0, starts=first.wall()).go()
    assert_even(seconds(second), 200, 588, parts=4)
    assert len(seconds(first, second)) >= 298


def test_a_run_goes_on_at_the_same_pace_after_a_kill(tmp_path: Path, ledger: SqliteRunLedger) -> None:
    people(ledger, 300)
    first = run(tmp_path, ledger, 600.0, processes=3)
    first.go(until=START + timedelta(seconds=250))
    first.kill()
    ledger.recover()
    second = run(tmp_path / "b", ledger, 600.0, starts=first.wall(), begins=5.0, processes=2).go()
    moments = seconds(first, second)
    assert len(moments) >= 297
    assert_even(moments, 0, 588, parts=6)


def test_only_the_runs_own_rows_are_reckoned_with(tmp_path: Path, ledger: SqliteRunLedger) -> None:
    """`--limit 50`: the others stay for another run."""
    people(ledger, 500)
    moments = seconds(run(tmp_path, ledger, 600.0, limit=50, rows_beyond=450).go())
    assert len(moments) == 50
    assert_even(moments, 0, 588)


def test_what_a_daily_limit_leaves_is_spread_over_its_day(tmp_path: Path, ledger: SqliteRunLedger) -> None:
    """Three days of 24 hours, and a warm-up: the later days make up for the first ones."""
    people(ledger, 330)
    day = 86_400.0
    moments = seconds(run(tmp_path, ledger, 3 * day - 9 * 3600, daily_limit=(50, 80, 1000)).go())
    midnight = day - 9 * 3600
    first = [one for one in moments if one < midnight]
    second = [one for one in moments if midnight <= one < midnight + day]
    third = [one for one in moments if midnight + day <= one]
    assert [len(one) for one in (first, second, third)] == [50, 80, 200]
    assert_even(first, 0, midnight)
    assert_even(second, midnight, midnight + day)
    assert_even(third, midnight + day, midnight + 2 * day - 0.02 * (3 * day - 9 * 3600))


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    count=st.integers(1, 150),
    lasts=st.floats(20, 50_000),
    late=st.floats(0, 0.9),
    processes=st.integers(1, 4),
    rate=st.none() | st.floats(20, 200),
)
def test_whatever_the_time_all_is_sent_before_the_end(
    tmp_path_factory: pytest.TempPathFactory, count: int, lasts: float, late: float, processes: int, rate: float | None
) -> None:
    """Where the rate allows it."""
    folder = tmp_path_factory.mktemp("run")
    left = lasts * (1 - late)
    with SqliteRunLedger.open(folder / "small.ledger", "small") as ledger:
        people(ledger, count)
        starts = START + timedelta(seconds=lasts * late)
        done = run(folder, ledger, lasts, starts=starts, processes=processes, connections=8, rate=rate).go()
    moments = seconds(done)
    assert len(moments) == count
    assert moments[-1] <= lasts - 0.001 or (rate is not None and count > 0.8 * rate * left)
    assert rate is None or fullest(moments, 1.0) <= -(-rate // 1)
