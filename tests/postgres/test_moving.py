"""A campaign that began with a file, and goes on with its ledger in a database: nobody is mailed twice."""

from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from campaign.cli import app
from campaign.ledger.sqlite.files import moved_file
from campaign.ledger_place import DatabasePlace
from tests.campaigns import SmallCampaign
from tests.conftest import StartServer

pytestmark = pytest.mark.postgres


def test_a_campaign_moves_into_a_database(
    tmp_path: Path, smtp_server: StartServer, place: Callable[[str], DatabasePlace]
) -> None:
    server = smtp_server()
    campaign = SmallCampaign(tmp_path).people(5)
    campaign.load(server.port)
    here = {"CAMPAIGN_LINK__SECRET": "0123456789abcdef0123456789abcdef"}
    there = here | {"CAMPAIGN_LEDGER__URL": place("small").url}

    def say(environment: dict[str, str], *arguments: str) -> tuple[int, str]:
        done = CliRunner().invoke(app, [*arguments, str(campaign.path)], env=environment)
        return done.exit_code, done.output

    assert say(here, "send", "--yes", "--limit", "2")[0] == 3, "some are left"
    assert "2 of 5 sent" in say(there, "status")[1], "before it is moved, it is read where it is"
    assert campaign.ledger.exists()
    code, words = say(there, "send", "--yes")
    assert code == 0, words
    assert "ledger was" in words and moved_file(campaign.ledger).exists() and not campaign.ledger.exists()
    assert len(server.accepted) == len({one.recipients for one in server.accepted}) == 5
    assert "5 of 5 sent" in say(there, "status")[1]
    assert say(there, "check", "--offline")[0] == 0
    assert say(there, "send", "--yes")[0] == 0 and len(server.accepted) == 5
    code, words = say(here, "send", "--yes")
    assert code != 0 and "brought into a database" in words, "without the setting, nobody is mailed anew"
    assert len(server.accepted) == 5
