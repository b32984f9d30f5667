"""Fixtures that several test modules use, and how the tests are spread over processes."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from tests.disks import lockable_disk, small_disk
from tests.smtp_server import FaultServer, Misbehaviour

StartServer = Callable[..., FaultServer]
Figures = Callable[[Callable[[], str]], None]
"""Takes what gives a test's figures once it is over, however it ends."""

# How long an example may take says more about the machine than about us.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")


def pytest_configure() -> None:
    """Ctrl-C means the same to what the tests start as on a terminal: a shell has its background jobs ignore it."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int | None:
    """`-n auto`: a few tests that somebody names run in this process, with what they print. Otherwise there are
    two processes more than CPUs: many tests wait for a server that keeps silent, or for a disk.
    """
    named = all(Path(one.partition("::")[0]).suffix == ".py" for one in config.args)
    return 0 if named else (os.cpu_count() or 1) + 2


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What tests have measured: shown whether they pass or not, and from whatever process."""
    for report in terminalreporter.stats.get("", []):  # of set-up and tear-down, where all is well
        for name, value in getattr(report, "user_properties", []):
            if name == "figures":
                terminalreporter.write_line(f"{report.nodeid}: {value}")


@pytest.fixture
def figures(record_property: Callable[[str, object], None]) -> Iterator[Figures]:
    """Has a test's figures shown at the end of the run."""
    found: list[Callable[[], str]] = []
    yield found.append
    for one in found:
        record_property("figures", one())


@pytest.fixture
def smtp_server() -> Iterator[StartServer]:
    """Starts a `FaultServer` with what it is given, and stops it when the test is over. The test fails if the client
    broke a rule of the protocol, unless it says `allow_defects=True`."""
    strict: list[FaultServer] = []

    def start(*misbehaviours: Misbehaviour, allow_defects: bool = False, **options: Any) -> FaultServer:
        server = stack.enter_context(FaultServer(*misbehaviours, **options))
        if not allow_defects:
            strict.append(server)
        return server

    with ExitStack() as stack:
        yield start
    assert [defect for server in strict for defect in server.defects] == []


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of one megabyte, empty."""
    folder = tmp_path / "disk"
    folder.mkdir()
    with small_disk(folder):
        yield folder


@pytest.fixture
def guarded_folder(tmp_path: Path) -> Iterator[Path]:
    """A folder for `tests.disks.read_only`."""
    folder = tmp_path / "guarded"
    folder.mkdir()
    with lockable_disk(folder):
        yield folder
