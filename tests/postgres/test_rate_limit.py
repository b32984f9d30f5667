"""The rate over PostgreSQL: no second holds more than it says, whoever comes and goes; and it is used."""

import bisect
import threading
import time

import pytest

from campaign.ledger.postgres.rate_limit import PostgresRateLimit
from tests.postgres.shared_run import SharedRun
from tests.postgres.worker_run import until

pytestmark = pytest.mark.postgres


def fullest_second(moments: list[float]) -> int:
    """The most that began within any one second, its end not included."""
    moments = sorted(moments)
    return max(bisect.bisect_left(moments, now + 1.0 - 1e-9) - index for index, now in enumerate(moments))


def begin(limit: PostgresRateLimit, until: float, moments: list[float]) -> None:
    """Begin as many messages as there is leave for, until a monotonic moment."""
    while (now := time.monotonic()) < until:
        if limit.take(now):
            moments.append(now)
        else:
            time.sleep(min(0.01, max(0.001, limit.wait(now))))


class Workers:
    """Workers that have messages without end, each in a thread."""

    def __init__(self, run: SharedRun, rate: float) -> None:
        self.moments: list[float] = []
        self._run = run
        self._rate = rate
        self._threads: list[threading.Thread] = []

    def work(self, seconds: float, *, after: float = 0.0) -> None:
        """Have one more, which comes later and goes earlier, perhaps."""
        thread = threading.Thread(target=self._work, args=(time.monotonic() + after, seconds))
        self._threads.append(thread)
        thread.start()

    def join(self) -> list[float]:
        """Wait for all of them. Gives when messages began."""
        for thread in self._threads:
            thread.join()
        return self.moments

    def _work(self, begins: float, seconds: float) -> None:
        time.sleep(max(0.0, begins - time.monotonic()))
        limits = self._run.limits()
        begin(limits.rate_limit("", self._rate), begins + seconds, self.moments)
        limits.close()


@pytest.mark.parametrize("workers", [1, 3, 6])
def test_no_second_holds_more_however_many_come_and_go(shared_run: SharedRun, workers: int) -> None:
    """The first stays for all of it, the others come later and go earlier, some of them twice."""
    all_of_them = Workers(shared_run, 50.0)
    all_of_them.work(4.0)
    for number in range(1, workers):
        all_of_them.work(1.0 + number % 3, after=0.3 * number)
        all_of_them.work(0.6, after=1.5 + 0.3 * number)
    moments = all_of_them.join()
    assert fullest_second(moments) <= 50
    assert len(moments) >= 4.0 * 50 * 0.75


def take(limit: PostgresRateLimit) -> float:
    """Take leave as soon as there is some. Gives how many seconds that took."""
    began = time.monotonic()
    until(lambda: limit.take(time.monotonic()))
    return time.monotonic() - began


def nothing_comes(limit: PostgresRateLimit, seconds: float) -> bool:
    """Whether no leave comes in so many seconds."""
    moments: list[float] = []
    begin(limit, time.monotonic() + seconds, moments)
    return not moments


def test_a_run_right_after_a_kill_begins_with_no_fresh_allowance(shared_run: SharedRun) -> None:
    """What the killed worker has taken counts, whoever comes next."""
    take(shared_run.limits().rate_limit("", 0.5))
    assert nothing_comes(shared_run.limits().rate_limit("", 0.5), 1.0)


def test_rates_of_other_names_are_rates_of_their_own(shared_run: SharedRun) -> None:
    ours, others = shared_run.limits(), shared_run.limits()
    assert ours.rate_limit("ses", 0.1) is ours.rate_limit("ses", 0.1)
    for name in ("", "ses", "domain:gmail.com"):
        take(ours.rate_limit(name, 0.1))
    take(others.rate_limit("own", 0.1))
    assert nothing_comes(others.rate_limit("ses", 0.1), 0.5)


def test_what_is_given_back_is_there_for_the_others(shared_run: SharedRun) -> None:
    ours, others = (shared_run.limits().rate_limit("", 0.05) for _ in range(2))
    take(ours)
    ours.give_back(time.monotonic())
    assert take(others) < 15
    assert nothing_comes(ours, 0.3)


def test_who_leaves_gives_back_what_it_has_not_used(shared_run: SharedRun) -> None:
    leaves = shared_run.limits()
    limit = leaves.rate_limit("", 0.05)
    until(lambda: limit.wait(time.monotonic()) == 0)
    leaves.close()
    assert take(shared_run.limits().rate_limit("", 0.05)) < 15


def test_a_rate_that_is_set_anew_does_not_wait_for_the_old_one(shared_run: SharedRun) -> None:
    limit = shared_run.limits().rate_limit("pace", 0.001)
    take(limit)
    assert nothing_comes(limit, 0.3)
    limit.set_rate(20.0)
    moments: list[float] = []
    began = time.monotonic()
    while len(moments) < 10:
        begin(limit, time.monotonic() + 0.1, moments)
        assert time.monotonic() < began + 20
    limit.set_rate(0.001)
    rest: list[float] = []
    begin(limit, time.monotonic() + 0.5, rest)
    assert len(rest) <= 0.25 * 20 + 2, "but for what was fetched ahead"
    assert nothing_comes(limit, 0.5)


def test_nothing_is_fetched_where_nobody_asks(shared_run: SharedRun) -> None:
    limit = shared_run.limits().rate_limit("", 50.0)
    begin(limit, time.monotonic() + 0.3, [])
    time.sleep(0.4)  # what was fetched is given back, or good for nothing by now
    fetched = "SELECT next FROM rate"
    before = shared_run.database.raw.execute(fetched).fetchall()
    time.sleep(0.4)
    assert shared_run.database.raw.execute(fetched).fetchall() == before
