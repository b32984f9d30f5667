"""The count of a day: one for all processes of a run and the runs after it, exact whatever is killed."""

import contextlib
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from campaign.errors import LedgerError
from campaign.ledger.sqlite.daily_count import SqliteDailyCount
from campaign.ledger.sqlite.due_rows import prepare_run
from campaign.ledger.sqlite.store import SqliteRunLedger
from campaign.ledger.sqlite.worker_store import SqliteWorkerLedger
from tests.ledgers import attempt, commit, people

TODAY = date(2026, 11, 26)
TOMORROW = TODAY + timedelta(days=1)
Process = Callable[[], SqliteWorkerLedger]


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[SqliteRunLedger]:
    with SqliteRunLedger.open(tmp_path / "small.ledger", "small") as opened:
        people(opened, 400)
        prepare_run(opened.database, limit=None, chosen_only=False)
        yield opened


@pytest.fixture
def process(ledger: SqliteRunLedger) -> Iterator[Process]:
    """Makes the ledger that one more process has; one that is not closed by a test is killed at its end."""
    made = []

    def make() -> SqliteWorkerLedger:
        made.append(SqliteWorkerLedger(ledger.path, wake=lambda: None))
        return made[-1]

    yield make
    for one in made:
        kill(one)


def kill(process: SqliteWorkerLedger) -> None:
    """End it as SIGKILL does, unless it has ended: what is not on record is lost."""
    with contextlib.suppress(OSError):
        process.journal._sync.close()
    for part in (process._limits, process.journal._database, process.due_rows, process.server_memory):
        part.close()


def end(process: SqliteWorkerLedger) -> None:
    """End it in peace."""
    process.journal.close()
    process.close()


def recorded(ledger: SqliteRunLedger, day: date = TODAY, name: str = "") -> int:
    return SqliteDailyCount(ledger.database, name).count(day)


def begin_all(count: SqliteDailyCount, limit: int, day: date = TODAY) -> int:
    began = 0
    while count.begin(day, limit):
        began += 1
    return began


@pytest.mark.parametrize("limit", [1, 2, 17, 500, 3000])
def test_so_many_begin_on_a_day_and_no_more(process: Process, limit: int) -> None:
    count = process().daily_count("")
    assert begin_all(count, limit) == limit == count.count(TODAY)
    assert not count.begin(TODAY, limit)
    assert begin_all(count, 3, TOMORROW) == 3
    assert (count.days_before(TODAY), count.days_before(TOMORROW)) == (0, 0)  # nothing is on record yet


def test_counts_of_other_names_are_counts_of_their_own(process: Process, ledger: SqliteRunLedger) -> None:
    ours = process()
    assert begin_all(ours.daily_count(""), 5) == 5
    assert begin_all(ours.daily_count("ses eu"), 7) == 7
    assert ours.daily_count("ses eu") is ours.daily_count("ses eu")
    end(ours)
    assert [recorded(ledger, name=name) for name in ("", "ses eu", "ses")] == [5, 7, 0]
    later = process()
    assert (later.daily_count("").days_before(TOMORROW), later.daily_count("ses").days_before(TOMORROW)) == (1, 0)
    assert begin_all(later.daily_count("ses eu"), 9) == 2


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.integers(1, 120),
    st.lists(st.tuples(st.integers(0, 3), st.sampled_from("bbbbbbgch"), st.integers(1, 30)), max_size=40),
)
def test_whoever_asks_in_whatever_order_the_days_number_holds(
    process: Process, ledger: SqliteRunLedger, limit: int, steps: list[tuple[int, str, int]]
) -> None:
    """Processes begin, give back, commit and run out of rows; in the end all of the number can be used."""
    ledger.database.execute("DELETE FROM facts WHERE name GLOB 'daily_count*'")
    processes = [process() for _ in range(4)]
    under_way: Counter[int] = Counter()
    for which, step, times in steps:
        one = processes[which]
        count = one.daily_count("")
        for _ in range(times):
            if step == "b" and count.begin(TODAY, limit):
                under_way[which] += 1
            elif step == "g" and under_way[which]:
                count.give_back(TODAY)
                under_way[which] -= 1
            assert under_way.total() <= limit
        if step == "c":
            commit(one.journal)
        elif step == "h":
            count.hand_back()
    for one in processes:
        end(one)
    assert recorded(ledger) == under_way.total()
    assert under_way.total() + begin_all(process().daily_count(""), limit) == limit


