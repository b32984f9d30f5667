"""A run as it is watched: on its own terminal, from another one, by programs; and one that was killed."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from campaign.model import Phase
from tests.campaigns import SECRET, SmallCampaign
from tests.smtp_server import CATALOGUE, FaultServer, Misbehaviour, address, after_message, nth_message
from tests.terminals import Terminal

PEOPLE = 60
NARROW = re.compile(r"^(small: )?\d+%, \d+ of 60")
"""The first of the live lines where there is no room for a bar."""
REFUSED = CATALOGUE["rcpt_5xx"](match=address("p3@people.example"), reply=b"550 5.1.1 <p3@people.example>: no such\r\n")
BUSY = CATALOGUE["rcpt_4xx"](match=address("p5@people.example"), reply=b"450 4.2.1 Mailbox busy\r\n")
ANSI = re.compile(rb"\x1b\[3[0-9]m")


@pytest.fixture(autouse=True)
def _secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CAMPAIGN_LINK__SECRET", SECRET)
    monkeypatch.delenv("NO_COLOR", raising=False)


@contextmanager
def held_up(folder: Path, *misbehaviours: Misbehaviour) -> Iterator[tuple[SmallCampaign, threading.Event]]:
    """A campaign, and what lets its server go on that has taken some messages and then no more."""
    release = threading.Event()
    held = Misbehaviour(name="held", phase=Phase.BODY, match=after_message(40), until=release.is_set)
    campaign = SmallCampaign(folder, settings={"retry": {"tries": 2, "first_wait": "1m", "longest_wait": "1m"}})
    campaign.people(PEOPLE)
    with FaultServer(*misbehaviours, REFUSED, BUSY, held) as server:
        campaign.load(server.port)
        try:
            yield campaign, release
        finally:
            release.set()


def run(*words: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "campaign", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def has(*words: str) -> "re.Pattern[str]":
    return re.compile(".*".join(words), re.DOTALL)


def test_its_own_terminal_shows_how_far_it_is_and_is_clean_afterwards(tmp_path: Path) -> None:
    slow = CATALOGUE["mail_4xx"](match=nth_message(20), reply=b"451 4.7.1 Slow down\r\n")
    with held_up(tmp_path / "c", slow) as (campaign, release), Terminal("send", campaign.path, "--yes") as terminal:
        seen = terminal.until(lambda lines: any(line.startswith("  slowed to ") for line in lines))
        words = ("note: the server asks to slow down", "small: ━", " of 60, ", "sent, 1 rejected", "to be tried again")
        assert has(*words, "  slowed to ", "/s: 451 4.7.1 Slow down").search("\n".join(seen))
        assert ANSI.search(terminal.said)
        terminal.resize(40)
        narrow = terminal.until(lambda lines: any(NARROW.search(line) for line in lines))
        bar = next(number for number, line in enumerate(narrow) if NARROW.search(line))
        assert all(len(line) <= 40 for line in narrow[bar:])
        os.kill(terminal.process.pid, signal.SIGINT)
        release.set()
        code, lines = terminal.end()
    assert code == 3
    assert not any(" being sent" in line or "stopping" in line for line in lines[bar:])
    assert b"\x1b[?25l" not in terminal.said, "the cursor was never hidden: who is killed can't bring it back"


@pytest.mark.parametrize(("name", "value"), [("NO_COLOR", "1"), ("TERM", "dumb")])
def test_no_colour_where_none_is_wanted(tmp_path: Path, name: str, value: str) -> None:
    shown = "━" if name == "NO_COLOR" else "small: 39 of 60"
    with (
        held_up(tmp_path / "c") as (campaign, release),
        Terminal("send", campaign.path, "--yes", environment={name: value}) as terminal,
    ):
        terminal.until(lambda lines: any(shown in line for line in lines))
        os.kill(terminal.process.pid, signal.SIGINT)
        release.set()
        terminal.end()
    assert not ANSI.search(terminal.said)
    if name == "TERM":
        assert b"\x1b" not in terminal.said


def test_from_another_terminal_it_is_watched_until_it_ends(tmp_path: Path) -> None:
    with held_up(tmp_path / "c") as (campaign, release):
        sender = subprocess.Popen([sys.executable, "-m", "campaign", "send", campaign.path], stderr=subprocess.PIPE)
        while not campaign.ledger.exists() or "this run: 3" not in run("status", campaign.path).stdout:
            assert sender.poll() is None
        with Terminal("status", campaign.path, "--watch", "--every", "100ms") as terminal:
            seen = "\n".join(terminal.until(lambda lines: any("row 6" in line for line in lines)))
            assert has("small: ━", " 39 of 60", "38 sent, 1 rejected").search(seen)
            assert has("all rows: ", "sent", "connections: 1 of 1 to 127.0.0.1", "the last refusals:").search(seen)
            assert has(r"row 4  rejected  550 5\.1\.1 <\(address\)>: no such").search(seen)
            assert has(r"row 6  pending  450 4\.2\.1 Mailbox busy").search(seen)
            found = json.loads(run("status", campaign.path, "--json").stdout)["now"]
            assert (found["phase"], found["to_send"], found["settled"]) == ("sending", 60, {"sent": 38, "rejected": 1})
            assert found["deferred"] == 1 and found["under_way"] in (1, 2)
            assert [one["row"] for one in found["last_refusals"]] == [4, 6]
            assert found["servers"][0]["connections"] == 1
            os.kill(sender.pid, signal.SIGTERM)
            release.set()
            assert sender.wait(60) == 3
            code, lines = terminal.end()
        assert sender.stderr is not None
        sender.stderr.close()
    assert code == 0
    assert re.match(r"small: (39|40) of 60 sent", lines[0]), "nothing of the picture is left"
    assert any("campaign send" in line for line in lines)


def test_whoever_has_seen_enough_ends_the_watching_and_not_the_run(tmp_path: Path) -> None:
    with held_up(tmp_path / "c") as (campaign, _), Terminal("send", campaign.path, "--yes") as sender:
        sender.until(lambda lines: any("━" in line for line in lines))
        with Terminal("status", campaign.path, "--watch") as terminal:
            terminal.until(lambda lines: any("connections: " in line for line in lines))
            os.kill(terminal.process.pid, signal.SIGINT)
            assert terminal.end()[0] == 0
        assert sender.process.poll() is None


def test_into_a_pipe_there_is_a_block_for_each_look(tmp_path: Path) -> None:
    with held_up(tmp_path / "c") as (campaign, _), Terminal("send", campaign.path, "--yes") as sender:
        sender.until(lambda lines: any("━" in line for line in lines))
        command = [sys.executable, "-m", "campaign", "status", str(campaign.path), "--watch", "--every", "100ms"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as watching:
            assert watching.stdout is not None
            blocks = ["".join(iter(watching.stdout.readline, "\n")) for _ in range(3)]
            watching.send_signal(signal.SIGINT)
            assert watching.wait(60) == 0
        for block in blocks:
            assert re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00\nsmall: 38 of 60 sent\n", block), block
            assert "this run: 39 of 60" in block
        with subprocess.Popen([*command, "--json"], stdout=subprocess.PIPE, text=True) as watching:
            assert watching.stdout is not None
            documents = [json.loads(watching.stdout.readline()) for _ in range(3)]
            watching.send_signal(signal.SIGINT)
            assert watching.wait(60) == 0
        assert all(one["now"]["to_send"] == 60 for one in documents)


def test_a_run_that_was_killed_is_not_shown_as_live(tmp_path: Path) -> None:
    with held_up(tmp_path / "c") as (campaign, _), Terminal("send", campaign.path, "--yes") as sender:
        sender.until(lambda lines: any("━" in line for line in lines))
        assert "this run: " in run("status", campaign.path).stdout
        sender.process.kill()
        sender.process.wait()
        said = run("status", campaign.path).stdout
        assert "this run: " not in said and "a run is going on" not in said
        assert json.loads(run("status", campaign.path, "--json").stdout)["now"] is None
        watched = run("status", campaign.path, "--watch")
        assert (watched.returncode, watched.stdout) == (0, said), "there is nothing to wait for"


def test_two_runs_at_once_are_told_apart(tmp_path: Path) -> None:
    with (
        held_up(tmp_path / "one") as (one, _),
        held_up(tmp_path / "two") as (two, _),
        Terminal("send", one.path, "--yes") as first,
        Terminal("send", two.path, "--yes", "--limit", "50") as second,
    ):
        for terminal in (first, second):
            terminal.until(lambda lines: any("━" in line for line in lines))
        seen = [json.loads(run("status", campaign.path, "--json").stdout)["now"] for campaign in (one, two)]
        assert [now["pid"] for now in seen] == [first.process.pid, second.process.pid]
        assert [now["to_send"] for now in seen] == [60, 50]
        third = run("send", one.path, "--log-format", "json")
        assert third.returncode == 2
        (event,) = map(json.loads, third.stderr.splitlines())
        assert event["event"] == "error" and "another run is using" in event["what"]


def test_metrics_of_a_real_run_are_read_by_prometheus_parser(tmp_path: Path) -> None:
    campaign = SmallCampaign(tmp_path / "c").people(20)
    with FaultServer(REFUSED) as server:
        campaign.load(server.port)
        file = tmp_path / "campaign.prom"
        assert run("send", campaign.path, "--metrics", file).returncode == 1
    samples = [one for family in text_string_to_metric_families(file.read_text()) for one in family.samples]
    values = {(one.name, one.labels.get("status", "")): one.value for one in samples}
    assert values["campaign_run_settled_total", "sent"] == 19
    assert values["campaign_rows", "rejected"] == 1
    assert values["campaign_run_exit_code", ""] == 1
    finished = values["campaign_run_finished_timestamp_seconds", ""]
    assert 0 <= time.time() - finished < 600
    assert "people.example" not in file.read_text()
    assert run("send", campaign.path, "--metrics", campaign.path).returncode == 2
    assert run("send", campaign.path, "--metrics", tmp_path / "c" / "small.ledger").returncode == 2
