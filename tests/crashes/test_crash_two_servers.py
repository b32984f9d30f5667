"""Killed at random moments, with two servers, one of them with eight messages in flight: nobody lost, nobody mailed
twice, whichever of them it was.
"""

import random
from pathlib import Path

from tests.campaigns import SmallCampaign
from tests.conftest import Figures
from tests.crashes.launcher import Launcher
from tests.crashes.record import FaultServerRecord
from tests.crashes.sender import Sender
from tests.crashes.siege import Siege
from tests.smtp_server import ServerProcess

_CONNECTIONS = 4
"""To each of the two."""
_IN_FLIGHT = 8
"""To the other."""
_KILLS = 4


class BothRecords:
    """What two servers have accepted."""

    def __init__(self, *paths: Path) -> None:
        self._records = [FaultServerRecord(path) for path in paths]

    def count(self) -> int:
        return sum(record.count() for record in self._records)

    def news(self) -> list[str]:
        return [recipient for record in self._records for recipient in record.news()]


def test_skirmish_with_two_servers(tmp_path: Path, figures: Figures) -> None:
    chance = random.Random(7)
    records = tmp_path / "one.jsonl", tmp_path / "other.jsonl"
    with (
        ServerProcess(records[0]) as one,
        ServerProcess(records[1], "--chunking") as other,
        Launcher() as launcher,
    ):
        settings: dict[str, dict[str, object]] = {"smtp": {"connections": _CONNECTIONS, "timeout": "1m"}}
        campaign = SmallCampaign(tmp_path / "campaign", settings)
        campaign.servers = [
            {"name": "one", "port": one.port},
            {"name": "other", "port": other.port, "in_flight": _IN_FLIGHT},
        ]
        campaign.load(one.port)

        def launch(*arguments: str, log: Path) -> Sender:
            return launcher.warm(*arguments, log=log)

        ways = _CONNECTIONS + _CONNECTIONS * _IN_FLIGHT
        siege = Siege(
            campaign, BothRecords(*records), launch, connections=ways, in_flight=1, chance=chance, reserve=400
        )
        figures(lambda: str(siege.figures))
        siege.kill(_KILLS)
        assert siege.finish().kills.total() == _KILLS
        rows = campaign.results()
        assert {row["server"] for row in rows if row["status"] == "sent"} == {"one", "other"}
