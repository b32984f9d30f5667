"""The database restarted, as by a power cut of its processes, while workers write their rounds."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from campaign.ledger_place import DatabasePlace
from tests.ledgers import outcome
from tests.postgres.cluster import MISSING, Cluster, cluster, is_installed
from tests.postgres.worker_run import WorkerRun, claimed, commit, taken, until

pytestmark = pytest.mark.postgres

PEOPLE = 2_000


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[Cluster]:
    """One that is a test's alone."""
    if not is_installed():
        pytest.skip(MISSING)
    with cluster() as made:
        yield made


def test_workers_wait_for_a_database_that_is_restarted_amid_their_rounds_and_go_on(own_server: Cluster) -> None:
    """Every claim that was called durable is on record, and no row is anybody's twice."""
    run = WorkerRun(DatabasePlace(url=own_server.url(), campaign="autumn"), PEOPLE)
    workers = [run.join() for _ in range(2)]
    durable: list[list[int]] = [[], []]
    halfway = threading.Event()
    failures: list[BaseException] = []

    def work(number: int) -> None:
        worker = workers[number]
        try:
            while (some := taken(worker, 10)) is not None:
                won = claimed(worker, *some)
                durable[number] += won
                for contact in won:
                    worker.journal.settle(outcome(contact))
                commit(worker)  # others may wait for these
                if len(durable[number]) > PEOPLE // 8:
                    halfway.set()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for _ in range(3):
        assert halfway.wait(20)
        own_server.stop("immediate")
        own_server.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert sorted(durable[0] + durable[1]) == list(range(1, PEOPLE + 1))
    run.raw.close()
    again = WorkerRun.again(run.place)
    assert again.counted() == {"sent": PEOPLE}
    assert again.tally() == again.counted()
    assert again.ask("SELECT sum(losses), min(state), max(state) FROM worker") == [(0, "working", "working")]
    until(lambda: not any(worker.trouble for worker in workers))
    for worker in workers:
        worker.journal.close()
        worker.close()
    again.close()
