"""Budgets over PostgreSQL: all workers together never use more than there is, and what one leaves the others get."""

import random
import threading
import time
from collections.abc import Callable

import pytest

from campaign.ledger.postgres.budget import PostgresBudget
from campaign.ledger.postgres.budgets import PostgresBudgets
from tests.postgres.shared_run import SharedRun

pytestmark = pytest.mark.postgres

MOST = 10


class Connections:
    """What a worker does with its share: opens as many as it may, closes those that are too many when they are done."""

    def __init__(self, limits: PostgresBudgets) -> None:
        self.limits = limits
        self.budget: PostgresBudget = limits.budget("connections:", MOST)
        self.open = 0
        self.wanted = MOST
        self.is_stuck = False
        """Its connections are busy for long."""

    def turn(self) -> None:
        """Do what a turn of its loop does."""
        share = self.budget.share
        self.open = max(self.open if self.is_stuck else 0, min(self.wanted, share))
        self.budget.want(self.wanted)
        self.budget.use(self.open)


def until(workers: list[Connections], holds: Callable[[], bool], seconds: float = 10.0, *, most: int = MOST) -> None:
    """Take turns until something holds; at no time is more in use than `most`."""
    ends = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < ends, [(one.open, one.budget.share) for one in workers]
        for one in workers:
            one.turn()
        assert sum(one.open for one in workers) <= most
        time.sleep(0.002)


def test_whoever_comes_first_has_all_and_shares_with_whoever_follows(shared_run: SharedRun) -> None:
    workers = [Connections(shared_run.limits())]
    until(workers, lambda: workers[0].open == MOST)
    workers.append(Connections(shared_run.limits()))
    until(workers, lambda: [one.open for one in workers] == [5, 5])
    workers.append(Connections(shared_run.limits()))
    until(workers, lambda: sorted(one.open for one in workers) == [3, 3, 4])
    leaves = workers.pop(0)
    leaves.open = 0
    leaves.limits.close()
    until(workers, lambda: [one.open for one in workers] == [5, 5])


def test_connections_that_are_busy_are_not_given_to_others_before_they_are_closed(shared_run: SharedRun) -> None:
    workers = [Connections(shared_run.limits())]
    until(workers, lambda: workers[0].open == MOST)
    workers[0].is_stuck = True
    workers.append(Connections(shared_run.limits()))
    until(workers, lambda: workers[0].budget.share == 5)
    assert [one.open for one in workers] == [MOST, 0]
    workers[0].is_stuck = False
    until(workers, lambda: [one.open for one in workers] == [5, 5])


def test_what_somebody_does_not_want_the_others_have(shared_run: SharedRun) -> None:
    workers = [Connections(shared_run.limits()) for _ in range(3)]
    workers[0].wanted, workers[1].wanted = 1, 0
    until(workers, lambda: [one.open for one in workers] == [1, 0, 9])
    workers[1].wanted = 2
    until(workers, lambda: [one.open for one in workers] == [1, 2, 7])


def test_a_worker_that_is_called_lost_has_nothing_and_begins_anew_when_it_comes_back(shared_run: SharedRun) -> None:
    number = shared_run.join()
    workers = [Connections(shared_run.limits(number)), Connections(shared_run.limits())]
    until(workers, lambda: [one.open for one in workers] == [5, 5])
    shared_run.call_lost(number)
    until(workers, lambda: [one.open for one in workers] == [0, MOST], most=MOST + 5)  # until it hears of it
    shared_run.come_back(number)
    until(workers, lambda: [one.open for one in workers] == [5, 5])


def test_a_worker_that_hears_nothing_for_a_lease_uses_nothing(shared_run: SharedRun) -> None:
    """Its way to the database is cut: the server goes on, and keeps its share until it is called lost."""
    cut_off = Connections(shared_run.limits(lease=0.5))
    until([cut_off], lambda: cut_off.open == MOST)
    with shared_run.database.transaction():
        shared_run.database.raw.execute("LOCK TABLE budget")
        until([cut_off], lambda: cut_off.open == 0, 3.0)
    until([cut_off], lambda: cut_off.open == MOST)


def test_budgets_of_other_names_are_budgets_of_their_own(shared_run: SharedRun) -> None:
    limits = shared_run.limits()
    assert [limits.budget(name, most).share for name, most in (("connections:", 10), ("domain:a", 3))] == [10, 3]
    assert limits.budget("domain:a", 3) is limits.budget("domain:a", 3)


def test_at_no_moment_more_is_used_whoever_comes_goes_and_dawdles(shared_run: SharedRun) -> None:
    """Six workers in threads of their own; what is in use is counted where it is opened and closed."""
    in_use, most_in_use, counting = 0, 0, threading.Lock()

    def work(seed: int) -> None:
        nonlocal in_use, most_in_use
        rng = random.Random(seed)
        time.sleep(rng.random())
        worker = Connections(shared_run.limits())
        ends = time.monotonic() + 1.5 + rng.random()
        while time.monotonic() < ends:
            worker.is_stuck = rng.random() < 0.7
            worker.wanted = rng.choice([0, 1, 4, MOST])
            before = worker.open
            share = worker.budget.share
            now_open = max(before if worker.is_stuck else 0, min(worker.wanted, share))
            with counting:
                in_use += now_open - before
                most_in_use = max(most_in_use, in_use)
            worker.open = now_open
            worker.budget.want(worker.wanted)
            worker.budget.use(now_open)
            time.sleep(rng.choice([0.001, 0.01, 0.1]))
        with counting:
            in_use -= worker.open
        worker.limits.close()

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 0 < most_in_use <= MOST
    assert shared_run.database.raw.execute("SELECT count(*) FROM budget").fetchone() == (0,)


def test_connections_that_are_open_and_idle_are_given_to_who_wants_them(shared_run: SharedRun) -> None:
    workers = [Connections(shared_run.limits())]
    until(workers, lambda: workers[0].open == MOST)
    idle, other = workers[0], Connections(shared_run.limits())
    for _ in range(1000):
        share = idle.budget.share
        idle.open = min(idle.open, share)  # none is closed but for the others
        idle.budget.want(0)
        idle.budget.use(idle.open)
        other.turn()
        assert idle.open + other.open <= MOST
        if other.open == MOST:
            break
        time.sleep(0.01)
    assert (idle.open, other.open) == (0, MOST)
