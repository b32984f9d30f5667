"""The rate over PostgreSQL: no second holds more than it says, whoever comes and goes; and it is used."""

import bisect
import threading
import time

import pytest

from campaign.ledger.postgres.rate_limit import PostgresRateLimit
from tests.postgres.shared_run import SharedRun

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
