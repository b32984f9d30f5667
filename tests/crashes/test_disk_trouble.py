"""A disk that is full, a folder that is read-only, results that can't be written: the run stops in clear words, nobody
is lost, and when the trouble is mended the same command goes on.
"""

import errno
import fcntl
import os
import re
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.campaigns import SmallCampaign, assert_agreement
from tests.crashes.launcher import Launcher
from tests.crashes.standing import read_standing
from tests.disks import read_only, small_disk
from tests.in_flight import DEPTH
from tests.smtp_server import CATALOGUE, FaultServer, after_message, local_part

_CONNECTIONS = 4
_PEOPLE = 300
_SAYS_FULL = re.compile("the disk is full|No space left on device|check its free space")


@pytest.fixture(scope="module")
def launcher() -> Iterator[Launcher]:
    with Launcher() as launcher:
        yield launcher


def _campaign(folder: Path, port: int, people: int = _PEOPLE, in_flight: int = DEPTH) -> SmallCampaign:
    smtp: dict[str, object] = {"connections": _CONNECTIONS, "in_flight": in_flight, "timeout": "2m"}
    campaign = SmallCampaign(folder / "campaign", settings={"smtp": smtp})
    campaign.people(people).load(port)
    return campaign


def _run(launcher: Launcher, campaign: SmallCampaign, command: str = "send", processes: int = 1) -> tuple[int, str]:
    """Gives the exit code and the words. The log is not on the campaign's disk."""
    log = campaign.folder.parents[1] / "log.txt"
    log.unlink(missing_ok=True)
    options = () if command in ("results", "status") else ("--yes", "--processes", str(processes))
    sender = launcher.warm(command, str(campaign.path), *options, log=log)
    code = sender.wait()
    sender.wait_for_silence()
    assert "Traceback" not in sender.said and "unforeseen" not in sender.said, sender.said
    return code, sender.said


