"""Fixtures that several test modules use."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.disks import lockable_disk, small_disk
from tests.smtp_server import FaultServer, Misbehaviour

StartServer = Callable[..., FaultServer]


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
