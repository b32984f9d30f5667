"""`campaign send --cluster`: the cluster's machines send, and nobody is mailed twice whatever becomes of them."""

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.campaigns import SECRET
from tests.cluster.dask_processes import ROOT, dask_processes, wait_for
from tests.postgres.cluster import MISSING, Cluster, cluster, is_installed
from tests.postgres.shared_campaign import SharedCampaign
from tests.smtp_server import ServerProcess

pytestmark = pytest.mark.postgres

_PEOPLE = 900
_CONNECTIONS = 6
_RATE = 60
"""So that a run lasts some fifteen seconds."""


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


def send(shared: SharedCampaign, address: str, *, workers: int, name: str = "owner") -> object:
    more = ("--cluster", address, "--workers", str(workers))
    return shared._start(name, (), "send", str(shared.files.path), "--yes", *more)


def test_a_machine_that_dies_is_made_up_for_and_all_is_sent_once(tmp_path: Path, shared: SharedCampaign) -> None:
    (tmp_path / "dask").mkdir()
    with dask_processes(tmp_path / "dask", CAMPAIGN_LINK__SECRET=SECRET) as dask:
        machine = dask.scheduler().worker("a")
        dask.worker("b")
        owner = shared.start_on_cluster("owner", dask.address, workers=2)
        shared.await_workers(2)
        shared.await_accepted(100)
        machine.kill()
        shared.judge.figures.bound = 0  # its worker drains: it has lost its hold, not its life
        dask.worker("c")
        assert owner.wait() == 0, shared.said()
        assert "worker cluster-1" in owner.said and "2 at work elsewhere" in owner.said
        shared.judge.finish()
        for told in (dask.log("scheduler"), dask.log("b"), owner.said):
            assert SECRET not in told
