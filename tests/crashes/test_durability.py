"""Intent before message: for every body that leaves, its claim is on the disk; and never more than two claims without
an outcome for each connection and message that it may have in flight. Shown by the system calls of the real program,
and with a disk of the test's own.
"""

import os
import re
import sqlite3
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from campaign.ledger.sqlite.schema import connect
from campaign.model import Phase
from tests.campaigns import SECRET, SmallCampaign, assert_agreement
from tests.conftest import StartServer
from tests.smtp_server import Misbehaviour, Situation
from tests.syscalls import Moment, replay, traced

ROOT = Path(__file__).parents[2]
_CHUNK = re.compile(rb"^BDAT (?!6 )\d+ LAST\r$", re.MULTILINE)
"""Of a message; those of six octets are a probe's."""


def recovered(folder: Path, moment: Moment) -> dict[str, str]:
    """Status by address, as a machine would find them that lost its power just then."""
    folder.mkdir()
    path = folder / "x.ledger"
    path.write_bytes(moment.ledger)
    Path(f"{path}-wal").write_bytes(moment.wal)
    with closing(sqlite3.connect(path)) as database:
        try:
            found = database.execute("SELECT address, status FROM delivery JOIN contact ON contact = id")
        except sqlite3.OperationalError:
            return {}  # no table yet
        return dict(found)


@pytest.mark.parametrize(
    ("processes", "connections", "pipelining", "in_flight"),
    [
        (1, 3, True, 1),
        pytest.param(2, 4, True, 1, marks=pytest.mark.siege),
        (2, 4, True, 8),
        pytest.param(1, 1, True, 8, marks=pytest.mark.siege),
        (1, 2, False, 1),
    ],
)
def test_the_system_calls_of_a_run(
    tmp_path: Path, smtp_server: StartServer, processes: int, connections: int, pipelining: bool, in_flight: int
) -> None:
    count = 40 if in_flight == 1 else 120
    server = smtp_server(pipelining=pipelining, chunking=in_flight > 1)
    campaign = campaign_of(count, tmp_path, connections=connections, in_flight=in_flight)
    campaign.load(server.port)
    trace = tmp_path / "trace"
    command = [sys.executable, "-m", "campaign", "send", str(campaign.path), "--yes", "--processes", str(processes)]
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "CAMPAIGN_LINK__SECRET": SECRET}
    traced(command, campaign.folder, environment, trace)
    assert assert_agreement(campaign, [one.recipients[0] for one in server.accepted]) == {"sent": count}
    bodies = chunks = most_claims = 0
    for number, moment in enumerate(replay(trace, campaign.ledger)):
        recipients = re.findall(rb"^To: (?:.*<)?(p\d+@people\.example)>?\r$", moment.sent, re.MULTILINE)
        chunks += len(_CHUNK.findall(moment.sent))
        if not recipients:
            continue
        bodies += len(recipients)
        found = recovered(tmp_path / str(number), moment)
        for recipient in recipients:
            assert found.get(recipient.decode()) in ("sending", "sent"), (
                f"{recipient!r} left before its claim was durable"
            )
        most_claims = max(most_claims, list(found.values()).count("sending"))
    assert bodies == count
    assert most_claims <= 2 * connections * in_flight
    assert most_claims > 2 * connections or in_flight == 1, "one message at a time: this test shows nothing"
    assert sum(one.chunked for one in server.accepted) == chunks


def campaign_of(people: int, folder: Path, **smtp: object) -> SmallCampaign:
    return SmallCampaign(folder / "c", settings={"smtp": {"timeout": "1m"} | smtp}).people(people)


class SlowDisk:
    """What is durable when fsyncs take their time: the statuses that were committed when the last one began that has
    ended. `violations` are the bodies that came without a durable claim.
    """

    def __init__(self, ledger: Path, most_claims: int, delay: float) -> None:
        self._ledger = ledger
        self._most_claims = most_claims
        self._delay = delay
        self._real = os.fdatasync
        self._durable: dict[str, str] = {}
        self.syncs = 0
        self.bodies = 0
        self.violations: list[str] = []

    def fdatasync(self, descriptor: int) -> None:
        """In place of `os.fdatasync`."""
        assert Path(f"/proc/self/fd/{descriptor}").readlink() == Path(f"{self._ledger}-wal")
        with closing(connect(self._ledger, readonly=True)) as database:
            committed = dict(database.execute("SELECT address, status FROM delivery JOIN contact ON contact = id"))
        time.sleep(self._delay)  # time enough for a body that does not wait
        self._real(descriptor)
        self.syncs += 1
        self._durable = committed
        if list(committed.values()).count("sending") > self._most_claims:
            self.violations.append("more claims than the connections may have")

    def watch(self, now: Situation) -> bool:
        """What the server asks when a body has come."""
        for recipient in now.addresses:
            self.bodies += 1
            if self._durable.get(recipient) not in ("sending", "sent"):
                self.violations.append(recipient)
        return False


@pytest.fixture
def quick_switches() -> Iterator[None]:
    """Threads take turns often, so that they meet in more ways."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(before)


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="needs /proc to know what is being synced")
@pytest.mark.parametrize(
    ("connections", "pipelining", "in_flight"),
    [
        (1, True, 1),
        (5, True, 1),
        (5, True, 8),
        (5, False, 1),
        pytest.param(1, True, 8, marks=pytest.mark.siege),
    ],
)
@pytest.mark.usefixtures("quick_switches")
def test_however_slow_the_disk_no_body_comes_before_its_claim(
    tmp_path: Path,
    smtp_server: StartServer,
    monkeypatch: pytest.MonkeyPatch,
    connections: int,
    pipelining: bool,
    in_flight: int,
) -> None:
    campaign = campaign_of(30, tmp_path, connections=connections, in_flight=in_flight)
    disk = SlowDisk(campaign.ledger, 2 * connections * in_flight, delay=0.004)
    monkeypatch.setattr(os, "fdatasync", disk.fdatasync)
    server = smtp_server(
        Misbehaviour(name="watch", phase=Phase.BODY, match=disk.watch), pipelining=pipelining, chunking=in_flight > 1
    )
    campaign.send(server.port)
    assert disk.violations == []
    assert disk.bodies == 30
    assert 30 / connections / in_flight / 2 <= disk.syncs <= 70
    assert assert_agreement(campaign, [one.recipients[0] for one in server.accepted]) == {"sent": 30}


def test_a_disk_that_cannot_sync_sends_nothing(
    tmp_path: Path, smtp_server: StartServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: int) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "fdatasync", fail)
    server = smtp_server()
    campaign = SmallCampaign(tmp_path / "c").people(5)
    summary = campaign.send(server.port)
    assert summary.trouble is not None
    assert "can't be made durable" in summary.trouble.what
    assert summary.exit_code == 3
    assert server.accepted == []
    assert set(campaign.statuses().values()) == {"pending"}
    monkeypatch.undo()
    assert campaign.send(server.port).exit_code == 0
    assert_agreement(campaign, [one.recipients[0] for one in server.accepted])
