"""The database restarts in the middle of a run: bodies wait, the run goes on, and nobody is in doubt for it."""

import time
from pathlib import Path

import pytest

from tests.conftest import Figures
from tests.postgres.cluster import MISSING, cluster, is_installed
from tests.postgres.shared_campaign import SharedCampaign
from tests.smtp_server import ServerProcess

pytestmark = pytest.mark.postgres

_CONNECTIONS = 6
_DURABLE = ("max_connections=100",)
"""It waits for its disk here: `immediate` is as good as a crash, and what was committed must be there after it."""


@pytest.mark.parametrize("mode", ["fast", "immediate"])
@pytest.mark.parametrize("away", [pytest.param(2, id="2 s"), pytest.param(60, id="60 s", marks=pytest.mark.siege)])
def test_the_run_goes_on_after_the_database_was_away(tmp_path: Path, figures: Figures, mode: str, away: float) -> None:
    if not is_installed():
        pytest.skip(MISSING)
    smtp: dict[str, object] = {"connections": _CONNECTIONS, "rate": 200}
    with (
        cluster(*_DURABLE) as made,
        ServerProcess(tmp_path / "record.jsonl") as server,
        SharedCampaign(tmp_path, made, "postgres", server, people=2000, smtp=smtp) as shared,
    ):
        figures(lambda: str(shared.judge.figures))
        owner, worker = shared.send("owner"), shared.work("other")
        shared.await_workers(2)
        shared.await_accepted(300)
        made.stop(mode)
        time.sleep(away / 2)  # what had leave before may still be on its way
        late = shared.judge.accepted()
        time.sleep(away / 2)
        assert shared.judge.accepted() - late <= 2 * _CONNECTIONS, "bodies left without a durable claim"
        made.start(*_DURABLE)
        assert owner.wait() == 0, shared.said()
        assert worker.wait() == 0, shared.said()
        shared.judge.finish()
        assert shared.judge.figures.in_doubt == 0
