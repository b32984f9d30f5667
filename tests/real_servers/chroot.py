"""One server at work: a copy of what was unpacked, with configuration, queue and mailboxes of its own, in a chroot.

    with Chroot("postfix") as chroot:
        chroot.write("/etc/postfix/main.cf", text)
        chroot.spawn("/usr/lib/postfix/sbin/master", "-d")

The copy is made of hard links, so it costs nothing; it goes when the block ends, with every process in it. Names are
resolved by /etc/hosts alone. Raises Unavailable (install.py) where the server is not unpacked.

Limit: a server that wrote into one of its packages' files in place would change it for the next one, too.
"""

import contextlib
import itertools
import os
import shutil
import signal
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.crashes.sender import wait_until
from tests.real_servers.install import home, root_of
from tests.real_servers.syslog import Syslog

_USERS = (
    ("root", 0),
    ("postfix", 62001),
    ("postdrop", 62002),
    ("dovecot", 62003),
    ("dovenull", 62004),
    ("postgrey", 62005),
    ("Debian-exim", 62006),
    ("smmta", 62007),
    ("smmsp", 62008),
    ("opensmtpd", 62009),
    ("opensmtpq", 62010),
    ("vmail", 62011),
    ("courier", 62012),
    ("mail", 8),
    ("nobody", 65534),
)
"""Every user of every server, each with a group of the same name. Numbers that hardly any machine uses."""
UIDS = dict(_USERS)
MAILBOX = "/home/vmail/Maildir"
"""Where all mail goes, whomever it is for. It belongs to the user `vmail`."""

_COUNT = itertools.count()
_GIVE_UP = 30.0


class Chroot:
    """A server's folder, and its processes."""

    def __init__(self, server: str) -> None:
        _sweep()
        self.path = _runs() / f"{server}-{os.getpid()}-{next(_COUNT)}"
        self.log = self.path / "var" / "log" / "mail.log"
        """What servers say to syslog, and what is spawned says."""
        self._processes: list[subprocess.Popen[bytes]] = []
        self._source = root_of(server)

    def write(self, path: str, text: str, *, owner: str = "root", mode: int = 0o644) -> Path:
        """Write a file at a path as the server sees it."""
        file = self.outside(path)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.unlink(missing_ok=True)  # it may be a package's, shared with every other copy
        file.write_text(text)
        os.chown(file, UIDS[owner], UIDS[owner])
        file.chmod(mode)
        return file

    def folder(self, path: str, *, owner: str = "root", group: str | None = None, mode: int = 0o755) -> Path:
        """Make a folder at a path as the server sees it."""
        folder = self.outside(path)
        folder.mkdir(parents=True, exist_ok=True)
        os.chown(folder, UIDS[owner], UIDS[group or owner])
        folder.chmod(mode)
        return folder

    def outside(self, path: str) -> Path:
        """Give the path as others see it."""
        return self.path / path.lstrip("/")

    def run(self, *command: str, given: str | None = None) -> str:
        """Run a command to its end; gives its standard output."""
        done = subprocess.run(["chroot", self.path, *command], input=given, capture_output=True, text=True)
        assert done.returncode == 0, f"{' '.join(command)}: {done.stdout}{done.stderr}"
        return done.stdout

    def spawn(self, *command: str, environment: dict[str, str] | None = None) -> None:
        """Start a process that goes on until the block ends; what it says goes to the log."""
        # If the tests are killed, it gets SIGTERM.
        outer = ["setpriv", "--pdeathsig", "TERM", "chroot", str(self.path)]
        with self.log.open("ab") as log:
            self._processes.append(
                subprocess.Popen(
                    [*outer, *command],
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"} | (environment or {}),
                    start_new_session=True,
                )
            )

    def kill(self) -> None:
        """End what is left in it at once: for a server that takes its time over SIGTERM, and has nothing to lose."""
        _end(self.path)

    def inhabitants(self) -> list[int]:
        """The processes in it."""
        return _inhabitants(self.path)

    def said(self) -> str:
        """The end of the log."""
        return self.log.read_text("utf-8", "replace")[-3000:]

    def __enter__(self) -> Self:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(self._source, self.path, symlinks=True, copy_function=_link, ignore=_no_devices)
        for device in (self._source / "dev").iterdir():
            os.link(device, self.path / "dev" / device.name)
        people = [f"{name}:x:{number}:{number}::{_home(name)}:/bin/sh\n" for name, number in _USERS]
        self.write("/etc/passwd", "".join(people))
        self.write("/etc/group", "".join(f"{name}:x:{number}:\n" for name, number in _USERS))
        self.write("/etc/hosts", "127.0.0.1 localhost mail.acme.example\n")
        self.write("/etc/nsswitch.conf", "passwd: files\ngroup: files\nhosts: files\n")
        self.write("/etc/resolv.conf", "nameserver 127.0.0.1\noptions timeout:1 attempts:1\n")
        self.folder("/home/vmail", owner="vmail", mode=0o700)
        for name in ("", "/new", "/cur", "/tmp"):
            self.folder(f"{MAILBOX}{name}", owner="vmail", mode=0o700)
        self.write("/var/log/mail.log", "", mode=0o666)
        self._syslog = Syslog(self.path / "dev", self.log)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for process in self._processes:
            process.terminate()
        for process in self._processes:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(5)
        _end(self.path)
        for process in self._processes:
            process.wait()
        self._syslog.close()
        shutil.rmtree(self.path)


def _runs() -> Path:
    return home() / "runs"


def _home(user: str) -> str:
    return "/home/vmail" if user == "vmail" else "/"


def _link(source: str, target: str) -> None:
    os.link(source, target)


def _no_devices(folder: str, names: list[str]) -> list[str]:
    return names if folder.endswith("/dev") else []


def _inhabitants(path: Path) -> list[int]:
    """The processes whose root is this folder."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            with contextlib.suppress(OSError):
                if (entry / "root").readlink() == path:
                    found.append(int(entry.name))
    return found


def _end(path: Path) -> None:
    """Kill what is left in a folder; comes back when nothing is."""

    def nobody() -> bool:
        left = _inhabitants(path)
        for pid in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return not left

    wait_until(nobody, _GIVE_UP)


def _sweep() -> None:
    """Remove what tests have left behind that were killed themselves."""
    for path in _runs().glob("*-*-*"):
        owner = path.name.split("-")[-2]
        if not Path("/proc", owner).exists():
            _end(path)
            shutil.rmtree(path, ignore_errors=True)
