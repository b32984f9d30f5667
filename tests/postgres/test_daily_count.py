"""The count of a day over PostgreSQL: exact, and never above its limit, whoever comes, goes, and is called lost."""

import random
import threading
import time
from datetime import date, timedelta

import pytest

from campaign.ledger.postgres.budgets import PostgresBudgets
from campaign.ledger.postgres.daily_count import PostgresDailyCount
from campaign.ledger.postgres.daily_record import begun_by_day, drop_leave, keep_days
from tests.postgres.shared_run import SharedRun

pytestmark = pytest.mark.postgres

TODAY = date(2026, 11, 26)
TOMORROW = TODAY + timedelta(days=1)


def begin(count: PostgresDailyCount, limit: int, day: date = TODAY) -> bool:
    """Take leave for one message, however long the answer takes."""
    ends = time.monotonic() + 20
    while not count.begin(day, limit):
        if not count.asking:
            return False
        assert time.monotonic() < ends
        time.sleep(0.001)
    return True


def begin_all(count: PostgresDailyCount, limit: int, day: date = TODAY) -> int:
    """Begin as many as there is leave for."""
    began = 0
    while begin(count, limit, day):
        began += 1
    return began


def commit(run: SharedRun, limits: PostgresBudgets) -> None:
    """Write a round that carries no claims but what has begun."""
    with run.database.raw.transaction():
        for statement in limits.statements():
            run.database.raw.execute(statement.sql, statement.parameters)


def on_record(run: SharedRun, day: date = TODAY, name: str = "") -> int:
    return begun_by_day(run.database, name).get(day, 0)


@pytest.mark.parametrize("limit", [1, 17, 500])
def test_so_many_begin_on_a_day_and_no_more(shared_run: SharedRun, limit: int) -> None:
    limits = shared_run.limits()
    count = limits.daily_count("")
    assert begin_all(count, limit) == limit == count.count(TODAY)
    assert not count.has_room(TODAY, limit)
    assert begin_all(count, 3, TOMORROW) == 3
    assert (count.days_before(TODAY), count.days_before(TOMORROW)) == (0, 1)
    assert on_record(shared_run) == 0
    commit(shared_run, limits)
    assert (on_record(shared_run), on_record(shared_run, TOMORROW)) == (limit, 3)
    commit(shared_run, limits)
    assert on_record(shared_run) == limit


def test_no_answer_yet_is_told_from_no_leave(shared_run: SharedRun) -> None:
    count = shared_run.limits().daily_count("")
    assert not count.begin(TODAY, 2) and count.asking
    assert begin(count, 2) and begin(count, 2)
    assert not begin(count, 2) and not count.asking


def test_counts_of_other_names_are_counts_of_their_own(shared_run: SharedRun) -> None:
    limits = shared_run.limits()
    assert begin_all(limits.daily_count(""), 5) == 5
    assert begin_all(limits.daily_count("ses"), 7) == 7
    assert limits.daily_count("ses") is limits.daily_count("ses")
    limits.close()
    assert [on_record(shared_run, name=name) for name in ("", "ses", "other")] == [5, 7, 0]


def test_what_one_worker_does_not_need_the_others_get(shared_run: SharedRun) -> None:
    ours, others = shared_run.limits().daily_count(""), shared_run.limits().daily_count("")
    assert begin(ours, 100)
    ours.hand_back()
    ends = time.monotonic() + 10
    began = 0
    while began < 99:
        assert time.monotonic() < ends
        began += begin_all(others, 100)
    assert begin_all(others, 100) == 0 == begin_all(ours, 100)


def test_leave_of_a_message_that_did_not_leave_is_good_for_another(shared_run: SharedRun) -> None:
    limits = shared_run.limits()
    count = limits.daily_count("")
    assert begin_all(count, 2) == 2
    count.give_back(TODAY)
    assert begin_all(count, 2) == 1
    assert begin(count, 5, TOMORROW)
    count.give_back(TODAY)
    limits.close()
    assert (on_record(shared_run), on_record(shared_run, TOMORROW)) == (1, 1)
    assert begin_all(shared_run.limits().daily_count(""), 2) == 1


