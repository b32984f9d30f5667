"""Hours, days and each contact's own clock, in whole runs: outside of them nothing leaves, and nobody is forgotten.

The hours are made so that they are open, or closed, at whatever time the test runs, on clocks that are never moved.
"""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.campaigns import SmallCampaign, assert_agreement
from tests.conftest import StartServer
from tests.smtp_server import FaultServer


def clock(hours: float, zone: int = 0) -> str:
    """What a clock so many hours ahead of UTC shows so many hours from now."""
    return f"{datetime.now(UTC) + timedelta(hours=hours + zone):%H:%M}"


EAST, WEST = "Etc/GMT-6", "Etc/GMT+6"
"""Six hours ahead of UTC, and six hours behind (POSIX has it the other way round)."""


def mailed(server: FaultServer) -> list[str]:
    return sorted(message.recipients[0] for message in server.accepted)


@pytest.fixture
def small(tmp_path: Path) -> SmallCampaign:
    return SmallCampaign(tmp_path / "campaign")


def two_zones(small: SmallCampaign, *, hours: str) -> None:
    small.contacts(
        [("ann@x.example", "Ann", EAST), ("bob@x.example", "Bob", WEST), ("cid@x.example", "Cid", EAST)],
        header=("email", "name", "timezone"),
    )
    small.settings = {"contacts": {"timezone_column": "timezone"}, "window": {"hours": hours}}


def test_of_two_zones_the_open_one_is_mailed_and_the_other_by_the_next_run_once(
    small: SmallCampaign, smtp_server: StartServer
) -> None:
    server = smtp_server()
    two_zones(small, hours=f"{clock(-2, 6)}-{clock(2, 6)}")
    ended = small.send(server.port, wait=False)
    assert mailed(server) == ["ann@x.example", "cid@x.example"]
    assert ended.exit_code == 3
    assert [row["status"] for row in small.results()] == ["sent", "pending", "sent"]
    small.settings["window"]["hours"] = f"{clock(-2, -6)}-{clock(2, -6)}"
    ended = small.send(server.port, wait=False)
    assert mailed(server) == ["ann@x.example", "bob@x.example", "cid@x.example"]
    assert ended.exit_code == 0
    assert_agreement(small, mailed(server))
