"""SIGTERM and SIGINT, at random moments and at named ones: an orderly end, nobody in doubt, and the rest the next time.

The signal goes to the leader alone (what `kill` and most supervisors do) or to the whole group (a terminal's Ctrl-C,
systemd's default). A second one stops at once.
"""

import random
import re
import signal
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.campaigns import SmallCampaign, assert_agreement
from tests.crashes.launcher import Launcher
from tests.crashes.sender import Sender
from tests.crashes.siege import Siege
from tests.crashes.standing import read_standing
from tests.smtp_server import CATALOGUE, FaultServer, ServerProcess, local_part

_SIGNALS = [signal.SIGTERM, signal.SIGINT]
_STOPPED = 3
_TIMEOUT = 100
"""Seconds for which a run would wait for the server's word: nobody who is stopped waits so long."""


@pytest.fixture(scope="module")
def launcher() -> Iterator[Launcher]:
    with Launcher() as launcher:
        yield launcher


def _campaign(folder: Path, port: int, people: int = 20, **smtp: object) -> SmallCampaign:
    campaign = SmallCampaign(
        folder / "campaign", settings={"smtp": {"connections": 4, "timeout": f"{_TIMEOUT}s"} | smtp}
    )
    campaign.people(people).load(port)
    return campaign


def _send(launcher: Launcher, campaign: SmallCampaign, processes: int = 1) -> Sender:
    log = campaign.folder / "log.txt"
    return launcher.warm("send", str(campaign.path), "--yes", "--processes", str(processes), log=log)


def _assert_stopped(sender: Sender, campaign: SmallCampaign) -> None:
    """In good order, and nobody in doubt."""
    began = time.monotonic()
    assert sender.wait() == _STOPPED, sender.said
    sender.wait_for_silence()
    assert time.monotonic() - began < _TIMEOUT / 2, "it took its time"
    assert "Traceback" not in sender.said, sender.said
    assert "note: writing the results, " in sender.said, "each step is told"
    standing = read_standing(campaign.ledger)
    assert standing.sound and not standing.doubtful, standing.counts
    results = campaign.statuses()
    assert results == dict.fromkeys(results, "pending") | standing.statuses


@pytest.mark.parametrize(("times", "in_flight"), [(3, 1), pytest.param(10, 8, marks=pytest.mark.siege)])
def test_stopped_again_and_again_at_random(tmp_path: Path, launcher: Launcher, times: int, in_flight: int) -> None:
    chance = random.Random()
    record = tmp_path / "record.jsonl"
    with ServerProcess(record, "--misbehave", "rcpt_greylist,local=p2", "--chunking") as server:
        people = 1000 + 300 * times
        campaign = _campaign(tmp_path, server.port, people=people, connections=8, in_flight=in_flight)
        siege = Siege(
            campaign,
            record,
            launcher.warm,
            connections=8,
            in_flight=in_flight,
            chance=chance,
            reserve=150 * times,
        )
        stopped = 0
        for _ in range(2 * times):
            sender = siege.stop(chance.choice(_SIGNALS), everybody=chance.random() < 0.5)
            if sender.wait() == 0:  # on a busy machine, all was sent before the signal came
                assert "pending" not in campaign.statuses().values(), sender.said
                continue
            _assert_stopped(sender, campaign)
            stopped += 1
            if stopped == times:
                break
        assert stopped >= times // 2
        figures = siege.finish()
    assert figures.in_doubt == figures.lost == figures.twice == 0
    assert figures.sent == figures.contacts


@pytest.mark.parametrize("processes", [1, 2])
@pytest.mark.parametrize("number", _SIGNALS)
def test_while_it_waits_for_the_window(
    tmp_path: Path, launcher: Launcher, number: signal.Signals, processes: int
) -> None:
    opens = (datetime.now().astimezone() + timedelta(hours=1)).isoformat(timespec="seconds")
    with FaultServer() as server:
        campaign = _campaign(tmp_path, server.port)
        campaign.settings["window"] = {"opens": opens}
        campaign.load(server.port)
        sender = _send(launcher, campaign, processes)
        sender.wait_until(lambda: "waiting" in sender.said)
        sender.signal_all(number)
        _assert_stopped(sender, campaign)
        assert set(campaign.statuses().values()) == {"pending"}
        assert not server.connections


