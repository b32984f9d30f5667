"""The campaign is killed at named moments: the server holds it there, so that what must follow is known exactly."""

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.campaigns import SmallCampaign, assert_agreement
from tests.crashes.launcher import Launcher
from tests.crashes.sender import Sender
from tests.crashes.standing import read_standing
from tests.smtp_server import CATALOGUE, FaultServer, local_part, nth_message

FIRST, SECOND, THIRD = (f"p{number}@people.example" for number in range(3))
Held = Callable[[FaultServer], bool]


@pytest.fixture(scope="module")
def launcher() -> Iterator[Launcher]:
    with Launcher() as launcher:
        yield launcher


def _campaign(folder: Path, port: int) -> SmallCampaign:
    campaign = SmallCampaign(folder / "campaign", settings={"smtp": {"connections": 1, "timeout": "2m"}})
    campaign.people(3).load(port)
    return campaign


def _send(launcher: Launcher, campaign: SmallCampaign) -> Sender:
    return launcher.warm("send", str(campaign.path), "--yes", log=campaign.folder / "log.txt")


def _go_on(launcher: Launcher, campaign: SmallCampaign) -> int:
    return _send(launcher, campaign).wait()


def _bodies(server: FaultServer) -> int:
    return sum(one.commands.count(b".") for one in server.connections)


def _said(words: bytes) -> Held:
    return lambda server: any(words in command for one in server.connections for command in one.commands)


@pytest.mark.parametrize("pipelining", [True, False], ids=["PIPELINING", "plain"])
@pytest.mark.parametrize("name", ["connect_hang", "ehlo_hang"])
def test_killed_before_the_first_message_it_has_touched_nobody(
    tmp_path: Path, launcher: Launcher, name: str, pipelining: bool
) -> None:
    with FaultServer(CATALOGUE[name](times=1), pipelining=pipelining) as server:
        campaign = _campaign(tmp_path, server.port)
        sender = _send(launcher, campaign)
        server.wait_until(lambda: any(one.action == "hang" for one in server.connections))
        sender.kill()
        assert read_standing(campaign.ledger).statuses == {}
        assert _go_on(launcher, campaign) == 0
        assert assert_agreement(campaign, server.count_by_recipient().elements()) == {"sent": 3}


@pytest.mark.parametrize("pipelining", [True, False], ids=["PIPELINING", "plain"])
@pytest.mark.parametrize(
    ("name", "held", "accepted"),
    [
        ("mail_hang", _said(b"MAIL"), False),
        ("rcpt_hang", _said(b"RCPT TO:<p1@"), False),
        ("data_hang", _said(b"RCPT TO:<p1@"), False),
        ("body_hang_inside", lambda server: server.record.unfinished == 1, False),
        ("body_hang", lambda server: _bodies(server) == 2, False),
        ("body_accepted_hang", lambda server: len(server.accepted) == 2, True),
    ],
)
def test_killed_in_a_transaction_only_what_was_claimed_is_in_doubt(
    tmp_path: Path, launcher: Launcher, name: str, held: Held, accepted: bool, pipelining: bool
) -> None:
    """The second of three contacts is under way, and with PIPELINING, once its body has left, the third one, too."""
    match = nth_message(2) if name == "mail_hang" else local_part("p1")
    claimed = {SECOND, THIRD} if pipelining and name.startswith("body") else {SECOND}
    with FaultServer(CATALOGUE[name](match=match), pipelining=pipelining) as server:
        campaign = _campaign(tmp_path, server.port)
        sender = _send(launcher, campaign)
        server.wait_until(lambda: held(server))
        expected = {FIRST: "sent"} | dict.fromkeys(claimed, "sending")
        sender.wait_until(lambda: read_standing(campaign.ledger).statuses == expected)
        sender.kill()
        assert read_standing(campaign.ledger).statuses == expected
        assert _go_on(launcher, campaign) == 1
        everybody = dict.fromkeys((FIRST, SECOND, THIRD), "sent")
        assert campaign.statuses() == everybody | dict.fromkeys(claimed, "in_doubt")
        assert_agreement(campaign, server.count_by_recipient().elements())
        assert (server.count_by_recipient()[SECOND] == 1) is accepted
        assert server.count_by_recipient()[THIRD] == (THIRD not in claimed)


def test_a_body_does_not_leave_before_its_claim_is_written(tmp_path: Path, launcher: Launcher) -> None:
    """While somebody else holds the ledger's write lock, the second contact can't be claimed. So its body stays."""
    locked = threading.Event()
    with FaultServer(CATALOGUE["data_slow"](match=local_part("p0"), until=locked.is_set)) as server:
        campaign = _campaign(tmp_path, server.port)
        sender = _send(launcher, campaign)
        server.wait_until(lambda: _said(b"RCPT TO:<p0@")(server))
        sender.wait_until(lambda: read_standing(campaign.ledger).statuses == {FIRST: "sending"})
        with closing(sqlite3.connect(campaign.ledger, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            locked.set()
            server.wait_until(lambda: _said(b"RCPT TO:<p1@")(server))
            server.wait_until(lambda: len(server.accepted) == 1)
            sender.kill()
        assert server.count_by_recipient() == {FIRST: 1}
        assert _bodies(server) == 1
        assert _go_on(launcher, campaign) == 1
        assert campaign.statuses() == {FIRST: "in_doubt", SECOND: "sent", THIRD: "sent"}
        assert_agreement(campaign, server.count_by_recipient().elements())
