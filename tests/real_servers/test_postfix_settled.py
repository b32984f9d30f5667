"""Postfix is killed between body and reply, again and again, and so are we: its log proves what it took, and no more.

The truth is in the mailbox and in the queue: messages that were delivered or wait, and reports of those that were
bounced. The log lies in several files, cut where Postfix was killed whole.
"""

import contextlib
import os
import random
import re
import shutil
import signal
import stat
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.campaigns import SmallCampaign
from tests.conftest import Figures
from tests.crashes.launcher import Launcher
from tests.crashes.sender import Sender, environment, wait_until
from tests.real_servers import postfix
from tests.real_servers.chroot import MAILBOX
from tests.real_servers.relay import Relay
from tests.real_servers.sending import relay_environment
from tests.real_servers.servers import available

pytestmark = pytest.mark.real_servers
_STRIKES, _CONNECTIONS, _PEOPLE = 25, 6, 1600
_MAIN = """
service_throttle_time = 1s
virtual_mailbox_maps = inline:{@people.example=Maildir/, @slow.example=Maildir/, @acme.example=Maildir/}
smtpd_reject_unlisted_recipient = no
smtpd_end_of_data_restrictions = check_recipient_access inline:{{slow.example=sleep 1}}
smtpd_client_connection_count_limit = 0
"""
_MESSAGE_ID = re.compile(rb"(?i)Message-ID: *(<[^<>]+>)")
_BOUNCED = re.compile(rb": to=<([^>]+)>, relay=virtual, .*status=bounced ")
_SEEN = re.compile(rb"/cleanup\[\d+\]: (\w+): message-id=(<[^<>\n]+>)")
_ACTIVE = re.compile(rb"/qmgr\[\d+\]: (\w+): from=<hello@.*queue active")
_DELIVERY = re.compile(rb"/virtual\[\d+\]: (\w+): to=<")
_READY = stat.S_IXUSR
"""The mode of a queue file that was taken; without it, it has no end (mail_queue.h)."""


@dataclass
class Fight:
    """One campaign, one Postfix, and chance."""

    relay: Relay
    campaign: SmallCampaign
    launcher: Launcher
    chance: random.Random
    strikes: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._root = self.relay.log.parents[2]
        self._sender: Sender | None = None
        self._masters: list[subprocess.Popen[bytes]] = []

    def strike(self) -> None:
        """Wait for messages of this run, and then for a moment; kill somebody."""
        sender = self._running()
        before, wanted = self.arrived(), self.chance.randrange(1, 60)
        wait_until(
            lambda: self.arrived() - before >= wanted or sender.poll() is not None, 60, lambda: sender.said[-2000:]
        )
        time.sleep(self.chance.uniform(0, 0.01))
        kinds = (self._smtpd, self._frozen_smtpd, self._cleanup, self._frozen_cleanup, self._everything, self._us)
        kind = self.chance.choice(kinds)
        kind()
        self.strikes[kind.__name__.strip("_")] += 1

    def finish(self) -> None:
        """Let the campaign come to its end."""
        for _ in range(20):
            if self._running().wait() in (0, 1):
                return
        raise AssertionError(self._running().said[-3000:])

    def end(self) -> None:
        """Leave none of Postfix's processes behind."""
        wait_until(lambda: not self._signal(signal.SIGKILL), 30)
        for master in self._masters:
            master.wait()

    def arrived(self) -> int:
        """How many messages the current log says were seen."""
        return self.relay.log.read_bytes().count(b": message-id=<")

    def logs(self) -> list[Path]:
        return sorted(self.relay.log.parent.glob("mail.log*"))

    def _running(self) -> Sender:
        if self._sender is None or self._sender.poll() is not None:
            log = self.campaign.folder / "said.txt"
            self._sender = self.launcher.warm("send", str(self.campaign.path), "--yes", log=log)
        return self._sender

    def _smtpd(self) -> None:
        self._signal(signal.SIGKILL, "smtpd")

    def _frozen_smtpd(self) -> None:
        """What they have handed on is taken meanwhile, without their reply."""
        self._signal(signal.SIGSTOP, "smtpd")
        time.sleep(0.05)
        self._signal(signal.SIGKILL, "smtpd")

    def _cleanup(self) -> None:
        self._signal(signal.SIGKILL, "cleanup")

    def _frozen_cleanup(self) -> None:
        """They have seen headers, and take nothing."""
        self._signal(signal.SIGSTOP, "cleanup")
        time.sleep(0.05)
        self._signal(signal.SIGKILL, "cleanup", "smtpd")

    def _everything(self) -> None:
        """Sometimes with messages that the queue manager has not seen yet; the log is rotated while nobody writes."""
        if self.chance.random() < 0.5:
            self._signal(signal.SIGSTOP, "qmgr")
            time.sleep(0.02)
        wait_until(lambda: not self._signal(signal.SIGKILL), 30)
        self.relay.log.rename(self.relay.log.with_name(f"mail.log.{len(self.logs()):03}"))
        self.relay.log.touch()
        self.relay.log.chmod(0o666)
        master = ["/usr/lib/postfix/sbin/master", "-c", "/etc/postfix"]
        master_process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "TERM", "chroot", self._root, *master],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self._masters.append(master_process)

    def _us(self) -> None:
        self._running().kill()

    def _signal(self, number: signal.Signals, *names: str) -> list[int]:
        """Send it to Postfix's processes of these names, or to all; gives who they were."""
        found = []
        for entry in Path("/proc").iterdir():
            if entry.name.isdecimal():
                with contextlib.suppress(OSError):
                    if (entry / "root").readlink() == self._root and (
                        not names or (entry / "comm").read_text().strip() in names
                    ):
                        found.append(int(entry.name))
                        os.kill(int(entry.name), number)
        return found


