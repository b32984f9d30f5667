"""A run of four worker processes over PostgreSQL is killed at random moments, workers, owners and the database itself:
nobody lost, nobody mailed twice.

A skirmish of a few kills, and the siege of 100, in two runs side by side. As for SQLite's
(tests/crashes/test_crash.py), CAMPAIGN_KILLS makes it longer, and CAMPAIGN_CHANCE repeats its choices.
"""

import os
import random
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.conftest import Figures
from tests.postgres.cluster import MISSING, cluster, is_installed
from tests.postgres.shared_campaign import SharedCampaign
from tests.postgres.siege import Siege
from tests.smtp_server import ServerProcess

pytestmark = pytest.mark.postgres

_KILLS = int(os.environ.get("CAMPAIGN_KILLS", "100"))
_CHANCE = int(os.environ.get("CAMPAIGN_CHANCE", "0")) or random.randrange(1, 1 << 32)
_CONNECTIONS = 8
_RATE = 300
"""So that a run lasts, and the processor is left to those who start."""
_DURABLE = ("max_connections=200",)
"""Not without fsync: the database is killed, too."""


def test_skirmish(tmp_path: Path, figures: Figures) -> None:
    hold_out(tmp_path, figures, kills=8, people=3000, chance=_CHANCE)


@pytest.mark.siege
@pytest.mark.parametrize("half", [0, 1])
def test_siege(tmp_path: Path, figures: Figures, half: int) -> None:
    hold_out(tmp_path, figures, kills=(_KILLS + half) // 2, people=4000, chance=_CHANCE + half)


def hold_out(tmp_path: Path, figures: Figures, *, kills: int, people: int, chance: int) -> None:
    if not is_installed():
        pytest.skip(MISSING)
    smtp: dict[str, object] = {"connections": _CONNECTIONS, "rate": _RATE}
    with (
        cluster(*_DURABLE) as made,
        ServerProcess(tmp_path / "record.jsonl") as server,
        SharedCampaign(tmp_path, made, "postgres", server, people=people, smtp=smtp) as shared,
        ExitStack() as stack,
    ):
        siege = Siege(
            shared,
            made,
            cluster_options=_DURABLE,
            connections=_CONNECTIONS,
            people=people,
            chance=random.Random(chance),
            stack=stack,
        )
        figures(lambda: f"{siege.figures}; CAMPAIGN_CHANCE={_CHANCE}")
        siege.kill(kills)
        assert siege.finish().kills.total() == kills
