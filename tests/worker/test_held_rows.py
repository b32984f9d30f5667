"""Rows that something holds back: nobody waits behind them, none is lost, and the worker knows when to look again."""

from collections.abc import Container

from hypothesis import example, given
from hypothesis import strategies as st

from campaign.model import DueRow
from campaign.worker.held_queues import HeldQueues
from campaign.worker.row_queue import RowQueue
from tests.dispatchers import Answers, due

NEVER = float("inf")


class Until(dict[str, float]):
    """Holds each queue until the moment that is given for it."""

    def until(self, queue: str, now: float) -> float:
        return self.get(queue, now)


class Ledger(Answers):
    """Rows in queues, handed out as the ledger does."""

    def __init__(self, *rows: DueRow) -> None:
        super().__init__()
        self.rows = list(rows)

    def take(self, most: int, *, held: Container[str] = ()) -> list[DueRow] | None:
        self.asked += 1
        taken = [one for one in self.rows if one.queue not in held][:most]
        self.rows = [one for one in self.rows if one not in taken]
        self.held_queues = frozenset(one.queue for one in self.rows) if self.rows and not taken else None
        return taken if taken or self.rows else None


def in_queue(number: int, queue: str, tries: int = 0) -> DueRow:
    return due(number, tries=tries)._replace(queue=queue)


def queue_of(ledger: Ledger, hold: Until) -> RowQueue:
    return RowQueue(ledger, HeldQueues(hold))


def drain(rows: RowQueue, now: float) -> list[int]:
    found = []
    while (one := rows.next(now)) is not None:
        found.append(one.id)
    return found


def test_nobody_waits_behind_a_row_that_is_held_and_it_comes_at_its_moment() -> None:
    ledger = Ledger(in_queue(1, "a"), in_queue(2, "b"), in_queue(3, "a"))
    rows = queue_of(ledger, Until(a=100.0))
    assert drain(rows, 50.0) == [2]
    assert not rows.done
    assert not rows.ready(50.0)
    assert rows.next_moment() == 100.0
    assert rows.held_queues == {"a"}
    assert not rows.ready(99.9)
    assert drain(rows, 100.0) == [1, 3]
    assert rows.done


def test_the_ledger_is_asked_once_a_second_while_all_that_it_has_is_held() -> None:
    """Others may have taken it meanwhile: there is nothing to wait for then."""
    ledger = Ledger(in_queue(1, "a"))
    rows = queue_of(ledger, Until(a=100.0))
    assert drain(rows, 0.0) == []
    asked = ledger.asked
    for tenth in range(1, 100):
        assert drain(rows, tenth / 10) == []
    assert ledger.asked <= asked + 10
    ledger.rows.clear()
    assert drain(rows, 11.0) == [] and rows.done


def test_a_hold_that_is_lifted_early_is_seen_within_a_second() -> None:
    hold = Until(a=100.0)
    rows = queue_of(Ledger(in_queue(1, "a")), hold)
    assert drain(rows, 0.0) == []
    hold["a"] = 5.0
    assert drain(rows, 5.0) == [1]


def test_rows_that_were_taken_before_their_queue_was_held_wait_here_and_come_first() -> None:
    hold = Until()
    rows = queue_of(Ledger(in_queue(1, "a"), in_queue(2, "a"), in_queue(3, "b"), in_queue(4, "b")), hold)
    first = rows.next(0.0)
    assert first is not None and first.id == 1
    hold["a"] = 9.0
    assert drain(rows, 1.0) == [3, 4]
    rows.give_back(first)
    assert drain(rows, 2.0) == []
    assert rows.held_queues == {"a"}
    assert rows.next_moment() == 9.0
    assert drain(rows, 9.0) == [1, 2]
    assert rows.done


def test_a_row_put_off_whose_moment_comes_while_it_is_held_waits_for_its_queue() -> None:
    hold = Until(a=60.0)
    rows = queue_of(Ledger(), hold)
    rows.put_off(in_queue(1, "a", tries=1), 10.0)
    rows.put_off(in_queue(2, "b", tries=1), 20.0)
    assert rows.waiting == 2
    assert drain(rows, 20.0) == [2]
    assert rows.waiting == 1
    assert not rows.ready(20.0)
    assert rows.next_moment() == 60.0
    assert drain(rows, 60.0) == [1]
    assert rows.done


