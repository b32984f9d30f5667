"""A real Postfix to send to: the one that is installed, with a configuration and a queue of its own on a tmpfs.

Every message is taken, queued and logged as ever; then `discard` delivers it to nobody. Its queue is in memory, so
that what is measured is its work and not the machine's disk.

Raises MissingProgramError without root (Postfix's master process asks for it), without Postfix's users, or without a
tmpfs. Limits: one address of loopback; TLS is off; whether Postfix keeps up with its own queue is not measured.
"""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.benchmarks.processes import session_cpu_seconds
from tests.benchmarks.sink import MissingProgramError, free_port, postfix_program
from tests.real_servers.postfix import QUEUE_FOLDERS, SERVICES

IN_MEMORY = Path("/dev/shm")
"""A tmpfs on every Linux."""
_DAEMONS = Path("/usr/lib/postfix/sbin")
_ETC = Path("/etc/postfix")
_START, _DRAINING = 30.0, 120.0
_MOST_CONNECTIONS = 200
_DELIVERED = b": removed\n"
"""How a line of the log ends once for each message that was delivered to everybody."""


class Postfix:
    """A Postfix that is running."""

    certificate: Path | None = None

    def __init__(self, port: int, master: int, log: Path) -> None:
        self.port = port
        self._master = master
        self._log = log

    def cpu(self) -> float:
        """Processor time of all its processes, in seconds; of those that have ended, too."""
        return session_cpu_seconds(self._master)

    def counted(self, expected: int) -> int:
        """Give how many messages it has delivered, after waiting for the last of `expected`."""
        deadline, count, seen = time.monotonic() + _DRAINING, 0, b""
        with self._log.open("rb") as log:
            while True:
                seen = seen[1 - len(_DELIVERED) :] + log.read()
                count += seen.count(_DELIVERED)
                if count >= expected or time.monotonic() > deadline:
                    return count
                time.sleep(0.1)


@contextmanager
def running_postfix(_aside: Path) -> Iterator[Postfix]:
    """Run it for as long as the block lasts, in a folder of its own on the tmpfs."""
    if os.geteuid() != 0:
        raise MissingProgramError("a real Postfix is run by root only")
    if not (IN_MEMORY.is_dir() and (_DAEMONS / "master").exists()):
        raise MissingProgramError(f"a real Postfix takes {_DAEMONS}, as Debian installs it, and {IN_MEMORY}")
    with tempfile.TemporaryDirectory(dir=IN_MEMORY, prefix="benchmark-postfix-") as name:
        home = Path(name)
        home.chmod(0o755)
        port = free_port()
        try:
            _set_up(home, port)
        except LookupError as error:
            raise MissingProgramError(f"a real Postfix: {error}; apt-get install postfix makes its users") from None
        with (home / "said").open("wb") as said:
            command = (str(_DAEMONS / "master"), "-d", "-c", str(home / "etc"))
            # A session of its own holds all its processes, whatever they do.
            master = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=said, stderr=said, start_new_session=True
            )
        try:
            _await_greeting(master, port, home)
            yield Postfix(port, master.pid, home / "mail.log")
        finally:
            os.killpg(master.pid, signal.SIGTERM)
            master.wait()


def _set_up(home: Path, port: int) -> None:
    etc, queue, data = home / "etc", home / "queue", home / "data"
    etc.mkdir()
    (etc / "main.cf").write_text(
        f"""\
compatibility_level = 3.6
myhostname = mail.acme.example
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
smtpd_peername_lookup = no
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_tls_security_level = none
default_transport = discard
default_process_limit = {_MOST_CONNECTIONS}
alias_maps =
alias_database =
maillog_file = {home}/mail.log
maillog_file_prefixes = {IN_MEMORY}
queue_directory = {queue}
data_directory = {data}
daemon_directory = {_DAEMONS}
command_directory = {Path(postfix_program("postconf")).parent}
""",
        encoding="utf-8",
    )
    (etc / "master.cf").write_text(f"127.0.0.1:{port} inet n - n - - smtpd\n{SERVICES}", "utf-8")
    for name in ("dynamicmaps.cf", "postfix-files"):
        if (_ETC / name).exists():
            shutil.copyfile(_ETC / name, etc / name)
    (queue / "pid").mkdir(parents=True)
    for name in QUEUE_FOLDERS:
        _folder(queue / name, "root", 0o700)
    _folder(queue / "private", "root", 0o700)
    _folder(queue / "public", "postdrop", 0o710)
    _folder(queue / "maildrop", "postdrop", 0o730)
    _folder(data, "root", 0o700)


def _folder(folder: Path, group: str, mode: int) -> None:
    folder.mkdir()
    shutil.chown(folder, "postfix", group)
    folder.chmod(mode)


def _await_greeting(master: "subprocess.Popen[bytes]", port: int, home: Path) -> None:
    deadline = time.monotonic() + _START
    while master.poll() is None and time.monotonic() < deadline:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=_START) as connection:
                if connection.recv(4).startswith(b"220"):
                    return
        except OSError:
            time.sleep(0.02)
    said = [file.read_text("utf-8", "replace")[-500:] for file in (home / "said", home / "mail.log") if file.exists()]
    raise MissingProgramError("a real Postfix did not start: " + " ".join(said))
