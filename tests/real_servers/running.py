"""A server's process: started, awaited until it greets, ended.

In: the command, the port, the file for what it prints. Out: the process, while the `with` lasts. Raises `NotStartedError`,
with the end of what it printed, where it does not greet in time. It ends the whole process group: SIGTERM first.
"""

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

HOST = "127.0.0.1"


class NotInstalledError(Exception):
    """A server, or what it needs, is not on this machine; says what, and how to get it."""


class NotStartedError(Exception):
    """A server is here, and does not run; says what it printed."""


def servers_folder() -> Path:
    """Where the servers that the tests use are installed: REAL_SERVERS, or a folder in the user's cache."""
    return Path(os.environ.get("REAL_SERVERS") or Path.home() / ".cache" / "campaign-real-servers").absolute()


def needed(program: str, package: str) -> str:
    """The path of a program that a server needs. Raises `NotInstalledError`."""
    found = shutil.which(program, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    if found is None:
        raise NotInstalledError(f"{program} is not installed (package {package})")
    return found


def free_port() -> int:
    """A port of loopback that nobody has at the moment."""
    with socket.create_server((HOST, 0)) as found:
        port: int = found.getsockname()[1]
        return port


@contextmanager
def running(
    command: Sequence[str], *, port: int, log: Path, tls_port: int | None = None, patience: float = 30
) -> Iterator[subprocess.Popen[bytes]]:
    """Runs it in a group of its own; its output is appended to the log. `patience` in seconds."""
    with log.open("ab") as output:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
        )
    try:
        deadline = time.monotonic() + patience
        while not (_greets(port) and (tls_port is None or _greets(tls_port, in_the_clear=False))):
            if process.poll() is not None or time.monotonic() > deadline:
                how = "does not greet" if process.poll() is None else f"ended with {process.returncode}"
                raise NotStartedError(f"{Path(command[0]).name} {how}:\n{log.read_text('utf-8', 'replace')[-2000:]}")
            time.sleep(0.05)
        yield process
    finally:
        _end(process)


def _greets(port: int, *, in_the_clear: bool = True) -> bool:
    with suppress(OSError), socket.create_connection((HOST, port), timeout=5) as connection:
        if not in_the_clear:
            return True
        if connection.recv(1):
            connection.sendall(b"QUIT\r\n")
            return True
    return False


def _end(process: subprocess.Popen[bytes]) -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with suppress(subprocess.TimeoutExpired):
            process.wait(10)
