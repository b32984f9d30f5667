"""Rows handed out to workers of a run in a database: each to one of them, in blocks that come back when it is gone."""

import json
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing

import pytest

from campaign.errors import RunEndedError
from campaign.ledger.postgres.worker_store import PostgresWorkerLedger
from campaign.ledger_place import DatabasePlace
from campaign.model import Status
from tests.ledgers import attempt, outcome
from tests.postgres.wire import wire
from tests.postgres.worker_run import WorkerRun, claimed, commit, taken, until

pytestmark = pytest.mark.postgres

TOKYO, BERLIN, NOME = "Asia/Tokyo", "Europe/Berlin", "America/Nome"
LEASE = 1.0


@pytest.fixture
def begin(place: Callable[[str], DatabasePlace]) -> Iterator[Callable[..., WorkerRun]]:
    """Gives runs of people in zones, closed at the end."""
    made: list[WorkerRun] = []

    def give(zones: Sequence[str] = (), *, people: int = 50, allowance: int = -1) -> WorkerRun:
        made.append(WorkerRun(place(f"c{len(made)}"), people, zones=zones, allowance=allowance))
        return made[-1]

    yield give
    for run in made:
        run.close()


def test_every_row_comes_once_and_then_none(run: WorkerRun) -> None:
    worker = run.join()
    got: list[int] = []
    while (some := taken(worker)) is not None:
        got += some
        assert claimed(worker, *some) == some
        for contact in some:
            worker.journal.settle(outcome(contact))
    commit(worker)
    assert got == list(range(1, 51))
    assert run.tally() == run.counted() == {"sent": 50}
    until(lambda: not run.ask("SELECT 1 FROM block"))  # whose rows have come to their end


def test_who_has_the_orders_of_a_run_joins_no_other(run: WorkerRun) -> None:
    ((number,),) = run.ask("SELECT number FROM run")
    with closing(PostgresWorkerLedger(run.place, wake=run.woken.set, run=number)) as worker:
        worker.journal.close()
    with pytest.raises(RunEndedError):
        PostgresWorkerLedger(run.place, wake=run.woken.set, run=number - 1)
    assert run.ask("SELECT state FROM worker") == [("left",)]


def test_several_share_the_rows_and_nobody_gets_one_twice(begin: Callable[..., WorkerRun]) -> None:
    run = begin(people=400)
    got: list[list[int]] = []

    def work() -> None:
        worker, mine = run.join(), []
        while (some := taken(worker, 7)) is not None:
            mine += claimed(worker, *some)
            for contact in some:
                worker.journal.settle(outcome(contact))
            commit(worker)  # others may wait for these
        got.append(mine)

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(row for mine in got for row in mine) == list(range(1, 401))
    assert run.counted() == {"sent": 400}


def test_while_another_has_rows_that_may_come_back_there_may_be_more(begin: Callable[..., WorkerRun]) -> None:
    run = begin(people=8)
    one = run.join()
    rows = taken(one, 8) or []
    other = run.join()
    until(lambda: other.due_rows._left is not None)
    assert other.due_rows.take(8) == []
    claimed(one, *rows)
    for contact in rows[:-1]:
        one.journal.settle(outcome(contact))
    commit(one)
    assert other.due_rows.take(8) == []
    one.journal.settle(outcome(rows[-1]))
    commit(one)
    assert taken(one) is None
    assert taken(other) is None


def test_who_ends_in_order_gives_its_rows_back(begin: Callable[..., WorkerRun]) -> None:
    run = begin(people=8)
    one, other = run.join(), run.join()
    rows = taken(one, 8) or []
    claimed(one, *rows[:4])
    one.journal.settle(outcome(rows[0]))
    one.journal.settle(outcome(rows[1], Status.PENDING))
    one.journal.release(rows[2])
    one.journal.settle(outcome(rows[3], Status.IN_DOUBT))
    one.journal.close()
    one.close()
    assert run.state(one) == "left"
    assert taken(other, 8) == [rows[1], rows[2], *rows[4:]]
    claimed(other, rows[1])
    other.journal.settle(outcome(rows[1]))
    commit(other)


def test_who_is_lost_has_its_rows_taken_but_those_it_has_claimed(begin: Callable[..., WorkerRun]) -> None:
    run = begin(people=8)
    one = run.join(lease=LEASE)
    rows = taken(one, 8) or []
    claimed(one, rows[0])
    other = run.join(lease=LEASE)
    one.member.end()
    assert taken(other, 8) == rows[1:]
    assert run.words() == {rows[0]: "in_doubt"}
    assert run.state(one) == "lost"
    for contact in rows[1:3]:
        one.journal.claim(attempt(contact))
    one.journal.settle(outcome(rows[0]))
    assert commit(one) == ([2, 3], [])  # whoever claims a row first has it
    other.journal.claim(attempt(2))
    assert commit(other) == ([], [2])
    assert run.words() == {1: "sent", 2: "sending", 3: "sending"}
    assert run.tally() == run.counted()


def test_a_limit_counts_rows_when_they_are_first_given_out(begin: Callable[..., WorkerRun]) -> None:
    run = begin(people=50, allowance=5)
    one = run.join()
    assert taken(one, 9) == [1, 2, 3, 4, 5]
    one.journal.close()
    one.close()
    other = run.join()
    assert taken(other, 9) == [1, 2, 3, 4, 5]
    assert taken(other, 9) is None


