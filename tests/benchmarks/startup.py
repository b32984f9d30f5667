"""How soon there is an answer: the help, and the first message of a small campaign."""

import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.capture import capturing
from tests.benchmarks.runs import execute
from tests.benchmarks.senders import Sender, Task, clean_environment
from tests.benchmarks.workload import write

SMALL = 30
"""Contacts of a small campaign."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StartUp:
    """Seconds of each try, in the order they were made."""

    help: tuple[float, ...]
    """`campaign --help`, from start to end."""
    first_message: tuple[float, ...]
    """From the command's start to the first line of the first message at the server."""
    whole: tuple[float, ...]
    """The small campaign from start to end."""
    fault: str | None
    """What went wrong, if something did; then the lists are short."""


def measure(sender: Sender, scratch: Path, *, helps: int = 10, campaigns: int = 5) -> StartUp:
    """Measure, after one try of each that warms the disk cache and does not count."""
    helped, first, whole = [], [], []
    try:
        helped = [_help() for _ in range(helps + 1)][1:]
        for number in range(campaigns + 1):
            moments = _small_campaign(sender, scratch)
            if number:
                first.append(moments[0])
                whole.append(moments[1])
        fault = None
    except _FailedError as error:
        fault = str(error)
    return StartUp(help=tuple(helped), first_message=tuple(first), whole=tuple(whole), fault=fault)


class _FailedError(Exception):
    pass


def _help() -> float:
    began = time.perf_counter()
    done = subprocess.run(
        (sys.executable, "-m", "campaign", "--help"), env=clean_environment(), capture_output=True, check=False
    )
    took = time.perf_counter() - began
    if done.returncode:
        raise _FailedError(f"campaign --help ended with {done.returncode}: {done.stderr.decode()[-300:].strip()}")
    return took


def _small_campaign(sender: Sender, scratch: Path) -> tuple[float, float]:
    """Give the seconds to the first message and to the end."""
    with tempfile.TemporaryDirectory(dir=scratch) as name, capturing() as (port, record):
        workload = write(Path(name) / "workload", SMALL)
        folder = Path(name) / "run"
        folder.mkdir()
        task = Task(workload=workload, messages=SMALL, port=port, connections=10, folder=folder)
        command = sender.prepare(task)
        began = time.perf_counter()
        finished = execute(command, limit=60)
        fault = finished.fault or sender.fault(task)
    if fault or record.first_body is None:
        raise _FailedError(f"a campaign of {SMALL}: {fault or 'no message came'}")
    return record.first_body - began, finished.wall
