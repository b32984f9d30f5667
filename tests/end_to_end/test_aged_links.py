"""No link arrives expired, or about to: whose message waited too long is made anew."""

import re
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import jwt
import pytest

from campaign.model import Status
from tests.attempts import attempt
from tests.campaigns import SmallCampaign, assert_agreement
from tests.conftest import StartServer
from tests.crashes.launcher import Launcher
from tests.crashes.sender import Sender
from tests.smtp.recording_handler import RecordingHandler, deliver
from tests.smtp_server import CATALOGUE, FaultServer, body, local_part


@pytest.fixture(scope="module")
def launcher() -> Iterator[Launcher]:
    with Launcher() as launcher:
        yield launcher


def left(server: FaultServer) -> list[float]:
    """Seconds that each link had left when its message was accepted."""
    tokens = [body.link(one.data or b"").partition("&token=")[2] for one in server.accepted]
    expiries = [jwt.decode(token, options={"verify_signature": False})["exp"] for token in tokens]
    return [expiry - one.time for expiry, one in zip(expiries, server.accepted, strict=True)]


def test_a_process_that_was_stopped_makes_its_messages_anew(tmp_path: Path, launcher: Launcher) -> None:
    """A laptop's lid, a SIGSTOP: the message was made, and waits for 354."""
    link: dict[str, object] = {"grace": "4s", "min_lifetime": "3s"}
    with FaultServer(CATALOGUE["data_slow"](match=local_part("p0"), delay=0.5, times=1)) as server:
        campaign = SmallCampaign(tmp_path / "c", {"link": link, "smtp": {"connections": 1, "timeout": "1m"}})
        campaign.people(3).load(server.port)
        sender: Sender = launcher.warm("send", str(campaign.path), "--yes", log=campaign.folder / "log.txt")
        server.wait_until(lambda: any(b"RCPT TO:<p0@" in word for one in server.connections for word in one.commands))
        sender.signal_all(signal.SIGSTOP)
        time.sleep(2.2)
        sender.signal_all(signal.SIGCONT)
        assert sender.wait() == 0
    assert assert_agreement(campaign, server.count_by_recipient().elements()) == {"sent": 3}
    assert min(left(server)) >= 2.9, "one left with most of its life gone"


def test_links_that_can_never_be_young_enough_are_no_endless_loop(tmp_path: Path, smtp_server: StartServer) -> None:
    """The server takes longer for an envelope than links have to live."""
    link: dict[str, object] = {"grace": "2s", "min_lifetime": "2s"}
    campaign = SmallCampaign(
        tmp_path / "c", {"link": link, "smtp": {"timeout": "1m"}, "retry": {"stop_after": 2, "first_wait": "1ms"}}
    ).people(2)
    server = smtp_server(CATALOGUE["data_slow"](delay=1.2))
    summary = campaign.send(server.port, backoff=0.001)
    assert summary.counts[Status.SENT] == 0 and not server.accepted
    assert summary.exit_code == 3 and summary.trouble is not None
    assert "link grew old" in summary.trouble.what


@pytest.mark.parametrize("pipelining", [True, False])
def test_a_parcel_that_has_aged_comes_back_untouched(smtp_server: StartServer, pipelining: bool) -> None:
    handler = RecordingHandler([attempt(number) for number in range(4)])
    handler.aged = {2}
    server = smtp_server(pipelining=pipelining)
    deliver(server, handler)
    assert handler.words == {0: ["body 250"], 1: ["body 250"], 2: ["not_sent"], 3: ["body 250"]}
    assert not [one for one in server.accepted if re.search("p2@", one.recipients[0])]
