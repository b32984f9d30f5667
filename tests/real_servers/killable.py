"""Exim, Sendmail and OpenSMTPD to be killed: each can lose the process that takes a message in, or all of them, and is
started again with the queue, the mailbox and the log that it had.

Who is called `bounce…`, or is at `nobody.example`, is taken and then given up. Raises Unavailable.
"""

import contextlib
import os
import random
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.real_servers import exim, sendmail
from tests.real_servers.arrivals import free_ports, mailbox, wait_for_listener
from tests.real_servers.chroot import MAILBOX, Chroot

NOBODY = "nobody.example"


@dataclass(frozen=True, slots=True, kw_only=True)
class Killable:
    """A server that is running."""

    port: int
    log: Path
    delivered: Callable[[], list[bytes]]
    """Every message in the mailbox, bounces too, once the queue is empty: waits for that."""
    chroot: Chroot
    command: tuple[str, ...]
    receives: Callable[[str], bool] = lambda _: False
    """Whether a process with that command line takes messages in, and may be killed alone."""

    def start(self) -> None:
        """Start it, as an operator would after a crash."""
        self.chroot.spawn(*self.command)
        wait_for_listener(self.port, self.chroot)

    def kill_all(self) -> None:
        """SIGKILL to every process of it, and start it again."""
        self.chroot.kill()
        self.start()

    def kill_receiver(self, chance: random.Random) -> bool:
        """SIGKILL to one process that takes messages in; False where there is none."""
        inside = self.chroot.inhabitants()
        found = [pid for pid in inside if _parent(pid) in inside and self.receives(_command_line(pid))]
        if not found:
            return False
        with contextlib.suppress(ProcessLookupError):
            os.kill(chance.choice(found), signal.SIGKILL)
        return True


def _parent(pid: int) -> int:
    """The daemon's own is not in the chroot."""
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0


def _command_line(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace").strip()
    except OSError:
        return ""


@contextmanager
def killable_exim() -> Iterator[Killable]:
    """Exim with a main log of its own, and a while between each body and its reply."""
    with Chroot("exim") as chroot:
        port, tls_port = free_ports(2)
        configuration = exim.configuration(
            port,
            tls_port,
            log="/var/log/exim4/%slog",
            at_data="  warn set acl_m0 = ${run{/bin/sleep 0.02}{}{}}\n",
            routers="nobody:\n  driver = redirect\n  allow_fail\n  domains = nobody.example\n"
            "  data = :fail: no such user here\n",
        )
        exim.prepare(chroot, configuration)
        chroot.folder("/var/log/exim4", owner="Debian-exim")
        command = ("/usr/sbin/exim4", "-bdf", "-q1s")
        server = Killable(
            port=port,
            log=chroot.outside("/var/log/exim4/mainlog"),
            delivered=mailbox(chroot, f"{exim.SPOOL}/input", is_waiting=_has_both_files),
            chroot=chroot,
            command=command,
            receives=lambda line: line == " ".join(command),  # of others, such as `exim4 -Mc ID`, the line is another
        )
        server.start()
        yield server


def _has_both_files(file: Path) -> bool:
    """Whether it is a message of Exim's: one that is half taken in, or half removed, has one."""
    return file.name.endswith("-H") and file.with_name(f"{file.name[:-1]}D").exists()


def _is_whole(file: Path) -> bool:
    """Whether it is a message of Sendmail's: of one that is half taken in, the control file is empty, or has no end (a
    line with a dot), or the message is not there.
    """
    if not file.name.startswith("qf") or not file.with_name(f"df{file.name[2:]}").exists():
        return False
    with contextlib.suppress(FileNotFoundError):  # it was delivered just now
        return file.read_bytes().endswith(b"\n.\n")
    return False


@contextmanager
def killable_sendmail() -> Iterator[Killable]:
    """Sendmail in its default way: a message is queued, then another process delivers it."""
    with Chroot("sendmail") as chroot:
        port, tls_port = free_ports(2)
        macros = sendmail.macros(port, tls_port).replace("`confLOG_LEVEL', `14'", "`confLOG_LEVEL', `9'")
        sendmail.prepare(chroot, macros)
        chroot.write(
            "/usr/sbin/deliver",
            f"#!/bin/sh\ncase $1 in *@{NOBODY}*) exit 67;; esac\n{sendmail.DELIVER.partition(chr(10))[2]}",
            mode=0o755,
        )  # 67: EX_NOUSER of sysexits.h
        server = Killable(
            port=port,
            log=chroot.log,
            delivered=mailbox(chroot, "/var/spool/mqueue", is_waiting=_is_whole),
            chroot=chroot,
            command=sendmail.COMMAND,
            receives=lambda line: "localhost [127.0.0.1]" in line,
        )
        server.start()
        yield server


@contextmanager
def killable_opensmtpd() -> Iterator[Killable]:
    """OpenSMTPD: if one of its processes dies, all do."""
    with Chroot("opensmtpd") as chroot:
        (port,) = free_ports(1)
        chroot.write(
            "/etc/smtpd.conf",
            f"""
table everybody {{ "@" = vmail }}
listen on 127.0.0.1 port {port}
action mailbox maildir "{MAILBOX}" virtual <everybody>
action nobody mda "exit 67" virtual <everybody>
match from any for domain "{NOBODY}" action nobody
match from any for any action mailbox
""",
        )
        server = Killable(
            port=port,
            log=chroot.log,
            delivered=mailbox(chroot, "/var/spool/smtpd/queue", "/var/spool/smtpd/incoming"),
            chroot=chroot,
            command=("/usr/sbin/smtpd", "-F"),
        )
        server.start()
        yield server
