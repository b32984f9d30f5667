"""Which workers are to be placed, and what is said of those that end."""

from campaign.cluster.slots import Slots, WorkerEnd

REFUSED = WorkerEnd(what="ended with exit code 2", said="the secret is another")
KILLED = WorkerEnd(what="was ended by signal 9")
IN_ORDER = WorkerEnd(what="ended", in_order=True)


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def slots(count: int) -> tuple[Slots, Clock]:
    clock = Clock()
    return Slots(count, clock=clock), clock


def test_each_slot_has_one_worker_at_a_time() -> None:
    made, _ = slots(3)
    assert made.to_place([]) == ["cluster-1", "cluster-2", "cluster-3"]
    made.placed("cluster-2")
    assert made.to_place([]) == ["cluster-1", "cluster-3"]


def test_a_worker_that_an_owner_before_has_placed_is_not_placed_again_until_it_has_gone() -> None:
    made, _ = slots(2)
    assert made.to_place(["cluster-1", "somebody's own"]) == ["cluster-2"]
    made.placed("cluster-2")
    assert made.to_place([]) == ["cluster-1"]


def test_a_worker_that_died_is_placed_again_after_a_pause() -> None:
    made, clock = slots(1)
    made.placed("cluster-1")
    clock.now += 600
    words = made.ended("cluster-1", KILLED)
    assert words == "worker cluster-1 was ended by signal 9; it is placed again in 5 seconds"
    assert made.to_place([]) == []
    clock.now += 5
    assert made.to_place([]) == ["cluster-1"]


def test_the_end_of_a_worker_that_is_refused_has_what_it_said() -> None:
    made, _ = slots(1)
    made.placed("cluster-1")
    assert "exit code 2, and had said: the secret is another; it is placed again" in made.ended("cluster-1", REFUSED)


def test_nothing_is_said_of_one_that_ended_in_order() -> None:
    made, clock = slots(1)
    made.placed("cluster-1")
    assert made.ended("cluster-1", IN_ORDER) == ""
    clock.now += 5
    assert made.to_place([]) == ["cluster-1"], "the run goes on: it may have been told to leave its machine"


def test_one_that_ends_at_once_again_and_again_is_tried_more_seldom_and_told_twice() -> None:
    made, clock = slots(1)
    pauses, said = [], []
    for _ in range(9):
        made.placed("cluster-1")
        clock.now += 1
        said.append(made.ended("cluster-1", REFUSED))
        ended = clock.now
        while not made.to_place([]):
            clock.now += 1
        pauses.append(clock.now - ended)
    assert pauses == [5, 10, 20, 40, 80, 160, 300, 300, 300]
    assert [bool(words) for words in said] == [True] + [False] * 8


def test_there_is_no_hope_where_all_end_at_once_three_times_and_nobody_is_at_work() -> None:
    made, clock = slots(2)
    for times in range(1, 4):
        for name in ("cluster-1", "cluster-2"):
            assert made.hopeless([]) is None, f"tried {times} times"
            made.placed(name)
            made.ended(name, REFUSED)
        clock.now += 300
    assert made.hopeless([]) == REFUSED
    assert made.hopeless(["one that came by itself"]) is None


def test_who_lived_for_a_minute_gives_hope_again() -> None:
    made, clock = slots(1)
    for lived in (1, 1, 60):
        made.placed("cluster-1")
        clock.now += lived
        made.ended("cluster-1", KILLED)
    assert made.hopeless([]) is None
    for _ in range(2):
        made.placed("cluster-1")
        made.ended("cluster-1", KILLED)
    assert made.hopeless([]) is None
    made.placed("cluster-1")
    made.ended("cluster-1", KILLED)
    assert made.hopeless([]) == KILLED