def test_a_worker_that_is_called_lost_leaves_what_it_has_not_begun(shared_run: SharedRun) -> None:
    """What it has begun on record counts; what it has begun and not claimed never left."""
    number = shared_run.join()
    lost = shared_run.limits(number)
    for _ in range(7):
        assert begin(lost.daily_count(""), 300)
    commit(shared_run, lost)
    assert begin(lost.daily_count(""), 300)
    shared_run.call_lost(number)
    assert begin_all(shared_run.limits().daily_count(""), 300) == 293


def test_a_worker_that_comes_back_has_no_leave_but_what_it_gets_anew(shared_run: SharedRun) -> None:
    """Three that it had begun without a claim are refused, and given back."""
    number = shared_run.join()
    late = shared_run.limits(number)
    count = late.daily_count("")
    for _ in range(3):
        assert begin(count, 50)
    shared_run.call_lost(number)
    others = shared_run.limits().daily_count("")
    for _ in range(20):
        assert begin(others, 50)
    shared_run.come_back(number)
    commit(shared_run, late)
    for _ in range(3):
        count.give_back(TODAY)
    heard = count.heard_at
    while count.heard_at <= heard + 1.0:
        time.sleep(0.01)
    assert begin_all(count, 50) + begin_all(others, 50) + begin_all(count, 50) == 30


def test_days_that_others_began_count_for_the_ladder(shared_run: SharedRun) -> None:
    ours = shared_run.limits()
    assert begin(ours.daily_count(""), 5) and begin(ours.daily_count(""), 5, TOMORROW)
    ours.close()
    count = shared_run.limits().daily_count("")
    assert (count.count(TODAY), count.days_before(TODAY), count.days_before(TOMORROW)) == (1, 0, 1)


def test_the_next_run_drops_all_leave_and_keeps_the_counts(shared_run: SharedRun) -> None:
    killed = shared_run.limits()
    for _ in range(3):
        assert begin(killed.daily_count(""), 100)
    commit(shared_run, killed)
    with shared_run.database.transaction():
        keep_days(shared_run.database, {TODAY: 99, TODAY - timedelta(days=1): 4})
        drop_leave(shared_run.database)
        drop_leave(shared_run.database)
    assert begun_by_day(shared_run.database, "") == {TODAY: 3, TODAY - timedelta(days=1): 4}
    rows = shared_run.database.raw.execute("SELECT worker, began, leave FROM daily_count ORDER BY day").fetchall()
    assert rows == [(0, 4, 4), (0, 3, 3)]


@pytest.mark.parametrize("limit", [40, 700])
def test_the_days_number_holds_whoever_is_killed(shared_run: SharedRun, limit: int) -> None:
    """Workers begin, commit, give back, and are killed or end; what is on record in the end is the day's number."""

    def work(seed: int) -> None:
        rng = random.Random(seed)
        number = shared_run.join()
        limits = shared_run.limits(number)
        count = limits.daily_count("")
        for _ in range(rng.randrange(20, 120)):
            if begin(count, limit) and rng.random() < 0.1:
                count.give_back(TODAY)
            if rng.random() < 0.1:
                with writing:
                    commit(shared_run, limits)
                    assert on_record(shared_run) <= limit
        with writing:
            if rng.random() < 0.5:
                shared_run.call_lost(number)
                return
            commit(shared_run, limits)
        limits.close()

    writing = threading.Lock()
    for generation in range(2):
        threads = [threading.Thread(target=work, args=(10 * generation + seed,)) for seed in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    last = shared_run.limits()
    ends = time.monotonic() + 10
    while on_record(shared_run) < limit:
        assert time.monotonic() < ends
        begin_all(last.daily_count(""), limit)
        commit(shared_run, last)
    assert on_record(shared_run) == limit
