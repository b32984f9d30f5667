"""`campaign send --cluster`: the cluster's machines send, and nobody is mailed twice whatever becomes of them."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.campaigns import SECRET
from tests.cluster.dask_processes import dask_processes
from tests.crashes.sender import Sender
from tests.postgres.cluster import MISSING, cluster, is_installed
from tests.postgres.shared_campaign import SharedCampaign
from tests.smtp_server import ServerProcess

pytestmark = pytest.mark.postgres

_PEOPLE = 500
_CONNECTIONS = 6
_RATE = 60
"""So that a run lasts some eight seconds."""


@pytest.fixture
def shared(tmp_path: Path) -> Iterator[SharedCampaign]:
    if not is_installed():
        pytest.skip(MISSING)
    smtp: dict[str, object] = {"connections": _CONNECTIONS, "rate": _RATE}
    with (
        cluster("fsync=off") as made,
        ServerProcess(tmp_path / "record.jsonl") as server,
        SharedCampaign(tmp_path, made, "postgres", server, people=_PEOPLE, smtp=smtp) as campaign,
    ):
        yield campaign


def send(shared: SharedCampaign, address: str, *, workers: int) -> Sender:
    return shared.send("owner", processes=None, more=("--cluster", address, "--workers", str(workers)))


def test_a_machine_that_dies_is_made_up_for_and_all_is_sent_once(tmp_path: Path, shared: SharedCampaign) -> None:
    (tmp_path / "dask").mkdir()
    with dask_processes(tmp_path / "dask", CAMPAIGN_LINK__SECRET=SECRET) as dask:
        machine = dask.scheduler().worker("a")
        dask.worker("b")
        owner = send(shared, dask.address, workers=2)
        shared.await_workers(2)
        shared.await_accepted(100)
        machine.kill()
        shared.judge.figures.bound = 0  # its worker drains: it has lost its hold, not its life
        dask.worker("c")
        assert owner.wait() == 0, shared.said()
        assert "worker cluster-" in owner.said and "joined the run" in owner.said, owner.said
        shared.judge.finish()
        for told in (dask.log("scheduler"), dask.log("b"), owner.said):
            assert SECRET not in told


def test_a_try_on_this_machine_sends_all_and_ends_when_it_is_told_to(shared: SharedCampaign) -> None:
    owner = send(shared, "local", workers=2)
    shared.await_accepted(60)
    owner.signal_all(signal.SIGINT)  # as a terminal does at Ctrl-C: the processes of the cluster get it, too
    assert owner.wait() == 3, shared.said()
    assert "Traceback" not in owner.said and "distributed" not in owner.said
    assert shared.judge.look("stopped").counts["in_doubt"] == 0
    owner = send(shared, "local", workers=2)
    assert owner.wait() == 0, shared.said()
    shared.judge.finish()
