"""What an owner puts on record for workers elsewhere, and hears of them."""

from collections.abc import Iterator

import pytest

from campaign.ledger.postgres.connection import PostgresConnection
from campaign.ledger.postgres.ownership import OwnedRun, OwnerLease, take_run
from campaign.ledger.postgres.shared_run import PostgresSharedRun
from campaign.ledger_place import DatabasePlace
from tests.postgres.test_ownership import at, ledger, state_of, worker

pytestmark = pytest.mark.postgres
__all__ = ["at", "ledger"]


@pytest.fixture
def owned(ledger: PostgresConnection) -> OwnedRun:
    return take_run(ledger)


@pytest.fixture
def shared(at: DatabasePlace, ledger: PostgresConnection, owned: OwnedRun) -> Iterator[PostgresSharedRun]:
    lease = OwnerLease(at, owned)
    yield PostgresSharedRun(ledger, owned, lease)
    lease.end()


def test_what_is_offered_takes_the_place_of_what_earlier_runs_did(
    ledger: PostgresConnection, owned: OwnedRun, shared: PostgresSharedRun
) -> None:
    shared.offer("first", {"a": b"old", "b": b"kept\0"}, check="x")
    shared.offer("second", {"b": b"kept\0", "c": b"new"}, check="y")
    found = dict(ledger.execute("SELECT digest, content FROM bundle_file").fetchall())
    assert found == {"b": b"kept\0", "c": b"new"}
    row = ledger.execute("SELECT state, bundle, secrets_check, draining FROM run").fetchone()
    assert row == ("going_on", "second", "y", False)


def test_workers_are_those_of_this_run_and_what_they_tell_is_heard_once_and_in_order(
    ledger: PostgresConnection, owned: OwnedRun, shared: PostgresSharedRun
) -> None:
    stranger = worker(ledger, OwnedRun(number=owned.number + 7, token="", adopted=None))
    first, second = worker(ledger, owned), worker(ledger, owned, state="lost")
    ledger.execute("UPDATE worker SET report = 'latest' WHERE number = ?", (first,))
    for number, told in ((first, "1"), (stranger, "x"), (second, "2"), (first, "3")):
        ledger.execute("INSERT INTO news (worker, report) VALUES (?, ?)", (number, told))
    assert [(one.number, one.host, one.pid, one.state, one.report) for one in shared.workers()] == [
        (first, "mail-3", 41, "working", "latest"),
        (second, "mail-3", 41, "lost", ""),
    ]
    assert shared.news() == [(first, "1"), (second, "2"), (first, "3")]
    assert shared.news() == []


def test_workers_are_told_to_drain_and_at_the_end_nobody_joins_any_more(
    ledger: PostgresConnection, owned: OwnedRun, shared: PostgresSharedRun
) -> None:
    shared.offer("first", {}, check="")
    shared.drain()
    assert ledger.execute("SELECT state, draining FROM run").fetchone() == ("going_on", True)
    shared.end()
    assert shared.over and state_of(ledger, owned) == "closing"
