"""Two runs of one campaign at once: one sends, the other is told who holds the ledger, and nobody is mailed twice."""

import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.campaigns import SmallCampaign, assert_agreement
from tests.crashes.launcher import Launcher
from tests.crashes.sender import Sender
from tests.crashes.standing import read_standing
from tests.smtp_server import CATALOGUE, FaultServer

_REFUSED = 2


@pytest.fixture(scope="module")
def launcher() -> Iterator[Launcher]:
    with Launcher() as launcher:
        yield launcher


@pytest.fixture(scope="module")
def other() -> Iterator[Launcher]:
    """For what is begun while the first run lasts."""
    with Launcher() as other:
        yield other


def _campaign(folder: Path, port: int, people: int = 12) -> SmallCampaign:
    campaign = SmallCampaign(folder / "campaign", settings={"smtp": {"connections": 2, "timeout": "2m"}})
    campaign.people(people).load(port)
    return campaign


def _send(launcher: Launcher, campaign: SmallCampaign, processes: int) -> Sender:
    log = campaign.folder / "first.txt"
    return launcher.warm("send", str(campaign.path), "--yes", "--processes", str(processes), log=log)


class _Holding(FaultServer):
    """Keeps its first two replies to itself until they are `released`, so that two messages are in flight."""

    def __init__(self) -> None:
        self.released = threading.Event()
        super().__init__(CATALOGUE["body_slow"](until=self.released.is_set, times=2))


def _frozen(launcher: Launcher, campaign: SmallCampaign, server: _Holding, processes: int) -> Sender:
    """A run that has messages in flight, stopped there by SIGSTOP until it gets SIGCONT."""
    first = _send(launcher, campaign, processes)
    server.wait_until(lambda: len(server.accepted) == 2)
    first.signal_all(signal.SIGSTOP)
    server.released.set()
    return first


def _meanwhile(other: Launcher, campaign: SmallCampaign, *arguments: str) -> tuple[int, str]:
    """Another command; its exit code and words."""
    log = campaign.folder / "other.txt"
    log.unlink(missing_ok=True)
    command, *options = arguments
    run = other.warm(command, str(campaign.path), *options, log=log)
    return run.wait(), run.said


@pytest.mark.parametrize("processes", [1, 2])
def test_the_second_is_refused_and_told_who_holds_the_ledger(
    tmp_path: Path, launcher: Launcher, other: Launcher, processes: int
) -> None:
    with _Holding() as server:
        campaign = _campaign(tmp_path, server.port)
        first = _frozen(launcher, campaign, server, processes)
        connections = len(server.connections)
        for command in ("send", "resend"):
            code, said = _meanwhile(other, campaign, command, "--yes")
            assert code == _REFUSED, said
            assert f"process {first.pid} " in said and str(campaign.ledger) in said
        code, said = _meanwhile(other, campaign, "status")
        assert code == 0 and "of 12 sent" in said and f"process {first.pid}" in said, said
        code, said = _meanwhile(other, campaign, "results")
        assert code == 0 and len(campaign.results()) == 12, said
        assert len(server.connections) == connections
        first.signal_all(signal.SIGCONT)
        assert first.wait() == 0, first.said
        assert assert_agreement(campaign, server.count_by_recipient().elements()) == {"sent": 12}


def test_workers_whose_parent_is_gone_hold_the_ledger_until_they_are_done(
    tmp_path: Path, launcher: Launcher, other: Launcher
) -> None:
    """And what they are done with is what was in flight. (They can't be frozen here: a SIGHUP would come of it.)"""
    with _Holding() as server:
        campaign = _campaign(tmp_path, server.port)
        first = _send(launcher, campaign, 2)
        server.wait_until(lambda: len(server.accepted) == 2)
        first.signal(signal.SIGKILL)
        assert first.wait() == -signal.SIGKILL
        code, said = _meanwhile(other, campaign, "send", "--yes")
        assert code == _REFUSED, said
        assert f"process {first.pid} " in said
        server.released.set()
        first.wait_for_silence()
        assert not read_standing(campaign.ledger).doubtful
        code, said = _meanwhile(other, campaign, "send", "--yes")
        assert code == 0, said
        assert assert_agreement(campaign, server.count_by_recipient().elements()) == {"sent": 12}


def test_begun_at_the_same_moment(tmp_path: Path, launcher: Launcher) -> None:
    with FaultServer() as server:
        campaign = _campaign(tmp_path, server.port, people=200)
        runs = [
            launcher.cold("send", str(campaign.path), "--yes", log=tmp_path / f"run{number}.txt") for number in range(4)
        ]
        codes = [run.wait() for run in runs]
        assert 0 in codes and set(codes) <= {0, _REFUSED}, [run.said for run in runs]
        assert assert_agreement(campaign, server.count_by_recipient().elements()) == {"sent": 200}


def test_by_another_name_of_the_same_file(tmp_path: Path, launcher: Launcher, other: Launcher) -> None:
    """A symbolic link to the folder, and one to the ledger itself, lead to the same ledger."""
    with _Holding() as server:
        campaign = _campaign(tmp_path, server.port)
        first = _frozen(launcher, campaign, server, 1)
        log = tmp_path / "other.txt"
        (tmp_path / "elsewhere").symlink_to(campaign.folder)
        by_folder = ("send", str(tmp_path / "elsewhere" / "campaign.toml"), "--yes")
        (tmp_path / "linked.ledger").symlink_to(campaign.ledger)
        by_ledger = ("send", str(campaign.path), "--yes", "--output", str(tmp_path / "linked.csv"))
        for arguments in (by_folder, by_ledger):
            assert other.warm(*arguments, log=log).wait() == _REFUSED, log.read_text()
        assert log.read_text().count(f"process {first.pid} ") == 2
        first.signal(signal.SIGCONT)
        assert first.wait() == 0
        for arguments in (by_folder, by_ledger):
            assert other.warm(*arguments, log=log).wait() == 0, log.read_text()
        assert assert_agreement(campaign, server.count_by_recipient().elements()) == {"sent": 12}
