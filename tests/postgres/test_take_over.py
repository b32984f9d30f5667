"""The owner of a run dies: another `campaign send` takes the run over, or its workers finish and the next one writes
the results.
"""

import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import Figures
from tests.postgres.cluster import Cluster
from tests.postgres.shared_campaign import SharedCampaign
from tests.postgres.standing import at_work
from tests.smtp_server import ServerProcess

pytestmark = pytest.mark.postgres

_CONNECTIONS = 6
_RATE = 100
_LEASE = 10
"""Seconds."""


@pytest.fixture
def shared(tmp_path: Path, postgres: Cluster, database: str) -> Iterator[SharedCampaign]:
    smtp: dict[str, object] = {"connections": _CONNECTIONS, "rate": _RATE}
    people = 300 + 3 * _LEASE * _RATE
    name = database.rpartition("/")[2]
    with (
        ServerProcess(tmp_path / "record.jsonl") as server,
        SharedCampaign(tmp_path, postgres, name, server, people=people, smtp=smtp) as made,
    ):
        yield made


def test_nobody_else_owns_a_run_whose_owner_is_alive(shared: SharedCampaign) -> None:
    owner = shared.send("owner")
    shared.await_accepted(100)
    second = shared.send("second")
    assert second.wait() not in (0, 1), shared.said()
    assert f"process {owner.pid} on {socket.gethostname()}" in second.said
    assert owner.poll() is None


def test_another_send_takes_the_run_over_when_the_owner_is_dead(shared: SharedCampaign, figures: Figures) -> None:
    judge = shared.judge
    figures(lambda: str(judge.figures))
    owner, worker = shared.send("owner"), shared.work("other")
    shared.await_workers(2)
    shared.await_accepted(300)
    owner.kill()
    judge.figures.bound = 2 * _CONNECTIONS
    second = shared.send("second")
    assert second.wait() in (0, 1), shared.said()
    assert worker.wait() == 0, shared.said()
    judge.finish()


def test_workers_finish_without_an_owner_and_the_next_send_writes_the_results(
    shared: SharedCampaign, figures: Figures
) -> None:
    judge = shared.judge
    figures(lambda: str(judge.figures))
    owner, workers = shared.send("owner"), [shared.work("one"), shared.work("other")]
    shared.await_workers(3)
    shared.await_accepted(300)
    owner.kill()
    judge.figures.bound = 2 * _CONNECTIONS
    for worker in workers:
        assert worker.wait() == 0, shared.said()
    assert not at_work(shared.place)
    before = judge.accepted()
    assert shared.send("second").wait() in (0, 1), shared.said()
    judge.finish()
    assert judge.accepted() == before, "all had been sent"


def test_other_settings_do_not_take_a_run_over_whose_workers_are_at_work(shared: SharedCampaign) -> None:
    owner, worker = shared.send("owner"), shared.work("other")
    shared.await_workers(2)
    shared.await_accepted(300)
    owner.kill()
    (shared.files.folder / "template" / "subject.txt").write_text("Another word, {{ contact.name }}")
    second = shared.send("second")
    assert second.wait() not in (0, 1), shared.said()
    assert "still at work for it" in second.said, shared.said()
    worker.signal(signal.SIGTERM)
    assert worker.wait() == 0, shared.said()