def _truth(root: Path) -> tuple[set[str], set[str]]:
    """The Message-IDs of what was taken, and of what was given back: by the mailbox and the queue."""
    queue = root / "var/spool/postfix"
    wait_until(lambda: not any(_ready(queue / "incoming")) and not any(_ready(queue / "active")), 60)
    taken, returned = set[str](), set[str]()
    for file in (*(root / MAILBOX.lstrip("/") / "new").iterdir(), *_ready(queue / "deferred")):
        octets = file.read_bytes()
        # A report has its own Message-ID first, and the returned one last.
        message_id = _MESSAGE_ID.findall(octets)[-1].decode()
        taken.add(message_id)
        if b"multipart/report" in octets:
            returned.add(message_id)
    return taken, returned


def _ready(folder: Path) -> Iterator[Path]:
    """The files of messages that were taken whole."""
    for path in folder.rglob("*"):
        with contextlib.suppress(FileNotFoundError):
            if path.is_file() and path.stat().st_mode & _READY:
                yield path


def test_what_its_log_proves_after_kills(tmp_path: Path, figures: Figures) -> None:
    seed = random.randrange(1 << 32)
    chance = random.Random(seed)
    with available(postfix.start(main=_MAIN)) as relay, Launcher(relay_environment(relay)) as launcher:
        campaign = _campaign(tmp_path / "campaign", relay)
        fight = Fight(relay, campaign, launcher, chance)
        try:
            for _ in range(_STRIKES):
                fight.strike()
            fight.finish()
            before = _statuses(campaign)
            taken, returned = _truth(relay.log.parents[2])
        finally:
            fight.end()
        logs = shutil.copytree(relay.log.parent, tmp_path / "logs")
    _settle(campaign, logs)
    after = _statuses(campaign)
    seen = b"".join(path.read_bytes() for path in logs.glob("mail.log*"))
    logged = {message_id for message_id in after if message_id.encode() in seen}
    # What is killed with the rest may not have written the last lines that it was given.
    proof = {*_ACTIVE.findall(seen), *_DELIVERY.findall(seen)}
    provable = {message_id.decode() for identifier, message_id in _SEEN.findall(seen) if identifier in proof}
    doubtful = {message_id for message_id, status in before.items() if status == "in_doubt"}
    figures(
        lambda: (
            f"{fight.strikes.total()} strikes ({', '.join(f'{n} {kind}' for kind, n in fight.strikes.items())}), "
            f"{len(after)} rows, in doubt {len(doubtful)}: taken {len(doubtful & taken)}, seen and not taken "
            f"{len((doubtful & logged) - taken)}; taken, and the lines lost {len(taken - provable)}; after it "
            f"{Counter(after.values())}; random.Random({seed})"
        )
    )
    assert set(before.values()) == {"sent", "in_doubt"} and taken <= set(before)
    assert {one for one in after if before[one] != after[one]} <= taken, "moved, and Postfix has not taken it"
    assert {after[one] for one in taken & provable} == {"sent", "bounced"}, "taken, and the log says so"
    assert {one for one, status in after.items() if status == "in_doubt"} == doubtful - (taken & provable)
    # Some that were given up wait for their report, if the kill came in between; of some, the line was lost.
    given_up = {address.decode() for address in _BOUNCED.findall(seen)}
    emails = {row["message_id"]: row["email"] for row in campaign.results()}
    bounced = {one for one, status in after.items() if status == "bounced"}
    assert bounced == {one for one in taken & provable if emails[one] in given_up}
    assert all(emails[one].endswith("@gone.example") for one in bounced | returned)
    _settle(campaign, logs)
    assert _statuses(campaign) == after, "settling again changes nothing"


def _statuses(campaign: SmallCampaign) -> dict[str, str]:
    """The word of each message, by its Message-ID."""
    return {row["message_id"]: row["status"] for row in campaign.results()}


def _settle(campaign: SmallCampaign, logs: Path) -> None:
    command = [sys.executable, "-m", "campaign", "settle", str(campaign.path), str(logs)]
    done = subprocess.run(command, env=environment(), capture_output=True, text=True, timeout=120)
    assert done.returncode in (0, 1), done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def _campaign(folder: Path, relay: Relay) -> SmallCampaign:
    smtp: dict[str, object] = {
        "host": "localhost",
        "security": "starttls",
        "connections": _CONNECTIONS,
        "timeout": "10s",
    }
    retry: dict[str, object] = {"tries": 50, "first_wait": "50ms", "longest_wait": "500ms"}
    campaign = SmallCampaign(folder, settings={"smtp": smtp, "retry": retry})
    # Of some, cleanup has seen it all and waits for the word to take it, when smtpd is killed; some come back.
    domains = ["slow" if number % 40 == 3 else "gone" if number % 20 == 7 else "people" for number in range(_PEOPLE)]
    people = ((f"p{number}@{domain}.example", "P") for number, domain in enumerate(domains))
    campaign.contacts(people)
    # Longer than what smtpd keeps back before it hands on: so cleanup sees headers whose body is never whole.
    body = folder / "template" / "body.txt"
    body.write_text(body.read_text() + "A line of a message that takes a while to pass.\n" * 400)
    campaign.load(relay.port)
    return campaign
