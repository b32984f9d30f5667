"""The campaign's rate holds over any second while workers come and go: as the server saw it.

Limits: the rate says when messages begin, the server when it has accepted them; on a busy machine some come late, and
then meet others that are in time. So the server may count `_LATE` of a second more in one.
"""

import signal
from pathlib import Path

import pytest

from tests.conftest import Figures
from tests.postgres.cluster import Cluster
from tests.postgres.shared_campaign import SharedCampaign
from tests.smtp_server import ServerProcess, read_record

pytestmark = pytest.mark.postgres

_RATE = 50
_LATE = 0.3
_PEOPLE = 20_000
"""More than the longest form sends: the run is ended by whoever began it."""


@pytest.mark.parametrize(
    "stage", [pytest.param(3, id="some seconds"), pytest.param(20, id="a minute", marks=pytest.mark.siege)]
)
def test_fifty_a_second_hold_with_one_three_and_six_workers(
    tmp_path: Path, postgres: Cluster, database: str, figures: Figures, stage: int
) -> None:
    smtp: dict[str, object] = {"connections": 12, "rate": _RATE}
    record = tmp_path / "record.jsonl"
    found: dict[str, float] = {}
    figures(lambda: ", ".join(f"{name} {value:.1f}" for name, value in found.items()))
    with (
        ServerProcess(record) as server,
        SharedCampaign(tmp_path, postgres, database.rpartition("/")[2], server, people=_PEOPLE, smtp=smtp) as shared,
    ):
        shared.judge.figures.bound = 2 * 12  # of the one that is killed
        owner = shared.send("owner")
        go_on(shared, stage, workers=1)
        workers = [shared.work(f"worker{number}") for number in range(2)]
        go_on(shared, stage, workers=3)
        workers += [shared.work(f"worker{number}") for number in range(2, 5)]
        go_on(shared, stage, workers=6)
        for worker in workers[:2]:
            worker.signal(signal.SIGTERM)
        workers.pop().kill()
        go_on(shared, stage, workers=3)
        owner.signal(signal.SIGTERM)
        assert owner.wait() == 3, shared.said()
        for worker in workers:
            assert worker.wait() == 0, shared.said()
        shared.judge.look("at the end")
    moments = sorted(message.time for message in read_record(record).accepted)
    found["most in any second"] = most = most_in_any_second(moments)
    found["a second on the whole"] = len(moments) / (moments[-1] - moments[0])
    assert most <= _RATE * (1 + _LATE)
    assert len(moments) - 1 <= _RATE * (moments[-1] - moments[0] + _LATE)


def go_on(shared: SharedCampaign, stage: int, *, workers: int) -> None:
    """So many are at work, for as long as the server takes so many messages as the rate has in `stage` seconds."""
    shared.await_workers(workers)
    shared.await_accepted(shared.judge.accepted() + stage * _RATE)


def most_in_any_second(moments: list[float]) -> int:
    """The most that lie in one second, whenever it begins."""
    first, most = 0, 0
    for number, moment in enumerate(moments):
        while moments[first] <= moment - 1:
            first += 1
        most = max(most, number - first + 1)
    return most