def test_a_process_that_runs_out_of_rows_leaves_the_rest_to_the_others(process: Process) -> None:
    ours, others = process().daily_count(""), process().daily_count("")
    assert ours.begin(TODAY, 100)
    ours.hand_back()
    assert begin_all(others, 100) == 99


@pytest.mark.parametrize("claimed", [0, 1, 13])
def test_after_a_kill_what_was_claimed_counts_and_nothing_else(
    process: Process, ledger: SqliteRunLedger, claimed: int
) -> None:
    """What was begun and not claimed never left; the leave for more that the process held is there again."""
    ours = process()
    count = ours.daily_count("")
    for due in (ours.due_rows.take(claimed) or []) if claimed else []:
        assert count.begin(TODAY, 300)
        ours.journal.claim(attempt(due.id))
    commit(ours.journal)
    for due in ours.due_rows.take(5) or []:
        assert count.begin(TODAY, 300)
        ours.journal.claim(attempt(due.id))
    kill(ours)
    prepare_run(ledger.database, limit=None, chosen_only=False)
    assert recorded(ledger) == claimed
    assert begin_all(process().daily_count(""), 300) == 300 - claimed


def test_a_killed_process_holds_little_back_from_those_that_go_on(process: Process) -> None:
    ours = process()
    assert ours.daily_count("").begin(TODAY, 1600)
    kill(ours)
    assert begin_all(process().daily_count(""), 1600) == 1500


def test_a_message_of_yesterday_that_never_left_gives_nothing_to_today(
    process: Process, ledger: SqliteRunLedger
) -> None:
    ours = process()
    count = ours.daily_count("")
    assert begin_all(count, 2) == 2 and begin_all(count, 2, TOMORROW) == 2
    count.give_back(TODAY)
    assert not count.begin(TOMORROW, 2)
    end(ours)
    assert (recorded(ledger), recorded(ledger, TOMORROW)) == (1, 2)
    assert process().daily_count("").days_before(TOMORROW) == 1


def test_a_day_on_which_nothing_left_after_all_is_none(process: Process, ledger: SqliteRunLedger) -> None:
    ours = process()
    assert ours.daily_count("").begin(TODAY, 2)
    ours.daily_count("").give_back(TODAY)
    end(ours)
    assert recorded(ledger) == 0 and process().daily_count("").days_before(TOMORROW) == 0


def test_what_could_not_be_committed_is_counted_when_it_is(process: Process, ledger: SqliteRunLedger) -> None:
    """A disk that is full for a while."""
    ours = process()
    for due in ours.due_rows.take(3) or []:
        assert ours.daily_count("").begin(TODAY, 10)
        ours.journal.claim(attempt(due.id))
    ledger.database.execute("CREATE TRIGGER full BEFORE INSERT ON facts BEGIN SELECT RAISE(ABORT, 'full'); END")
    with pytest.raises(LedgerError):
        ours.journal.commit()
    assert recorded(ledger) == 0 and ours.daily_count("").count(TODAY) == 3
    ledger.database.execute("DROP TRIGGER full")
    commit(ours.journal)
    assert recorded(ledger) == ours.daily_count("").count(TODAY) == 3


def test_the_ledger_is_not_written_for_each_message(process: Process, ledger: SqliteRunLedger) -> None:
    count, writes = process().daily_count(""), 0
    count._database.set_trace_callback(lambda sql: tally.append(sql) if sql.startswith("INSERT") else None)
    tally: list[str] = []
    assert begin_all(count, 5000) == 5000
    writes = len(tally)
    assert 50 <= writes <= 150
