"""When things are tried again: curves, ends, and rows that meet "slow down" for ever."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign.worker.backoff import RetrySchedule, Throttled, reconnect_waits


@given(st.integers(1, 20), st.floats(0.001, 100), st.floats(1, 50))
def test_waits_grow_up_to_the_longest_and_end_with_the_tries(tries: int, first: float, factor: float) -> None:
    longest = first * factor
    schedule = RetrySchedule(tries=tries, first_wait=first, longest_wait=longest)
    for spent in range(1, tries):
        wait = schedule.wait_after(spent, None)
        assert wait is not None
        least = min(first * 2 ** (spent - 1), longest)
        assert least * 0.999 <= wait <= min(least + first / 4, longest) * 1.001
    for spent in range(tries, tries + 3):
        assert schedule.wait_after(spent, None) is None


def test_jitter_keeps_rows_from_coming_back_together() -> None:
    schedule = RetrySchedule(tries=5, first_wait=30, longest_wait=900)
    assert len({schedule.wait_after(1, None) for _ in range(50)}) > 40


@pytest.mark.parametrize(("left", "again"), [(9.9, False), (0.0, False), (12.6, True), (None, True)])
def test_no_wait_goes_past_the_window(left: float | None, again: bool) -> None:
    schedule = RetrySchedule(tries=5, first_wait=10, longest_wait=10)
    assert (schedule.wait_after(1, left) is not None) == again


@pytest.mark.parametrize("first", [0.002, 1.0])
def test_a_server_in_trouble_is_asked_ever_less_often_but_never_given_up(first: float) -> None:
    waits = list(itertools.islice(reconnect_waits(first), 500))
    for number, wait in enumerate(waits[:5]):
        assert first * 2**number <= wait <= first * (2**number + 1)
    assert all(first * 30 <= wait <= first * 31 for wait in waits[10:])


class TestThrottled:
    def test_it_waits_longer_each_time(self) -> None:
        throttled = Throttled(1.0)
        assert [throttled.wait(7, alone=False) for _ in range(8)] == [1, 2, 4, 8, 16, 30, 30, 30]

    def test_a_row_is_not_to_blame_while_nobody_gets_through(self) -> None:
        throttled = Throttled(1.0)
        for _ in range(100):
            assert throttled.wait(7, alone=False) is not None
            assert not throttled.blames(7)

    def test_a_row_is_to_blame_when_all_others_get_through_again_and_again(self) -> None:
        throttled = Throttled(1.0)
        waits = []
        for _ in range(5):
            waits.append(throttled.wait(7, alone=False))
            throttled.got_through()
            assert throttled.blames(7) == (waits[-1] is not None)
        assert waits == [1, 2, 4, 8, None]
        assert throttled.wait(7, alone=False) == 1.0, "and begins anew"

    def test_a_row_is_not_to_blame_while_others_meet_it_as_well(self) -> None:
        throttled = Throttled(1.0)
        for turn in range(50):
            assert throttled.wait(7, alone=False) is not None
            for other in range(3):
                assert throttled.wait(1000 * turn + other, alone=False) is not None
            for _ in range(12):
                throttled.got_through()
            assert not throttled.blames(7), "four of five are not nearly all"

    def test_one_innocent_time_and_the_count_begins_anew(self) -> None:
        throttled = Throttled(1.0)
        for turn in range(50):
            assert throttled.wait(7, alone=False) is not None
            if turn % 4 < 3:
                throttled.got_through()

    def test_a_few_bad_rows_among_many_are_found(self) -> None:
        throttled = Throttled(1.0)
        found = set()
        for _ in range(6):
            for bad in (1, 2, 3):
                if bad not in found and throttled.wait(bad, alone=False) is None:
                    found.add(bad)
            for _ in range(20):
                throttled.got_through()
        assert found == {1, 2, 3}

    def test_a_row_that_is_left_alone_is_to_blame(self) -> None:
        throttled = Throttled(1.0)
        assert [throttled.wait(7, alone=True) for _ in range(4)] == [1, 2, 4, None]

    def test_that_others_got_through_before_it_says_nothing(self) -> None:
        throttled = Throttled(1.0)
        throttled.got_through()
        throttled.wait(7, alone=False)
        assert not throttled.blames(7)
        assert not throttled.blames(8), "of a row that never met it"

    def test_what_a_row_met_is_forgotten_when_it_meets_something_else(self) -> None:
        throttled = Throttled(1.0)
        throttled.wait(7, alone=False)
        throttled.wait(7, alone=False)
        throttled.forget(7)
        throttled.forget(8)
        assert throttled.wait(7, alone=False) == 1.0