def test_where_all_that_is_left_is_not_to_be_waited_for_it_is_done() -> None:
    hold = Until(a=NEVER)
    rows = queue_of(Ledger(in_queue(1, "a"), in_queue(2, "b")), hold)
    assert [one.id for one in [rows.next(0.0)] if one] == [2]
    rows.put_off(in_queue(3, "a", tries=1), 5.0)
    rows.ready(0.0)
    assert drain(rows, 0.0) == []
    assert rows.done
    hold["a"] = 1.0  # as long as others go on, it may open after all
    assert not rows.done
    assert drain(rows, 1.5) == [1]
    assert drain(rows, 5.0) == [3]
    assert rows.done


def test_those_of_some_queues_are_taken_out_wherever_they_wait() -> None:
    hold = Until(a=NEVER, b=50.0)
    rows = queue_of(Ledger(), hold)
    for number, queue in enumerate(["a", "b", "c"], 1):
        rows.put_off(in_queue(number, queue, tries=1), 5.0)
    rows.put_off(in_queue(4, "a"), 5.0)  # "slow down" cost it no try
    assert rows.withdraw(9) is None
    withdrawn = rows.withdraw(4)
    assert withdrawn is not None and withdrawn.id == 4
    assert [one.id for one in rows.take_waiting(lambda queue: queue == "a")] == [1]
    assert rows.waiting == 2
    drain(rows, 6.0)
    assert [one.id for one in rows.take_waiting(lambda queue: queue == "b")] == [2]
    assert rows.done


QUEUES = st.sampled_from(["", "a", "b"])
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["next", "give back", "put off", "finish", "sleep", "hold"]), st.floats(0.0, 3.0), QUEUES
    ),
    max_size=60,
)


@given(queues=st.lists(QUEUES, max_size=8), steps=STEPS)
@example(queues=[""], steps=[("hold", 1.0, ""), ("next", 0.0, ""), ("hold", 0.5, "")])
@example(queues=["a"], steps=[("next", 0.0, ""), ("hold", 3.0, "a"), ("give back", 0.0, ""), ("hold", 0.5, "a")])
def test_no_row_is_lost_given_twice_or_given_while_it_is_held_and_nobody_spins(
    queues: list[str], steps: list[tuple[str, float, str]]
) -> None:
    everybody = [in_queue(number, queue) for number, queue in enumerate(queues, 1)]
    hold = Until()
    rows, now = queue_of(Ledger(*everybody), hold), 5.0
    ours: list[DueRow] = []
    finished: list[int] = []

    def ask() -> None:
        ready = rows.ready(now)
        one = rows.next(now)
        if one is None:
            assert not rows.ready(now)
        else:
            assert ready
            assert hold.get(one.queue, now) <= now
            ours.append(one)

    for step, seconds, queue in steps:
        match step:
            case "next":
                ask()
            case "give back" if ours:
                rows.give_back(ours.pop())
            case "put off" if ours:
                rows.put_off(ours.pop(0), now + seconds)
            case "finish" if ours:
                finished.append(ours.pop().id)
            case "sleep":
                now += seconds
            case "hold":
                hold[queue] = now + seconds
        if not rows.ready(now):
            moment = rows.next_moment()
            assert moment is None or moment > now
            assert rows.done == (moment is None)
    for _ in range(1000):
        if rows.done:
            break
        if not rows.ready(now):
            moment = rows.next_moment()
            assert moment is not None
            now = moment
        ask()
    assert rows.done
    assert sorted(finished + [one.id for one in ours]) == [one.id for one in everybody]


def test_a_row_put_off_beyond_what_is_waited_for_does_not_keep_the_run_and_does_not_go_before_its_moment() -> None:
    """Its queue is open now, and closed by then."""

    class ClosesAtTen(Until):
        def until(self, queue: str, now: float) -> float:
            return NEVER if now >= 10.0 else now

    rows = queue_of(Ledger(), ClosesAtTen())
    rows.put_off(in_queue(1, "a", tries=1), 12.0)
    assert drain(rows, 5.0) == []
    assert rows.done
    assert rows.waiting == 1
    assert drain(rows, 12.0) == []
    assert rows.done
    assert [one.id for one in rows.take_waiting()] == [1]