@pytest.mark.parametrize("processes", [1, 2])
@pytest.mark.parametrize("number", _SIGNALS)
def test_while_it_reads_the_contacts(
    tmp_path: Path, launcher: Launcher, number: signal.Signals, processes: int
) -> None:
    with FaultServer(CATALOGUE["connect_hang"]()) as server:  # so that nobody is mailed while it still reads
        campaign = _campaign(tmp_path, server.port, people=30_000)
        sender = _send(launcher, campaign, processes)
        sender.wait_until(lambda: Path(f"{campaign.ledger}-wal").exists())
        sender.signal_all(number)
        _assert_stopped(sender, campaign)
        assert not server.accepted
    with FaultServer() as server:
        campaign.people(10).load(server.port)
        assert _send(launcher, campaign, processes).wait() == 0
        assert assert_agreement(campaign, server.count_by_recipient().elements()) == {"sent": 10}


@pytest.mark.parametrize("processes", [1, 2])
@pytest.mark.parametrize("name", ["connect_hang", "ehlo_hang"])
def test_while_it_connects(tmp_path: Path, launcher: Launcher, name: str, processes: int) -> None:
    """The server says nothing, and would not for the whole of the timeout. Nobody waits for that."""
    with FaultServer(CATALOGUE[name]()) as server:
        campaign = _campaign(tmp_path, server.port)
        sender = _send(launcher, campaign, processes)
        server.wait_until(lambda: bool(server.connections))
        sender.signal(signal.SIGTERM)
        _assert_stopped(sender, campaign)
        assert set(campaign.statuses().values()) == {"pending"}


@pytest.mark.parametrize("processes", [1, 2])
def test_while_rows_wait_for_their_next_try(tmp_path: Path, launcher: Launcher, processes: int) -> None:
    with FaultServer(CATALOGUE["rcpt_greylist"](match=local_part("p1"))) as server:
        # In a trial of pipelining a refused row goes again at once, and this server takes every second try.
        campaign = _campaign(tmp_path, server.port, pipelining="envelope")
        campaign.settings["retry"] = {"first_wait": "1h", "longest_wait": "2h"}
        campaign.load(server.port)
        sender = _send(launcher, campaign, processes)
        server.wait_until(lambda: len(server.accepted) == 9)
        sender.wait_until(lambda: read_standing(campaign.ledger).counts == {"sent": 9, "pending": 11})
        sender.signal(signal.SIGTERM)
        _assert_stopped(sender, campaign)
        assert _send(launcher, campaign, processes).wait() == 0
        assert assert_agreement(campaign, server.count_by_recipient().elements()) == {"sent": 20}


@pytest.mark.parametrize("processes", [1, 2])
def test_it_waits_for_the_replies_that_are_due(tmp_path: Path, launcher: Launcher, processes: int) -> None:
    with FaultServer(CATALOGUE["body_slow"](delay=0.5)) as server:
        campaign = _campaign(tmp_path, server.port, people=200)
        sender = _send(launcher, campaign, processes)
        server.wait_until(lambda: any(b"." in one.commands for one in server.connections))
        sender.signal(signal.SIGTERM)
        _assert_stopped(sender, campaign)
        counts = assert_agreement(campaign, server.count_by_recipient().elements())
        assert 0 < counts["sent"] < 200 and counts["pending"] == 200 - counts["sent"]


@pytest.mark.parametrize("processes", [1, 2])
@pytest.mark.parametrize("number", _SIGNALS)
def test_a_second_one_stops_at_once(tmp_path: Path, launcher: Launcher, number: signal.Signals, processes: int) -> None:
    """The server keeps its reply to each message to itself; the first signal waits for it, the second does not."""
    with FaultServer(CATALOGUE["body_accepted_hang"](match=local_part("p1"))) as server:
        campaign = _campaign(tmp_path, server.port)
        sender = _send(launcher, campaign, processes)
        server.wait_until(lambda: any(one.recipients[0].startswith("p1") for one in server.accepted))
        sender.signal(number)
        sender.wait_until(lambda: not _is_growing(sender, server))
        sender.wait_until(lambda: re.search(r"note: finishing \d+ messages? in flight; ", sender.said) is not None)
        assert "waiting for the server's replies; the same signal once more stops at once, and" in sender.said
        assert sender.poll() is None
        sender.signal(number)
        assert sender.wait() == -number
        sender.wait_for_silence()
        before = read_standing(campaign.ledger)
        assert 0 < before.doubtful <= 2 * 4
        server.wait_until(lambda: all(one.action for one in server.connections))
    with FaultServer() as healthy:
        campaign.load(healthy.port)
        assert _send(launcher, campaign, processes).wait() == 1
        everything = [*server.count_by_recipient().elements(), *healthy.count_by_recipient().elements()]
        counts = assert_agreement(campaign, everything)
        assert counts == {"in_doubt": before.doubtful, "sent": 20 - before.doubtful}


def _is_growing(sender: Sender, server: FaultServer) -> bool:
    before = len(server.accepted)
    time.sleep(0.02)
    return len(server.accepted) > before
