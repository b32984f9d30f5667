"""Postfix's smtp-sink on a free port of loopback: it takes messages, counts them and throws them away.

Limits: a message counts when its final dot has come; what it said is looked at elsewhere (`verify`). It runs as
`nobody` where we are root, because it refuses to run as root.
"""

import os
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.benchmarks.processes import cpu_seconds

_PATIENCE = 5.0


class MissingProgramError(Exception):
    """A program that the benchmark can't do without is not installed; says which, and what to install."""


def postfix_program(name: str) -> str:
    """Find smtp-sink or smtp-source; sbin is often not on a person's PATH."""
    found = shutil.which(name, path=os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin")))
    if found is None:
        raise MissingProgramError(f"{name} is not installed; it comes with Postfix: apt-get install postfix")
    return found


def free_port() -> int:
    """Give a TCP port of loopback that nobody listens on at this moment."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    return port


def messages_counted(counters: bytes) -> int:
    r"""Read the last complete counter that smtp-sink -c wrote.

    >>> messages_counted(b"sess=1 quit=0 mesg=1\rsess=1 quit=1 mesg=17\rsess=2 quit=1 mes")
    17
    >>> messages_counted(b"")
    0
    """
    found = re.findall(rb"mesg=(\d+)\r", counters)
    return int(found[-1]) if found else 0


class Sink:
    """A running smtp-sink."""

    def __init__(self, process: subprocess.Popen[bytes], port: int, counters: Path) -> None:
        self.pid = process.pid
        self.port = port
        self.certificate: Path | None = None
        self._counters = counters

    def cpu(self) -> float:
        """Processor time that it has used, in seconds."""
        return cpu_seconds(self.pid)

    def counted(self, expected: int) -> int:
        """Give how many messages came, after a moment for the last of `expected` to be written down."""
        deadline = time.monotonic() + _PATIENCE
        while True:
            with self._counters.open("rb") as file:
                file.seek(max(0, self._counters.stat().st_size - 200))
                count = messages_counted(file.read())
            if count >= expected or time.monotonic() > deadline:
                return count
            time.sleep(0.02)


@contextmanager
def running_sink(folder: Path, *options: str) -> Iterator[Sink]:
    """Run smtp-sink, with more `options`, for as long as the block lasts; its counters are written into `folder`."""
    port = free_port()
    counters = folder / "sink-counters"
    as_nobody = ["-u", "nobody"] if os.geteuid() == 0 else []
    command = [postfix_program("smtp-sink"), *as_nobody, "-c", "-m", "1000", *options, f"127.0.0.1:{port}", "1000"]
    with counters.open("wb") as file:
        process = subprocess.Popen(command, stdout=file)
    try:
        _await_listener(process, port)
        yield Sink(process, port, counters)
    finally:
        process.terminate()
        process.wait()


def _await_listener(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + _PATIENCE
    while process.poll() is None and time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except ConnectionRefusedError:
            time.sleep(0.01)
        else:
            return
    raise MissingProgramError(f"smtp-sink did not start listening on port {port}")
