"""Daily limits and limits of domains in whole runs, held against what the server saw."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from campaign.model import Phase, Status
from campaign.run.progress import Progress
from tests.campaigns import SECRET, Silent, SmallCampaign, assert_agreement
from tests.clocks import noon
from tests.smtp_server import CATALOGUE, FaultServer, Misbehaviour, ServerProcess, read_record
from tests.smtp_server.misbehaviours import Situation


class UnderWay:
    """How many messages to each domain a server has before it at once, and when each came."""

    def __init__(self) -> None:
        self._open: dict[int, str] = {}
        self._lock = threading.Lock()
        self.most: Counter[str] = Counter()
        self.began: dict[str, list[float]] = {}

    def match(self, now: Situation) -> bool:
        """At RCPT a message begins, with the end of its body it is over."""
        domain = now.addresses[-1].rpartition("@")[2] if now.addresses else ""
        with self._lock:
            if now.phase is Phase.RCPT:
                self._open[now.connection] = domain
                self.began.setdefault(domain, []).append(time.monotonic())
                under_way = Counter(self._open.values())
                self.most[domain] = max(self.most[domain], under_way[domain])
            else:
                self._open.pop(now.connection, None)
        return False

    def watching(self) -> tuple[Misbehaviour, ...]:
        return CATALOGUE["rcpt_5xx"](match=self.match), CATALOGUE["body_5xx"](match=self.match)


def mixed(folder: Path, settings: dict[str, dict[str, object]], *domains: str) -> SmallCampaign:
    """A campaign to these domains in turn, and its limits."""
    campaign = SmallCampaign(folder / "c", settings)
    return campaign.contacts((f"p{number}@{domain}", f"P {number}") for number, domain in enumerate(domains))


@pytest.mark.parametrize("pipelining", [True, False])
@pytest.mark.parametrize("processes", [1, 3])
def test_a_domain_gets_no_more_at_once_than_it_may(tmp_path: Path, processes: int, pipelining: bool) -> None:
    """The envelope that goes behind a body counts as well."""
    seen = UnderWay()
    limits: dict[str, object] = {'"Narrow.Example"': {"connections": 2}}
    campaign = mixed(tmp_path, {"smtp": {"connections": 8}, "limits": limits}, *["narrow.example", "wide.example"] * 60)
    with FaultServer(*seen.watching(), CATALOGUE["body_slow"](delay=0.01), pipelining=pipelining) as server:
        summary = campaign.send(server.port, processes=processes)
        assert summary.exit_code == 0, summary.trouble
        assert assert_agreement(campaign, [one.recipients[0] for one in server.accepted]) == {"sent": 120}
        assert not server.defects
    assert 1 <= seen.most["narrow.example"] <= 2


def test_a_domain_gets_its_rate_and_the_others_are_long_done(tmp_path: Path) -> None:
    seen = UnderWay()
    limits: dict[str, object] = {'"slow.example"': {"rate": 15}}
    campaign = mixed(
        tmp_path, {"smtp": {"connections": 4}, "limits": limits}, *["slow.example"] * 24, *["quick.example"] * 100
    )
    with FaultServer(*seen.watching()) as server:
        assert campaign.send(server.port, processes=2).exit_code == 0
    slow, quick = seen.began["slow.example"], seen.began["quick.example"]
    assert (len(slow), len(quick)) == (24, 100)
    assert slow[-1] - slow[0] >= 0.95 * 23 / 15
    assert quick[-1] < slow[-1], "a slow domain, first in the file, held up the others"


def limited(folder: Path, people: int, limit: object) -> SmallCampaign:
    settings: dict[str, dict[str, object]] = {
        "smtp": {"connections": 4},
        "window": {"daily_limit": limit, "timezone": noon()},
    }
    return SmallCampaign(folder / "c", settings).people(people)


def test_the_number_of_the_day_holds_over_runs_and_no_connection_is_opened_beyond_it(tmp_path: Path) -> None:
    campaign = limited(tmp_path, 50, [30, 1000])
    with FaultServer() as server:
        first = campaign.send(server.port, wait=False, processes=2)
        assert (first.exit_code, first.sent_now, first.counts[Status.PENDING]) == (3, 30, 20)
        assert first.trouble is None
        assert first.reason == "daily_limit" and first.why.startswith("today's 30 messages are sent; the rest goes on ")
        assert Counter(row["detail"] for row in campaign.results() if row["status"] == "pending") == {
            "waits for tomorrow: 30 a day": 20
        }
        connections = len(server.connections)
        second = campaign.send(server.port, wait=False)
        assert (second.exit_code, second.sent_now) == (3, 0)
        assert len(server.connections) == connections
        campaign.settings["window"]["daily_limit"] = [40]
        assert campaign.send(server.port, wait=False).sent_now == 10
        assert_agreement(campaign, [one.recipients[0] for one in server.accepted])


def test_a_limit_that_is_set_later_knows_what_today_has_had(tmp_path: Path) -> None:
    campaign = limited(tmp_path, 50, [30])
    del campaign.settings["window"]["daily_limit"]
    with FaultServer() as server:
        assert campaign.send(server.port, limit=12).sent_now == 12
        campaign.settings["window"]["daily_limit"] = [30]
        assert campaign.send(server.port, wait=False).sent_now == 18


def test_the_sandbox_keeps_no_days(tmp_path: Path) -> None:
    campaign = limited(tmp_path, 50, [30])
    with FaultServer() as server:
        assert campaign.send(server.port, sandbox=True, wait=False).exit_code == 0
        assert len(server.accepted) == 50


class Stopping(Silent):
    """An observer that stops the run once it waits."""

    stopped = False

    def sending(self, progress: Progress) -> None:
        super().sending(progress)
        if progress.day_reached and not progress.stopping and not self.stopped:
            self.stopped = True
            os.kill(os.getpid(), signal.SIGTERM)


@pytest.mark.parametrize("processes", [1, 2])
def test_a_run_that_waits_for_tomorrow_says_so_holds_no_connection_and_can_be_stopped(
    tmp_path: Path, processes: int
) -> None:
    campaign = limited(tmp_path, 50, 30)
    campaign.observer = Stopping()
    with FaultServer() as server:
        summary = campaign.send(server.port, processes=processes)
    assert (summary.exit_code, summary.sent_now, summary.stopped) == (3, 30, True)
    (said,) = [words for words in campaign.observer.notices if words.startswith("today's 30 messages are sent")]
    assert "the rest goes on " in said
    assert campaign.observer.heard[-1].connections == 0
    assert {row["detail"] for row in campaign.results() if row["status"] == "pending"} == {
        "waits for tomorrow: 30 a day"
    }


def test_a_window_that_closes_before_tomorrow_is_told(tmp_path: Path) -> None:
    campaign = limited(tmp_path, 50, 30)
    campaign.settings["window"]["lasts"] = "2h"
    with FaultServer() as server:
        summary = campaign.send(server.port)
    assert (summary.exit_code, summary.reason) == (3, "daily_limit")
    assert summary.why == "today's 30 messages are sent; the window closes before tomorrow"


@pytest.mark.parametrize("processes", [pytest.param(1, marks=pytest.mark.siege), 2])
def test_an_even_pace_takes_its_time(tmp_path: Path, processes: int) -> None:
    """That it is done in time, simulated runs say (`tests/worker/test_pace.py`)."""
    settings: dict[str, dict[str, object]] = {"smtp": {"connections": 4}, "window": {"lasts": "8s", "pace": "spread"}}
    campaign = SmallCampaign(tmp_path / "c", settings).people(16)
    with FaultServer() as server:
        summary = campaign.send(server.port, processes=processes)
        moments = [one.time for one in server.accepted]
        assert_agreement(campaign, [one.recipients[0] for one in server.accepted])
    assert summary.sent_now == len(moments) >= 8
    assert moments[-1] - moments[0] >= 4


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ServerProcess]:
    with ServerProcess(tmp_path / "record.jsonl", "--keep", "nothing") as running:
        yield running


def test_a_run_that_is_killed_in_the_middle_of_a_day_has_used_up_what_it_began(
    tmp_path: Path, server: ServerProcess
) -> None:
    """SIGKILL to all its processes; the next run sends the rest of the day's number, and no more."""
    campaign = limited(tmp_path, 3_000, 1_000)
    campaign.settings["smtp"]["rate"] = 700  # slow enough to be caught in the middle
    campaign.load(server.port)
    command = [sys.executable, "-m", "campaign", "send", str(campaign.path), "--yes", "--no-wait"]
    process = subprocess.Popen(
        command,
        env=os.environ | {"CAMPAIGN_LINK__SECRET": SECRET},
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        while len(read_record(server.record).accepted) < 200:
            assert process.poll() is None, "it ended before it was killed"
            time.sleep(0.02)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    before = len(read_record(server.record).accepted)
    assert before < 1_000, "it was not killed on its way: this test shows nothing"
    summary = campaign.send(server.port, wait=False, processes=2)
    accepted = [message.recipients[0] for message in read_record(server.record).accepted]
    assert summary.counts[Status.SENT] + summary.counts[Status.IN_DOUBT] == 1_000
    assert len(accepted) <= 1_000 and max(Counter(accepted).values()) == 1
    assert summary.exit_code == 3 and summary.counts[Status.PENDING] == 2_000
