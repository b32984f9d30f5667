"""One owner a run: whose lease runs out has lost it, and whoever finds workers at work for it goes on with them."""

import os
import threading
from collections.abc import Callable, Iterator

import pytest

from campaign.errors import LedgerBusyError
from campaign.ledger.postgres.connection import PostgresConnection
from campaign.ledger.postgres.ownership import OwnedRun, OwnerLease, let_go, take_run
from campaign.ledger.postgres.shared_run import PostgresSharedRun
from campaign.ledger.postgres.tables import TABLES
from campaign.ledger_place import DatabasePlace

pytestmark = pytest.mark.postgres
LEASE = 0.4


@pytest.fixture
def ledger(place: Callable[[str], DatabasePlace]) -> Iterator[PostgresConnection]:
    with PostgresConnection(place("autumn")) as opened:
        opened.raw.execute(f"CREATE SCHEMA {place('autumn').schema}")
        opened.raw.execute(TABLES)
        yield opened


@pytest.fixture
def at(place: Callable[[str], DatabasePlace], ledger: PostgresConnection) -> DatabasePlace:
    """Where it is, with its tables in it."""
    return place("autumn")


def worker(ledger: PostgresConnection, run: OwnedRun, *, state: str = "working", seconds: float = 60) -> int:
    """Put one on record, whose lease holds for so many seconds."""
    (number,) = ledger.execute(
        "INSERT INTO worker (run, host, pid, state, lease_until) "
        "VALUES (?, 'mail-3', 41, ?, now() + make_interval(secs => ?)) RETURNING number",
        (run.number, state, seconds),
    ).fetchone()
    return int(number)


def state_of(ledger: PostgresConnection, run: OwnedRun) -> str:
    return str(ledger.execute("SELECT state FROM run WHERE number = ?", (run.number,)).fetchone()[0])


def expire(ledger: PostgresConnection, run: OwnedRun) -> None:
    ledger.execute("UPDATE run SET owner_until = now() - interval '1 hour' WHERE number = ?", (run.number,))


def test_while_an_owner_renews_its_lease_nobody_else_begins_and_hears_who_that_is(
    at: DatabasePlace, ledger: PostgresConnection
) -> None:
    owned = take_run(ledger, lease=LEASE)
    lease = OwnerLease(at, owned, lease=LEASE, heartbeat=0.05)
    with pytest.raises(LedgerBusyError, match=f"process {os.getpid()} on .*, since 2"):
        take_run(ledger, lease=LEASE)
    lease.end()
    assert lease.lost is None


def test_whose_lease_is_renewed_no_more_is_gone_and_the_next_run_begins_once_it_has_run_out(
    ledger: PostgresConnection,
) -> None:
    first = take_run(ledger, lease=LEASE)
    second = take_run(ledger, lease=LEASE)
    assert second.adopted is None and second.number != first.number
    assert (state_of(ledger, first), state_of(ledger, second)) == ("ended", "preparing")


def test_a_run_whose_workers_are_at_work_is_taken_over_as_it_is(ledger: PostgresConnection) -> None:
    first = take_run(ledger, lease=LEASE)
    worker(ledger, first)
    worker(ledger, first, state="left")
    worker(ledger, first, seconds=-60)
    ledger.execute("UPDATE run SET state = 'going_on', bundle = 'abc', cursor = 7")
    expire(ledger, first)
    second = take_run(ledger, lease=LEASE)
    assert second.number == first.number and second.token != first.token
    assert second.adopted is not None
    assert (second.adopted.bundle, second.adopted.workers) == ("abc", 1)
    assert second.adopted.owner.startswith(f"process {os.getpid()} on ")
    assert ledger.execute("SELECT state, cursor FROM run").fetchone() == ("going_on", 7)


def test_a_run_whose_workers_have_all_gone_is_not_taken_over(ledger: PostgresConnection) -> None:
    first = take_run(ledger, lease=LEASE)
    worker(ledger, first, seconds=-60)
    expire(ledger, first)
    assert take_run(ledger, lease=LEASE).adopted is None


def test_no_lease_has_run_out_before_the_database_has_been_up_for_a_whole_one(ledger: PostgresConnection) -> None:
    """It has just been started, as leases that are longer than its life see it: whoever has one may be on its way."""
    first = take_run(ledger, lease=1e6)
    expire(ledger, first)
    looks = 0

    def look(seconds: float) -> None:
        nonlocal looks
        looks += 1
        if looks == 3:
            ledger.execute("UPDATE run SET owner_until = now()")  # its owner is back

    with pytest.raises(LedgerBusyError):
        take_run(ledger, lease=1e6, sleep=look)
    assert looks == 3


def test_an_owner_that_was_cut_off_finds_that_the_run_is_anothers_and_changes_nothing_of_it(
    at: DatabasePlace, ledger: PostgresConnection
) -> None:
    first = take_run(ledger, lease=LEASE)
    worker(ledger, first)
    lease = OwnerLease(at, first, lease=LEASE, heartbeat=0.2)
    expire(ledger, first)
    second = take_run(ledger, lease=LEASE)
    lease._thread.join()
    assert lease.lost is not None and "has taken it over: process" in lease.lost.what
    shared = PostgresSharedRun(ledger, first, lease)
    assert not shared.held
    shared.drain()
    shared.end()
    let_go(ledger, first, over=True)
    assert ledger.execute("SELECT state, draining, owner FROM run").fetchone() == ("preparing", False, second.token)


def test_a_lease_is_kept_over_connections_that_break(at: DatabasePlace, ledger: PostgresConnection) -> None:
    owned = take_run(ledger, lease=LEASE)
    lease = OwnerLease(at, owned, lease=LEASE, heartbeat=0.02)
    kill = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND query LIKE '%run%'"
    waiting = threading.Event()
    for _ in range(3):
        while not ledger.execute(kill).fetchall():
            waiting.wait(0.01)
    until = "SELECT owner_until FROM run"
    before = ledger.execute(until).fetchone()
    while ledger.execute(until).fetchone() == before:
        waiting.wait(0.01)
    assert lease.lost is None
    lease.end()


@pytest.mark.parametrize(
    ("over", "at_work", "state"), [(False, True, "preparing"), (True, True, "ended"), (False, False, "ended")]
)
def test_whoever_lets_go_ends_the_run_unless_workers_go_on_with_it(
    ledger: PostgresConnection, over: bool, at_work: bool, state: str
) -> None:
    owned = take_run(ledger, lease=60)
    worker(ledger, owned, state="working" if at_work else "left")
    let_go(ledger, owned, over=over)
    assert state_of(ledger, owned) == state
    assert (take_run(ledger, lease=LEASE).adopted is not None) == (state != "ended")  # at once: no lease is left
