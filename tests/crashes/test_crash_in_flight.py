"""The campaign is killed at named moments with several messages in flight on its one connection: the server holds it
there, so that what must follow is known.
"""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.campaigns import SmallCampaign, assert_agreement
from tests.crashes.launcher import Launcher
from tests.crashes.sender import Sender
from tests.crashes.standing import read_standing
from tests.smtp_server import CATALOGUE, FaultServer, address

PEOPLE, IN_FLIGHT = 60, 8
VICTIM = "p30@people.example"


@pytest.fixture(scope="module")
def launcher() -> Iterator[Launcher]:
    with Launcher() as launcher:
        yield launcher


def _campaign(folder: Path, port: int) -> SmallCampaign:
    smtp: dict[str, object] = {"connections": 1, "in_flight": IN_FLIGHT, "timeout": "2m"}
    campaign = SmallCampaign(folder / "campaign", settings={"smtp": smtp})
    campaign.people(PEOPLE).load(port)
    return campaign


def _send(launcher: Launcher, campaign: SmallCampaign) -> Sender:
    return launcher.warm("send", str(campaign.path), "--yes", log=campaign.folder / "log.txt")


def _go_on(launcher: Launcher, campaign: SmallCampaign, server: FaultServer, claimed: set[str]) -> None:
    """The same command: those that were claimed are in doubt, all others sent, nobody twice."""
    assert _send(launcher, campaign).wait() == 1
    assert campaign.statuses() == dict.fromkeys(campaign.statuses(), "sent") | dict.fromkeys(claimed, "in_doubt")
    assert_agreement(campaign, server.count_by_recipient().elements())


def _claimed(campaign: SmallCampaign) -> set[str]:
    return {who for who, status in read_standing(campaign.ledger).statuses.items() if status == "sending"}


@pytest.mark.siege
@pytest.mark.parametrize("name", ["rcpt_hang", "body_hang", "body_accepted_hang"])
def test_killed_while_many_wait_for_their_reply_those_are_in_doubt(
    tmp_path: Path, launcher: Launcher, name: str
) -> None:
    with FaultServer(CATALOGUE[name](match=address(VICTIM)), chunking=True) as server:
        campaign = _campaign(tmp_path, server.port)
        sender = _send(launcher, campaign)
        server.wait_until(lambda: any(one.action == "hang" for one in server.connections))
        answered = {one.recipients[0] for one in server.accepted} - {VICTIM}
        # What has been answered is written, and as many wait as may: in flight, and made and claimed for those.
        sender.wait_until(
            lambda: answered <= {who for who, at in read_standing(campaign.ledger).statuses.items() if at == "sent"}
        )
        sender.kill()
        claimed = _claimed(campaign)
        assert VICTIM in claimed
        assert 2 < len(claimed) <= 2 * IN_FLIGHT
        assert all(message.chunked for message in server.accepted)
        _go_on(launcher, campaign, server, claimed)


def test_no_message_leaves_before_its_claim_is_written(tmp_path: Path, launcher: Launcher) -> None:
    """While somebody else holds the ledger's write lock nobody can be claimed: only who had been claimed is mailed."""
    locked = threading.Event()
    with FaultServer(CATALOGUE["body_slow"](match=address(VICTIM), until=locked.is_set), chunking=True) as server:
        campaign = _campaign(tmp_path, server.port)
        sender = _send(launcher, campaign)
        server.wait_until(lambda: VICTIM in server.count_by_recipient())
        with closing(sqlite3.connect(campaign.ledger, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            claimed = {who for who, status in read_standing(campaign.ledger).statuses.items() if status != "pending"}
            assert VICTIM in claimed and len(claimed) < PEOPLE
            before = len(server.accepted)
            locked.set()
            server.wait_until(lambda: len(server.accepted) > before)
            server.catch_up()  # with all that stood behind it
            sender.kill()
        assert set(server.count_by_recipient()) <= claimed
        doubtful = _claimed(campaign)
        assert doubtful and len(doubtful) <= 2 * IN_FLIGHT
        _go_on(launcher, campaign, server, doubtful)
