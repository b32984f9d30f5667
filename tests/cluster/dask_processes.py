"""Dask's scheduler and workers as they are operated: processes of their own, on loopback and free ports."""

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.smtp_server.server import HOST

ROOT = Path(__file__).parents[2]


def wait_for(true: Callable[[], bool], *, seconds: float = 60) -> None:
    """Wait until it is, looking often. Raises TimeoutError."""
    until = time.monotonic() + seconds
    while not true():
        if time.monotonic() > until:
            raise TimeoutError("it has not come to be so")
        time.sleep(0.05)


class DaskProcesses:
    """One scheduler, and workers that come and go."""

    def __init__(self, folder: Path, **environment: str) -> None:
        self._folder = folder
        self._environment = {**os.environ, "PYTHONPATH": str(ROOT), **environment}
        self.all: list[subprocess.Popen[bytes]] = []
        self.address = ""

    def scheduler(self, *, protocol: str = "tcp") -> "DaskProcesses":
        """Start it, and wait until it listens."""
        log = self._folder / "scheduler.log"
        words = ("--host", HOST, "--port", "0", "--no-dashboard", "--protocol", protocol)
        self._start("dask_scheduler", *words, log=log)
        wait_for(lambda: "Scheduler at:" in log.read_text())
        self.address = re.findall(rf"{protocol}://{HOST}:\d+", log.read_text())[0]
        return self

    def worker(self, name: str, *, threads: int = 1) -> subprocess.Popen[bytes]:
        """Start one, without waiting for it."""
        words = (self.address, "--host", HOST, "--name", name, "--nthreads", str(threads), "--no-dashboard")
        folder = ("--local-directory", str(self._folder), "--no-nanny", "--death-timeout", "60")
        return self._start("dask_worker", *words, *folder, log=self._folder / f"{name}.log")

    def log(self, name: str) -> str:
        """What it has written."""
        return (self._folder / f"{name}.log").read_text()

    def _start(self, program: str, *words: str, log: Path) -> subprocess.Popen[bytes]:
        with log.open("wb") as output:
            started = subprocess.Popen(
                [sys.executable, "-m", f"distributed.cli.{program}", *words],
                env=self._environment, cwd=self._folder, stdout=output, stderr=output, start_new_session=True,
            )  # fmt: skip
        self.all.append(started)
        return started


@contextlib.contextmanager
def dask_processes(folder: Path, **environment: str) -> Iterator[DaskProcesses]:
    """Give what starts them; all have ended when the context has."""
    made = DaskProcesses(folder, **environment)
    try:
        yield made
    finally:
        for process in reversed(made.all):
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)
        for process in made.all:
            process.wait()
