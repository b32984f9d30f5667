"""Scripts of other people's that send: with threads, without a guard, and interrupted."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.campaigns import SECRET, SmallCampaign, assert_agreement
from tests.conftest import StartServer

PEOPLE = 300

BARE = """
import pathlib, sys, threading
with pathlib.Path("begun").open("a") as file:
    file.write("once\\n")
if "beside a thread" in sys.argv:
    threading.Thread(target=threading.Event().wait, daemon=True).start()
from campaign import Campaign
ended = Campaign.load("small/campaign.toml").send(processes=2)
print(ended.sent_now, ended.exit_code)
"""
"""What a person writes who has never heard of `if __name__ == "__main__"`."""

INTERRUPTED = """
import signal, sys
from campaign import Campaign
def interrupt(progress):
    if progress.settled and not progress.stopping:
        for _ in range(int(sys.argv[1])):
            signal.raise_signal(signal.SIGINT)
try:
    print("drained", Campaign.load("small/campaign.toml").send(processes=1, on_progress=interrupt).exit_code)
except KeyboardInterrupt:
    print("interrupted")
print(signal.getsignal(signal.SIGINT) is signal.default_int_handler)
"""

STOPPED = """
import signal
from campaign import Campaign
def stop(progress):
    if progress.settled and not progress.stopping:
        signal.raise_signal(signal.SIGTERM)
print(Campaign.load("small/campaign.toml").send(processes=2, on_progress=stop).reason)
"""


def run(folder: Path, script: str, *words: str) -> "subprocess.CompletedProcess[str]":
    (folder / "script.py").write_text(script, "utf-8")
    environment = os.environ | {"CAMPAIGN_LINK__SECRET": SECRET, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    command = [sys.executable, "-W", "error", "script.py", *words]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=300)
    assert done.stderr == ""
    return done


@pytest.mark.parametrize("words", [(), ("beside a thread",)])
def test_a_script_without_a_guard_is_run_once_whatever_its_workers_are(
    tmp_path: Path, smtp_server: StartServer, words: tuple[str, ...]
) -> None:
    server = smtp_server()
    small = SmallCampaign(tmp_path / "small", settings={"smtp": {"connections": 2}}).people(PEOPLE)
    small.load(server.port)
    assert run(tmp_path, BARE, *words).stdout.split() == [str(PEOPLE), "0"]
    assert (tmp_path / "begun").read_text("utf-8") == "once\n"
    assert set(server.count_by_recipient().values()) == {1} and len(server.accepted) == PEOPLE


def test_an_interrupt_drains_and_a_second_one_is_the_scripts_own(tmp_path: Path, smtp_server: StartServer) -> None:
    server = smtp_server()
    small = SmallCampaign(tmp_path / "small", settings={"smtp": {"rate": 50}}).people(PEOPLE)
    small.load(server.port)
    assert run(tmp_path, INTERRUPTED, "1").stdout.splitlines() == ["drained 3", "True"]
    assert run(tmp_path, INTERRUPTED, "2").stdout.splitlines() == ["interrupted", "True"]
    assert 0 < len(server.accepted) < PEOPLE
    small.settings["smtp"].clear()
    small.send(server.port)
    assert assert_agreement(small, [message.recipients[0] for message in server.accepted]).total() == PEOPLE


def test_a_signal_to_the_script_reaches_its_workers(tmp_path: Path, smtp_server: StartServer) -> None:
    server = smtp_server()
    small = SmallCampaign(tmp_path / "small", settings={"smtp": {"rate": 50, "connections": 2}}).people(PEOPLE)
    small.load(server.port)
    assert run(tmp_path, STOPPED).stdout == "signal\n"
    assert 0 < len(server.accepted) < PEOPLE and set(server.count_by_recipient().values()) == {1}