def _fill(disk: Path, *, leave: int = 0) -> Path:
    """Leave so many bytes of the disk, whoever else is writing to it meanwhile."""
    ballast = disk / "ballast"
    with ballast.open("wb") as file:
        while True:
            free = os.statvfs(disk)
            try:
                os.posix_fallocate(file.fileno(), 0, max(1, free.f_bavail * free.f_frsize - leave))
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise
                continue  # somebody has taken some of it just now
            return ballast


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk on which a small campaign has room enough, until it is filled."""
    folder = tmp_path / "disk"
    folder.mkdir()
    with small_disk(folder, 8 << 20):
        yield folder


def _assert_it_goes_on(
    launcher: Launcher, campaign: SmallCampaign, server: FaultServer, in_flight: int = DEPTH
) -> None:
    """The same command, now that the trouble is mended: everybody is settled, nobody in doubt who was not before."""
    doubtful = read_standing(campaign.ledger).doubtful
    assert doubtful <= 2 * _CONNECTIONS * in_flight
    code, said = _run(launcher, campaign)
    assert code == int(doubtful > 0), said
    counts = assert_agreement(campaign, server.count_by_recipient().elements())
    assert counts["in_doubt"] == doubtful
    assert counts["sent"] == _PEOPLE - doubtful


@pytest.mark.parametrize(("leave", "processes"), [(0, 1), (0, 2), (8_192, 1), (49_152, 2), (98_304, 1), (131_072, 2)])
def test_a_disk_with_too_little_room(disk: Path, launcher: Launcher, leave: int, processes: int) -> None:
    with FaultServer() as server:
        campaign = _campaign(disk, server.port)
        ballast = _fill(disk, leave=leave)
        code, said = _run(launcher, campaign, processes=processes)
        assert code == 3 or (code == 2 and not server.accepted), said
        assert _SAYS_FULL.search(said), said
        ballast.unlink()
        _assert_it_goes_on(launcher, campaign, server)


@pytest.mark.siege  # it gives up after a quarter of a minute; that it goes on in time is shown below
@pytest.mark.parametrize(("processes", "in_flight"), [(2, 1), (1, 8)])
def test_a_disk_that_gets_full_in_the_middle(disk: Path, launcher: Launcher, processes: int, in_flight: int) -> None:
    full = threading.Event()
    slow = CATALOGUE["body_slow"](match=after_message(10), until=full.is_set)
    with FaultServer(slow, chunking=in_flight > 1) as server:
        campaign = _campaign(disk, server.port, in_flight=in_flight)
        log = campaign.folder.parents[1] / "log.txt"
        sender = launcher.warm("send", str(campaign.path), "--yes", "--processes", str(processes), log=log)
        server.wait_until(lambda: len(server.accepted) >= 10)
        ballast = _fill(disk)
        full.set()
        assert sender.wait() == 3, sender.said
        sender.wait_for_silence()
        assert _SAYS_FULL.search(sender.said), sender.said
        assert len(server.accepted) < _PEOPLE
        ballast.unlink()
        _assert_it_goes_on(launcher, campaign, server, in_flight)


def test_a_disk_that_gets_room_again_in_time(disk: Path, launcher: Launcher) -> None:
    """What is in flight when the disk is full is tried for some seconds: then nobody is in doubt."""
    full = threading.Event()
    with FaultServer(CATALOGUE["body_slow"](match=after_message(10), until=full.is_set)) as server:
        campaign = _campaign(disk, server.port)
        log = campaign.folder.parents[1] / "log.txt"
        sender = launcher.warm("send", str(campaign.path), "--yes", "--processes", "1", log=log)
        server.wait_until(lambda: len(server.accepted) >= 10)
        ballast = _fill(disk)
        full.set()
        server.wait_until(lambda: not _is_growing(server))
        ballast.unlink()
        assert sender.wait() in (0, 3), sender.said
        assert not read_standing(campaign.ledger).doubtful
        _assert_it_goes_on(launcher, campaign, server)


def test_a_read_only_folder(disk: Path, launcher: Launcher) -> None:
    with FaultServer() as server:
        campaign = _campaign(disk, server.port)
        with read_only(disk):
            code, said = _run(launcher, campaign)
        assert code == 2, said
        assert str(campaign.folder) in said and "to do:" in said
        assert not server.connections
        _assert_it_goes_on(launcher, campaign, server)
        with read_only(disk):
            code, said = _run(launcher, campaign)
            assert code == 2, said
            code, said = _run(launcher, campaign, "status")
            assert code == 0 and f"{_PEOPLE} of {_PEOPLE} sent" in said, said
        assert len(server.accepted) == _PEOPLE


def test_results_that_somebody_has_open(tmp_path: Path, launcher: Launcher) -> None:
    """A spreadsheet that holds the old results, locked even, keeps them; the new ones stand under their name."""
    with FaultServer(CATALOGUE["rcpt_greylist"](match=local_part("p1"))) as server:
        campaign = _campaign(tmp_path / "folder", server.port)
        campaign.settings["retry"] = {"tries": 1}
        campaign.load(server.port)
        code, said = _run(launcher, campaign)
        assert code == 1, said
        results = campaign.folder / "small-results.csv"
        before = results.read_bytes()
        with results.open("r+b") as spreadsheet:
            fcntl.flock(spreadsheet, fcntl.LOCK_EX)
            code, said = _run(launcher, campaign, "resend")
            assert code == 0, said
            assert spreadsheet.read() == before
        assert assert_agreement(campaign, server.count_by_recipient().elements()) == {"sent": _PEOPLE}


def test_results_whose_place_is_taken_before_it_begins(tmp_path: Path, launcher: Launcher) -> None:
    with FaultServer() as server:
        campaign = _campaign(tmp_path / "folder", server.port)
        results = campaign.folder / "small-results.csv"
        results.mkdir()
        code, said = _run(launcher, campaign)
        assert code == 2 and str(results) in said, said
        assert not server.connections
        results.rmdir()
        _assert_it_goes_on(launcher, campaign, server)


@pytest.mark.parametrize("processes", [1, 2])
def test_results_whose_place_is_taken_when_all_is_sent(tmp_path: Path, launcher: Launcher, processes: int) -> None:
    """The ledger has it all, the summary says so, and how to get the results."""
    results = tmp_path / "folder" / "campaign" / "small-results.csv"
    with FaultServer(CATALOGUE["body_slow"](match=after_message(10), until=results.exists)) as server:
        campaign = _campaign(tmp_path / "folder", server.port)
        log = tmp_path / "log.txt"
        sender = launcher.warm("send", str(campaign.path), "--yes", "--processes", str(processes), log=log)
        server.wait_until(lambda: len(server.accepted) >= 4)
        results.mkdir()
        assert sender.wait() == 3, sender.said
        assert f"the results can't be written: Is a directory\n  where: {results}\n" in sender.said
        assert "`campaign results`" in sender.said and f"sent {_PEOPLE}" in sender.said, sender.said
        code, said = _run(launcher, campaign, "results")
        assert code == 2 and str(results) in said, said
        results.rmdir()
        code, said = _run(launcher, campaign, "results")
        assert code == 0, said
        assert assert_agreement(campaign, server.count_by_recipient().elements()) == {"sent": _PEOPLE}


def _is_growing(server: FaultServer) -> bool:
    before = len(server.accepted)
    time.sleep(0.2)
    return len(server.accepted) > before