def test_only_the_chosen_are_given(begin: Callable[..., WorkerRun]) -> None:
    run = begin(people=9)
    run.raw.execute("UPDATE entry SET chosen = true WHERE row IN (2, 7)")
    run.raw.execute("UPDATE run SET chosen_only = true")
    one = run.join()
    assert taken(one) == [2, 7]
    assert taken(one) is None


def test_while_contacts_are_read_there_may_be_more_unless_who_reads_them_is_gone(
    begin: Callable[..., WorkerRun],
) -> None:
    run = begin(people=3)
    run.raw.execute("UPDATE run SET reading = true")
    one = run.join()
    assert taken(one) == [1, 2, 3]
    until(lambda: one.due_rows._left is not None)
    assert one.due_rows.take(9) == []
    run.add(4)
    assert taken(one) == [4]
    run.raw.execute("UPDATE run SET owner_until = now()")
    assert taken(one) is None


def test_rows_of_a_held_queue_are_passed_and_come_once_it_is_held_no_more(begin: Callable[..., WorkerRun]) -> None:
    run = begin([TOKYO, BERLIN, TOKYO, "", BERLIN])
    one = run.join()
    assert taken(one, 2, [TOKYO]) == [2, 4]
    until(lambda: run.ask("SELECT queue, row FROM set_aside ORDER BY row") == [(TOKYO, 1), (TOKYO, 3)])
    got = [row for _ in range(2) for row in taken(one, 5, []) or []]
    while len(got) < 3:
        got += taken(one, 5, []) or []
    assert sorted(got) == [1, 3, 5]
    assert taken(one) is None


def test_where_only_held_rows_are_left_it_says_of_which_queues(begin: Callable[..., WorkerRun]) -> None:
    run = begin([TOKYO, BERLIN, "", NOME])
    one = run.join()
    assert taken(one, 9, [TOKYO, NOME]) == [2, 3]
    until(lambda: one.due_rows.take(9, held=[TOKYO, NOME]) == [] and one.due_rows.held_queues)
    assert one.due_rows.held_queues == frozenset((TOKYO, NOME))
    assert taken(one, 9, [TOKYO]) == [4]
    until(lambda: one.due_rows.take(9, held=[TOKYO]) == [] and one.due_rows.held_queues)
    assert one.due_rows.held_queues == frozenset((TOKYO,))
    assert taken(one, 9) == [1]
    assert taken(one, 9) is None


def test_where_there_is_one_queue_and_it_is_held_its_rows_stay(begin: Callable[..., WorkerRun]) -> None:
    run = begin(people=2)
    one = run.join()
    until(lambda: one.due_rows.take(9, held=("",)) == [] and one.due_rows.held_queues == frozenset(("",)))
    assert taken(one) == [1, 2]
    assert taken(one, 9, [""]) is None


def test_a_limit_does_not_count_rows_that_are_passed(begin: Callable[..., WorkerRun]) -> None:
    run = begin([TOKYO, BERLIN, TOKYO, BERLIN], allowance=3)
    one = run.join()
    assert taken(one, 9, [TOKYO]) in ([2, 4], [2])
    until(lambda: run.ask("SELECT allowance FROM run") in ([(1,)], [(0,)]))
    got: list[int] = []
    while (some := taken(one, 9)) is not None:
        got += some
    assert len(got) + 2 in (3, 4)
    assert run.ask("SELECT allowance FROM run") == [(0,)]


def test_what_stood_aside_and_was_taken_by_one_who_is_lost_stands_aside_again(begin: Callable[..., WorkerRun]) -> None:
    run = begin([TOKYO, TOKYO, BERLIN])
    one = run.join(lease=LEASE)
    assert taken(one, 9, [TOKYO]) == [3]
    until(lambda: run.ask("SELECT count(*) FROM set_aside WHERE worker IS NULL") == [(2,)])
    assert taken(one, 9) == [1, 2]
    claimed(one, 1)
    other = run.join(lease=LEASE)
    one.member.end()
    got = sorted([*(taken(other, 9) or []), *(taken(other, 9) or [])])
    assert got == [2, 3]
    assert run.words() == {1: "in_doubt"}


def test_rows_whose_answer_was_lost_with_the_connection_are_taken_again(begin: Callable[..., WorkerRun]) -> None:
    """The worker has a block on record that it does not know of."""
    run = begin(people=100)
    with wire(run.place) as cable:
        worker = run.join(place=cable.place, heartbeat=60.0)
        got = taken(worker, 4) or []
        cable.cut_at = "reply"
        while (some := taken(worker, 4)) is not None:
            got += some
        assert cable.cuts == 1
        assert sorted(got) == list(range(1, 101))
        worker.close()


def test_cells_that_are_damaged_are_said_to_be(begin: Callable[..., WorkerRun]) -> None:
    run = begin(people=3)
    run.raw.execute("UPDATE entry SET cells = %s WHERE row = 2", (json.dumps(["just one"]),))
    one = run.join()
    with pytest.raises(Exception, match="the cells of row 2"):
        taken(one)
