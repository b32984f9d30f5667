"""The campaign's daily limit: no day has more, whatever processes, kills and clocks do, and all is sent in the end."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from campaign.daily_plan import day_of, step_of
from campaign.errors import InvalidContactError
from campaign.ledger.sqlite.daily_count import SqliteDailyCount
from campaign.ledger.sqlite.store import SqliteRunLedger
from campaign.model import Attempt, Reply
from campaign.window import SendWindow
from tests.ledgers import people
from tests.worker.simulated_run import BUSY, OK, SimulatedRun

BERLIN = ZoneInfo("Europe/Berlin")
START = datetime(2026, 11, 23, 9, tzinfo=BERLIN)
MONDAY = date(2026, 11, 23)
WEEK = timedelta(days=7)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[SqliteRunLedger]:
    with SqliteRunLedger.open(tmp_path / "small.ledger", "small") as opened:
        yield opened


def window(lasts: timedelta | None = None, *, zone: str = "Europe/Berlin", opens: datetime = START) -> SendWindow:
    return SendWindow.resolve(opens=opens, closes=None, lasts=lasts, timezone=zone, now=opens)


def run(folder: Path, ledger: SqliteRunLedger, **given: Any) -> SimulatedRun:
    values: dict[str, Any] = {"window": window(), "starts": START}
    return SimulatedRun(folder, ledger, **values | given)


def by_day(done: SimulatedRun, zone: ZoneInfo = BERLIN) -> dict[date, int]:
    """How many of the messages that were taken began on each day."""
    moments = (done._starts + timedelta(seconds=one.began - done._begins) for one in done.sent if one.answer == 250)
    return dict(Counter(day_of(moment, zone) for moment in moments))


def days(*numbers: int, first: date = MONDAY) -> dict[date, int]:
    return {first + timedelta(days=number): messages for number, messages in enumerate(numbers) if messages}


@pytest.mark.parametrize("processes", [1, 4])
def test_each_day_has_its_number_and_the_ladder_climbs(tmp_path: Path, ledger: SqliteRunLedger, processes: int) -> None:
    people(ledger, 100)
    done = run(tmp_path, ledger, processes=processes, daily_limit=(10, 20, 30)).go()
    assert by_day(done) == days(10, 20, 30, 30, 10)
    assert sorted(done.accepted()) == sorted(set(done.accepted()))
    assert done.opened <= processes * 6, "connections are opened once a day, and not to be told that there is no leave"


def test_days_without_mail_are_no_step_of_the_ladder(tmp_path: Path, ledger: SqliteRunLedger) -> None:
    people(ledger, 60)
    run(tmp_path, ledger, daily_limit=(10, 20, 30), wait=False).go()
    thursday = START + timedelta(days=3)
    second = run(tmp_path / "b", ledger, daily_limit=(10, 20, 30), wait=False, starts=thursday).go()
    assert by_day(second) == {date(2026, 11, 26): 20}
    third = run(tmp_path / "c", ledger, daily_limit=(10, 20, 30), wait=False, starts=thursday + WEEK).go()
    assert by_day(third) == {date(2026, 12, 3): 30}


def test_without_waiting_the_run_ends_when_the_number_is_reached(tmp_path: Path, ledger: SqliteRunLedger) -> None:
    people(ledger, 30)
    done = run(tmp_path, ledger, processes=3, daily_limit=(12,), wait=False).go()
    assert by_day(done) == days(12) and done.now < 60
    again = run(tmp_path / "b", ledger, daily_limit=(12,), wait=False, starts=START + timedelta(hours=5)).go()
    assert not again.sent and not again.opened, "nothing is left for today, so no connection is opened"


def test_a_window_that_closes_before_tomorrow_ends_the_run(tmp_path: Path, ledger: SqliteRunLedger) -> None:
    people(ledger, 30)
    done = run(tmp_path, ledger, daily_limit=(12,), window=window(timedelta(hours=8))).go()
    assert by_day(done) == days(12) and done.now < 60


@pytest.mark.parametrize("killed_after", [0.03, 0.11, 0.4, 1.3])
def test_a_day_goes_on_with_its_number_after_a_kill(
    tmp_path: Path, ledger: SqliteRunLedger, killed_after: float
) -> None:
    """What was claimed counts, sent or not; what the killed processes had reserved is there again."""
    people(ledger, 200)
    first = run(tmp_path, ledger, processes=3, daily_limit=(60,), takes=lambda attempt: 0.1)
    first.go(until=START + timedelta(seconds=killed_after))
    first.kill()
    doubtful = ledger.recover()
    later = START + timedelta(hours=1)
    second = run(tmp_path / "b", ledger, processes=2, daily_limit=(60,), starts=later, wait=False).go()
    sent = len(first.accepted()) + len(second.accepted())
    assert sent + doubtful == 60
    assert SqliteDailyCount(ledger.database, "").count(MONDAY) == 60


def test_rows_that_are_put_off_use_nothing_up(tmp_path: Path, ledger: SqliteRunLedger) -> None:
    tried: Counter[int] = Counter()

    def greylists(attempt: Attempt, _: float) -> Reply:
        tried[attempt.contact] += 1
        return BUSY if tried[attempt.contact] == 1 else OK

    people(ledger, 30)
    done = run(
        tmp_path, ledger, processes=2, daily_limit=(20,), answer=greylists, first_wait=5.0, longest_wait=5.0
    ).go()
    assert by_day(done) == days(20, 10)


def test_a_row_that_can_not_be_mailed_uses_nothing_up(tmp_path: Path, ledger: SqliteRunLedger) -> None:
    people(ledger, 30)
    simulated = run(tmp_path, ledger, daily_limit=(20,))
    (worker,) = simulated.workers
    make = worker.dispatcher._preparation._make

    def refuses(due: Any) -> Any:
        if due.contact.number % 3 == 0:
            raise InvalidContactError("no name", where="name")
        return make(due)

    worker.dispatcher._preparation._make = refuses
    assert by_day(simulated.go()) == days(20)


def test_a_refused_message_counts(tmp_path: Path, ledger: SqliteRunLedger) -> None:
    people(ledger, 30)
    gone = Reply(code=550, enhanced="5.1.1", text="no such user")
    done = run(tmp_path, ledger, daily_limit=(20,), answer=lambda *_: gone).go()
    assert [one.ended < 15 * 3600 for one in done.sent].count(True) == 20
    assert len(done.sent) == 30


@pytest.mark.parametrize(
    ("zone", "opens", "first", "hours"),
    [
        ("Europe/Berlin", datetime(2026, 10, 24, 20), date(2026, 10, 24), [4, 25]),  # the clocks go back
        ("Europe/Berlin", datetime(2026, 3, 28, 20), date(2026, 3, 28), [4, 23]),  # the clocks go forward
        ("Pacific/Kiritimati", datetime(2026, 3, 28, 20), date(2026, 3, 28), [4, 24]),
    ],
)
def test_a_day_is_one_of_the_windows_zone(
    tmp_path: Path, ledger: SqliteRunLedger, zone: str, opens: datetime, first: date, hours: list[int]
) -> None:
    people(ledger, 15)
    where, start = ZoneInfo(zone), opens.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    done = run(tmp_path, ledger, daily_limit=(5,), window=window(zone=zone, opens=start), starts=start).go()
    assert by_day(done, where) == days(5, 5, 5, first=first)
    began = sorted(one.began for one in done.sent)
    assert [began[5], began[10]] == pytest.approx([hours[0] * 3600, sum(hours) * 3600], abs=5)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    ladder=st.lists(st.integers(1, 25), min_size=1, max_size=4),
    count=st.integers(1, 60),
    kills=st.lists(st.floats(0.01, 200_000), max_size=3),
    refused=st.sets(st.integers(1, 60), max_size=15),
    processes=st.integers(1, 4),
)
def test_whatever_is_killed_or_refused_no_day_has_more_and_all_comes_to_its_end(
    tmp_path_factory: pytest.TempPathFactory,
    ladder: list[int],
    count: int,
    kills: list[float],
    refused: set[int],
    processes: int,
) -> None:
    folder = tmp_path_factory.mktemp("run")
    seen: set[int] = set()

    def answer(attempt: Attempt, _: float) -> Reply:
        first = attempt.contact in refused - seen
        seen.add(attempt.contact)
        return BUSY if first else OK

    given_to_all: dict[str, Any] = {"daily_limit": tuple(ladder), "processes": processes, "answer": answer}
    given_to_all |= {"first_wait": 30.0, "longest_wait": 30.0}
    taken, doubtful, total = Counter[int](), 0, Counter[date]()
    starts = START
    with SqliteRunLedger.open(folder / "small.ledger", "small") as ledger:
        people(ledger, count)
        for number, kill in enumerate([*kills, None]):
            one = run(folder / str(number), ledger, starts=starts, **given_to_all)
            one.go(until=None if kill is None else starts + timedelta(seconds=kill))
            one.kill()
            doubtful += ledger.recover()
            taken.update(one.accepted())
            total.update(by_day(one))
            starts = one.wall()
    assert set(taken.values()) <= {1}
    assert len(taken) + doubtful == count
    for climbed, day in enumerate(sorted(total)):  # a day with messages in doubt only is one as well
        assert total[day] <= max(step_of(ladder, climbed + more) for more in range(len(kills) + 1))
