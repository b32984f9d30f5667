"""Whose turn it is: order, rows put off, a contacts file that is still being read, and never a busy wait."""

from collections.abc import Container

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign.errors import LedgerError
from campaign.model import DueRow
from campaign.worker.row_queue import RowQueue
from tests.dispatchers import Answers, due

ONE, TWO, THREE, FOUR = (due(number) for number in range(1, 5))


def drain(rows: RowQueue, now: float) -> list[int]:
    """The numbers of all rows that can be had now."""
    found = []
    while (one := rows.next(now)) is not None:
        found.append(one.id)
    return found


def test_rows_come_in_the_files_order_block_by_block() -> None:
    due_rows = Answers([ONE, TWO], [THREE])
    rows = RowQueue(due_rows)
    assert drain(rows, 0.0) == [1, 2, 3]
    assert rows.done


def test_a_block_is_taken_only_when_the_one_before_it_is_used_up() -> None:
    """What has been taken and not begun is what a crash leaves to the next run; and it is memory."""
    due_rows = Answers([ONE, TWO], [THREE])
    rows = RowQueue(due_rows)
    rows.next(0.0)
    rows.next(0.0)
    assert due_rows.asked == 1
    rows.next(0.0)
    assert due_rows.asked == 2


class Endless(Answers):
    """A due_rows that always has as many as are asked for, and keeps how many that were."""

    def __init__(self) -> None:
        super().__init__()
        self.blocks: list[int] = []

    def take(self, most: int, *, held: Container[str] = ()) -> list[DueRow] | None:
        self.blocks.append(most)
        return [due(number) for number in range(most)]


def test_whoever_is_quick_takes_more_at_a_time_and_whoever_is_slow_less() -> None:
    """So that all end at about the same time: what one holds, no other can send."""
    due_rows = Endless()
    rows, now = RowQueue(due_rows), 0.0
    for _ in range(2000):
        rows.next(now)
        now += 0.0002
    assert due_rows.blocks[0] == 4 and max(due_rows.blocks) == 128
    for _ in range(300):
        rows.next(now)
        now += 0.5
    assert due_rows.blocks[-1] == 1


def test_between_the_two_it_holds_what_it_begins_in_a_fraction_of_a_second() -> None:
    due_rows = Endless()
    rows, now = RowQueue(due_rows), 0.0
    for _ in range(1000):
        rows.next(now)
        now += 0.01
    assert 10 <= due_rows.blocks[-1] <= 40


def test_more_rows_can_be_had_beside_a_block_that_is_not_used_up() -> None:
    """Such as the connections that are to be opened have use for; what that says of the pace is nothing."""
    due_rows = Endless()
    rows = RowQueue(due_rows)
    rows.fetch(0.0)
    assert due_rows.blocks == [4]
    rows.fetch(0.0, least=10)
    assert due_rows.blocks == [4, 6] and rows.ready(0.0) == 10
    rows.fetch(0.0, least=10)
    assert due_rows.blocks == [4, 6], "they are here"
    for _ in range(10):
        rows.next(0.2)
    rows.next(0.2)
    assert due_rows.blocks == [4, 6, 4], "the block lasted neither short nor long"


def test_towards_the_end_blocks_become_smaller() -> None:
    due_rows = Endless()
    due_rows.left = 40
    rows, now = RowQueue(due_rows), 0.0
    for _ in range(1000):
        rows.next(now)
        now += 0.0002
    assert max(due_rows.blocks) == 10


def test_the_ledger_is_not_asked_again_once_it_has_no_more() -> None:
    due_rows = Answers([ONE])
    rows = RowQueue(due_rows)
    drain(rows, 0.0)
    assert due_rows.asked == 2
    assert drain(rows, 1e6) == []
    assert due_rows.asked == 2


def test_a_row_given_back_is_the_next_one() -> None:
    rows = RowQueue(Answers([ONE, TWO, THREE]))
    first = rows.next(0.0)
    assert first is not None
    rows.give_back(first)
    assert drain(rows, 0.0) == [1, 2, 3]


def test_a_row_given_back_after_the_last_one_is_still_to_be_done() -> None:
    rows = RowQueue(Answers([ONE]))
    assert drain(rows, 0.0) == [1]
    assert rows.done
    rows.give_back(ONE)
    assert not rows.done
    assert rows.ready(0.0)
    assert drain(rows, 0.0) == [1]


