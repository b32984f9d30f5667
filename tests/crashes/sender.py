"""The real command, `python -m campaign`, in a process group of its own.

`Sender` is what a test holds of it, however it was started: it knows every process of the group by /proc, so "killed"
means that none is left, workers included. Zombies do not count: they are waiting for whoever started them, no more.
"""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from tests.campaigns import SECRET

ROOT = Path(__file__).parents[2]
_GIVE_UP = 120.0
"""Seconds: far more than anything takes on a busy machine, since a test that passes never waits for so long."""


def environment() -> dict[str, str]:
    """What the command needs of its surroundings."""
    mine = {name: value for name, value in os.environ.items() if not name.startswith("CAMPAIGN_")}
    # One thread for the numerics: nothing here calculates, and threads cost start-up time.
    return mine | {"CAMPAIGN_LINK__SECRET": SECRET, "OPENBLAS_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}


def start(
    *arguments: str, log: Path, more: Mapping[str, str] = MappingProxyType({}), prefix: Sequence[str] = ()
) -> "Sender":
    """Start `python -m campaign` with these arguments; both its outputs are appended to `log`. `more`: what it finds
    in its environment besides. `prefix`: what the command begins with, to run elsewhere.
    """
    with log.open("ab") as output:
        process = subprocess.Popen(
            [*prefix, sys.executable, "-m", "campaign", *arguments],
            env=environment() | dict(more),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            process_group=0,
        )

    def poll() -> int | None:
        return process.poll()

    return Sender(process.pid, poll, log)


class Sender:
    """A run in a process group of its own. `poll` gives the leader's exit code (minus a signal's number), or None."""

    def __init__(self, pid: int, poll: Callable[[], int | None], log: Path) -> None:
        self.pid = pid
        self.log = log
        self.poll = poll

    @property
    def said(self) -> str:
        """All that was ever said into the log."""
        return self.log.read_text("utf-8", "replace") if self.log.exists() else ""

    def processes(self) -> list[int]:
        """The living processes of the group."""
        found = []
        for entry in Path("/proc").iterdir():
            if entry.name.isdecimal():
                try:
                    state, _, group = (entry / "stat").read_text().rpartition(")")[2].split()[:3]
                    # Of a process of several threads, one may still hold its files when the first is a zombie already.
                    alive = state not in "ZX" or len(list((entry / "task").iterdir())) > 1
                except (FileNotFoundError, ProcessLookupError):
                    continue
                if int(group) == self.pid and alive:
                    found.append(int(entry.name))
        return sorted(found)

    def workers(self) -> list[int]:
        """All but the leader."""
        return [pid for pid in self.processes() if pid != self.pid]

    def kill(self) -> None:
        """SIGKILL to all; comes back when none is left."""
        self.signal_all(signal.SIGKILL)
        self.wait()
        self.wait_for_silence()

    def signal_all(self, number: signal.Signals) -> None:
        """What a terminal or a service manager does: the signal to every process of the group, if any is left."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, number)

    def signal(self, number: signal.Signals) -> None:
        """The signal to the leader alone, if it has not ended meanwhile."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, number)

    def wait(self, timeout: float = _GIVE_UP) -> int:
        """Wait for the leader's end; gives its exit code."""
        self.wait_until(lambda: self.poll() is not None, timeout)
        code = self.poll()
        assert code is not None
        return code

    def wait_for_silence(self, timeout: float = _GIVE_UP) -> None:
        """Wait until no process of the group is left."""
        self.wait_until(lambda: not self.processes(), timeout)

    def wait_until(self, true: Callable[[], bool], timeout: float = _GIVE_UP) -> None:
        """Wait for something; a failure shows what the run has said."""
        wait_until(true, timeout, lambda: f"the run said:\n{self.said[-3000:]}")


def wait_until(true: Callable[[], bool], timeout: float = _GIVE_UP, otherwise: Callable[[], str] = str) -> None:
    """Wait for something that other processes do; AssertionError when it does not come."""
    end = time.monotonic() + timeout
    while not true():
        assert time.monotonic() < end, f"waited {timeout:.0f} s in vain; {otherwise()}"
        time.sleep(0.001)
