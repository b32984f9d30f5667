"""How many connections a worker keeps: no more than its share, than the server takes, and than it has rows for."""

from types import SimpleNamespace
from typing import Any, cast

import pytest

from campaign.worker.connection_limit import ConnectionLimit


class Share:
    """A budget by hand."""

    def __init__(self, share: int) -> None:
        self.share = share
        self.wanted = self.used = 0

    def want(self, number: int) -> None:
        self.wanted = number

    def use(self, number: int) -> None:
        self.used = number


class Pool:
    """Connections by hand: so many are open, of which so many have nothing to do."""

    def __init__(self) -> None:
        self.limit = 0
        self.connections = self.idle = 0

    @property
    def busy(self) -> int:
        return self.connections - self.idle

    @property
    def in_use(self) -> int:
        return self.connections

    def open(self, wanted: int) -> None:
        opened = max(0, min(wanted, self.limit) - self.connections)
        self.connections += opened

    def fill_idle(self) -> None:
        self.idle = 0

    def close_idle(self) -> None:
        self.connections, self.idle = self.busy, 0

    def close_excess(self) -> None:
        closed = min(self.idle, max(0, self.connections - self.limit))
        self.connections, self.idle = self.connections - closed, self.idle - closed


class Worker:
    """What a connection limit has to do with."""

    def __init__(self, most: int, share: int) -> None:
        self.share, self.pool, self.ready, self.in_ledger = Share(share), Pool(), 100, 0
        self.wait = 0.0
        self.sessions = SimpleNamespace(server_limit=None)
        parts: dict[str, Any] = {
            "pool": self.pool,
            "rows": SimpleNamespace(ready=lambda now: self.ready, next_moment=lambda: None),
            "send_rate": SimpleNamespace(wait=lambda now: self.wait),
            "dispatcher": SimpleNamespace(sessions=self.sessions, fetch_rows=self.fetch),
        }
        self.limit = ConnectionLimit(most, budget=self.share, **parts)

    def fetch(self, least: int = 1) -> None:
        """Have so many rows here, if the ledger has them."""
        taken = min(max(0, least - self.ready), self.in_ledger)
        self.ready, self.in_ledger = self.ready + taken, self.in_ledger - taken

    def turn(self, now: float = 0.0) -> int:
        """As the worker's loop does. Gives how many connections are open."""
        self.limit.widen(now)
        self.limit.follow_the_rows(now)
        self.limit.narrow(now)
        return self.pool.connections


def test_it_opens_its_share_and_says_what_it_could_use() -> None:
    worker = Worker(10, 4)
    assert worker.turn() == 4
    assert (worker.share.wanted, worker.share.used) == (10, 4)
    worker.share.share = 7
    assert worker.turn() == 7


def test_a_lowered_share_closes_idle_connections_and_lets_busy_ones_end() -> None:
    worker = Worker(10, 6)
    worker.turn()
    worker.ready, worker.pool.idle = 0, 2
    worker.share.share = 3
    assert worker.turn() == 4
    assert worker.share.used == 4, "those that are busy are in use until they end"
    worker.pool.idle = 4
    assert worker.turn() == 3


def test_without_a_share_it_opens_none_and_asks_for_some() -> None:
    worker = Worker(10, 0)
    assert worker.turn() == 0
    assert (worker.share.wanted, worker.share.used) == (10, 0)


def test_who_has_no_rows_wants_what_is_busy() -> None:
    worker = Worker(10, 5)
    worker.turn()
    worker.ready, worker.pool.idle = 0, 4
    worker.turn()
    assert worker.share.wanted == 1


@pytest.mark.parametrize(("said", "open_then"), [(3, 3), (0, 5)])
def test_what_the_server_takes_holds_whatever_the_share_and_is_tried_again(said: int, open_then: int) -> None:
    """0: the server has not said how many, so it is as many as there are."""
    worker = Worker(8, 5)
    worker.turn()
    worker.sessions.server_limit = cast(Any, said)
    worker.limit.narrow(0.0)
    worker.share.share = 8
    worker.pool.connections = open_then
    assert worker.turn(29.0) == open_then
    assert worker.share.wanted == open_then
    assert worker.turn(31.0) == open_then + 1


def test_a_small_first_block_is_no_reason_to_open_few_connections() -> None:
    worker = Worker(10, 8)
    worker.ready, worker.in_ledger = 4, 1000
    assert worker.turn() == 8
    assert worker.ready == 8, "no more rows than connections: another worker may be quicker"


def test_no_more_connections_are_opened_than_there_are_rows() -> None:
    worker = Worker(10, 8)
    worker.ready, worker.in_ledger = 4, 1
    assert worker.turn() == 5


def test_a_worker_whose_rate_is_reached_takes_no_rows_for_the_sake_of_connections() -> None:
    worker = Worker(10, 8)
    worker.ready, worker.in_ledger, worker.wait = 4, 1000, 0.5
    worker.limit.widen(0.0)
    worker.limit.follow_the_rows(0.0)
    assert worker.pool.connections == 4
