"""Who has a ledger in a database, and whether others have moved anything in it."""

import os
import socket
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest

from campaign.ledger.opening import open_for_reading, open_for_settling
from campaign.ledger.postgres.connection import PostgresConnection
from campaign.ledger.postgres.store import PostgresRunLedger
from campaign.ledger.values import RunningProcess
from campaign.ledger_place import DatabasePlace
from tests.ledgers import people
from tests.proofs import COMPLAINT, bounce, proof

pytestmark = pytest.mark.postgres


@pytest.fixture
def run(place: Callable[[str], DatabasePlace]) -> Iterator[PostgresRunLedger]:
    with PostgresRunLedger.open(place("x"), "x") as ledger:
        people(ledger, 3)
        yield ledger


def test_it_is_told_that_somebody_has_moved_a_word_or_heard_a_complaint(run: PostgresRunLedger) -> None:
    """What this process notes of the results it has written is no news."""
    before = run.reader.changes_of_others()
    run.reader.remember_written("abc")
    assert run.reader.changes_of_others() == before
    seen = {before}
    with open_for_settling(run.place, "x") as settling:
        for shown in (proof(1), bounce(1), proof(1, COMPLAINT)):
            settling.weigh([shown])
            seen.add(run.reader.changes_of_others())
    assert len(seen) == 4


def test_who_owns_the_run_is_told_with_its_workers_and_who_is_gone(run: PostgresRunLedger) -> None:
    with open_for_reading(run.place, "x") as reader, closing(PostgresConnection(run.database.where)) as other:
        assert reader.running_process() == RunningProcess(pid=os.getpid())
        other.execute("INSERT INTO worker (run, host, pid, lease_until) SELECT number, 'w', 2, now() + '1h' FROM run")
        assert reader.running_process() == RunningProcess(pid=os.getpid(), workers=1)
        run._lease.end()
        other.execute("UPDATE run SET owner_host = 'elsewhere', owner_until = now() - interval '1h'")
        other.execute("UPDATE worker SET lease_until = now() + interval '1h'")
        assert socket.gethostname() != "elsewhere"
        found = reader.running_process()
        assert found is not None and (found.host, found.workers) == ("elsewhere", 1)
        other.execute("UPDATE run SET state = 'ended'")
        assert reader.running_process() is None