def test_rows_put_off_come_when_they_are_due_by_moment_and_before_fresh_ones() -> None:
    rows = RowQueue(Answers([ONE]))
    rows.put_off(FOUR, 30.0)
    rows.put_off(TWO, 20.0)
    rows.put_off(THREE, 20.0)
    assert rows.waiting == 3
    assert drain(rows, 19.9) == [1]
    assert not rows.done
    assert rows.next_moment() == 20.0
    assert not rows.ready(19.9)
    assert drain(rows, 20.0) == [2, 3]
    assert drain(rows, 30.0) == [4]
    assert rows.done and rows.waiting == 0 and rows.next_moment() is None


def test_a_row_that_is_due_goes_before_fresh_ones() -> None:
    rows = RowQueue(Answers([ONE, TWO]))
    rows.put_off(THREE, 5.0)
    assert drain(rows, 5.0) == [3, 1, 2]


def test_nothing_yet_is_not_the_end_while_the_contacts_file_is_being_read() -> None:
    due_rows = Answers([], [ONE], [], [TWO])
    rows = RowQueue(due_rows)
    assert rows.next(10.0) is None
    assert not rows.done
    assert not rows.ready(10.0)
    moment = rows.next_moment()
    assert moment is not None and 10.0 < moment < 10.1  # soon, but not at once
    assert rows.next(10.0) is None
    assert due_rows.asked == 1, "it asks again without having waited"
    assert drain(rows, moment) == [1]
    assert not rows.done
    assert drain(rows, moment + 1.0) == [2]
    assert rows.done


def test_a_row_that_is_due_does_not_wait_for_the_reader() -> None:
    rows = RowQueue(Answers([]))
    assert rows.next(10.0) is None
    rows.put_off(ONE, 10.001)
    assert rows.next_moment() == 10.001
    assert rows.next(10.001) is ONE


def test_giving_up_takes_all_that_wait_and_nothing_else() -> None:
    rows = RowQueue(Answers([ONE, TWO]))
    rows.next(0.0)
    rows.put_off(THREE, 9.0)
    rows.put_off(FOUR, 8.0)
    assert {one.id for one in rows.take_waiting()} == {3, 4}
    assert rows.waiting == 0
    assert drain(rows, 10.0) == [2]
    assert rows.done


def test_a_ledger_that_fails_is_heard_of_and_nothing_is_lost() -> None:
    rows = RowQueue(Answers(LedgerError("the disk is full"), [ONE]))
    with pytest.raises(LedgerError):
        rows.next(0.0)
    assert not rows.done
    assert drain(rows, 0.0) == [1]


ANSWERS = st.lists(st.integers(0, 3), max_size=6)
STEPS = st.lists(
    st.tuples(st.sampled_from(["next", "give back", "put off", "later", "sleep"]), st.floats(0.0, 2.0)), max_size=60
)


@given(sizes=ANSWERS, steps=STEPS)
def test_no_row_is_lost_or_given_twice_and_nobody_spins(sizes: list[int], steps: list[tuple[str, float]]) -> None:
    """In every order of events. The two sentences about `ready` are what lets the worker sleep: where none is ready,
    the next moment lies ahead; where one is, asking for it gives it, or leaves none ready."""
    numbers = iter(range(1, 100))
    blocks: list[list[DueRow] | Exception | None] = [[due(next(numbers)) for _ in range(size)] for size in sizes]
    everybody = [one.id for block in blocks if isinstance(block, list) for one in block]
    rows, now = RowQueue(Answers(*blocks)), 5.0
    ours: list[DueRow] = []
    finished: list[int] = []

    def ask() -> None:
        ready = rows.ready(now)
        one = rows.next(now)
        if one is not None:
            assert ready
            ours.append(one)
        else:
            assert not rows.ready(now)

    for step, seconds in steps:
        match step:
            case "next":
                ask()
            case "give back" if ours:
                rows.give_back(ours.pop())
            case "put off" if ours:
                rows.put_off(ours.pop(0), now + seconds)
            case "later" if ours:
                finished.append(ours.pop().id)
            case "sleep":
                now += seconds
        assert len({one.id for one in ours}) == len(ours)
        moment = rows.next_moment()
        if not rows.ready(now):
            assert moment is None or moment > now
            assert rows.done == (moment is None)
    for _ in range(1000):
        if rows.done:
            break
        moment = rows.next_moment()
        if not rows.ready(now):
            assert moment is not None
            now = moment
        ask()
    assert rows.done
    assert sorted(finished + [one.id for one in ours]) == everybody
