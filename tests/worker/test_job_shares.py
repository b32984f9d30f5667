"""Two processes, one campaign: they share its rows so that both have work until the end."""

from pathlib import Path

import pytest

from tests.campaigns import SmallCampaign, assert_agreement
from tests.conftest import StartServer
from tests.smtp_server import CATALOGUE


@pytest.mark.parametrize("pipelining", [True, False])
def test_a_slow_server_keeps_all_connections_busy_to_the_end(
    tmp_path: Path, smtp_server: StartServer, pipelining: bool
) -> None:
    """Not: one process sends what the other one holds no row of."""
    server = smtp_server(CATALOGUE["body_slow"](delay=0.05), pipelining=pipelining)
    campaign = SmallCampaign(tmp_path / "c", {"smtp": {"connections": 4, "timeout": "1m"}}).people(120)
    assert campaign.send(server.port, processes=2).exit_code == 0
    assert assert_agreement(campaign, [one.recipients[0] for one in server.accepted]) == {"sent": 120}
    # Whichever process began first: each connection's last message is among the last.
    last = {one.connection: place for place, one in enumerate(server.accepted)}
    assert len(last) == 4 and min(last.values()) >= 120 - 4 * 4, last
