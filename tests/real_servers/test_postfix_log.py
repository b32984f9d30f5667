"""What a real Postfix writes of what it takes, refuses, throws away, holds and gives up, and what that proves."""

import smtplib
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from campaign.evidence import EvidenceKind
from campaign.settle.evidence_file import EvidenceFile
from campaign.settle.logs.reader import MailLogs
from tests.crashes.sender import wait_until
from tests.real_servers import postfix
from tests.real_servers.relay import Relay
from tests.real_servers.servers import available
from tests.settle.logs.people import People

pytestmark = pytest.mark.real_servers
ACCEPTED, DELIVERED, BOUNCED = EvidenceKind.ACCEPTED, EvidenceKind.DELIVERED, EvidenceKind.BOUNCED
_TAKEN, _REFUSED, _THROWN_AWAY, _HELD, _UNKNOWN, _ALIAS, _COPIED, _WAITS, _ABORTED, _MADE_ANEW = range(10)
_MAIN = """
enable_long_queue_ids = {long}
smtpd_reject_unlisted_recipient = no
virtual_mailbox_maps = inline:{{p0@people.example=Maildir/, p3@people.example=Maildir/, p6@people.example=Maildir/, \
p9@people.example=Maildir/, @acme.example=Maildir/}}
virtual_alias_maps = inline:{{p5@people.example=nobody@people.example}}
recipient_bcc_maps = inline:{{p6@people.example=nobody@people.example}}
transport_maps = inline:{{p7@people.example=smtp:[127.0.0.1]:1}}
header_checks = regexp:{{{{/^X-Do: 1/ REJECT no}}, {{/^X-Do: 2/ DISCARD}}, {{/^X-Do: [39]/ HOLD}}}}
"""


@pytest.mark.parametrize("long", ["no", "yes"])
def test_what_real_lines_prove(long: str) -> None:
    """Short queue ids and long ones."""
    with available(postfix.start(main=_MAIN.format(long=long))) as relay:
        for number in range(10):
            if number != _ABORTED:
                _send(relay, number)
        _abort(relay, _ABORTED)
        _until(relay, lambda log: log.count(": removed") >= 4 and "status=deferred" in log)
        expected: dict[int, list[EvidenceKind]] = {
            _TAKEN: [ACCEPTED, DELIVERED],
            _UNKNOWN: [ACCEPTED, BOUNCED],
            _ALIAS: [ACCEPTED, BOUNCED],
            _COPIED: [ACCEPTED, DELIVERED],
            _WAITS: [ACCEPTED],
        }
        assert _proven(relay.log) == expected
        (waiting,) = _ids(relay, "status=deferred")
        _run(relay, "postsuper", "-f", waiting)
        _run(relay, "postsuper", "-r", *_ids(relay, ": hold: header X-Do: 9"))
        _run(relay, "postqueue", "-f")
        _until(relay, lambda log: log.count(": hold: header X-Do: 9") == 2)  # under its new id
        _run(relay, "postsuper", "-H", "ALL")
        _run(relay, "postqueue", "-f")
        expected[_HELD] = expected[_MADE_ANEW] = [ACCEPTED, DELIVERED]
        expected[_WAITS] = [ACCEPTED, BOUNCED]
        wait_until(lambda: _proven(relay.log) == expected, 20, lambda: relay.log.read_text()[-6000:])


def _send(relay: Relay, number: int) -> None:
    with smtplib.SMTP(relay.host, relay.port, timeout=20) as server:
        message = f"Message-ID: <ours{number}@acme.example>\nX-Do: {number}\nSubject: x\n\nx\n"
        try:
            server.sendmail("hello@acme.example", [f"p{number}@people.example"], message)
            assert number != _REFUSED
        except smtplib.SMTPDataError:
            assert number == _REFUSED


def _abort(relay: Relay, number: int) -> None:
    """Go in the middle of the body, when Postfix has seen the header."""
    with socket.create_connection((relay.host, relay.port), timeout=20) as connection:
        file = connection.makefile("rb")
        file.readline()
        for line in ("HELO x", "MAIL FROM:<hello@acme.example>", f"RCPT TO:<p{number}@people.example>", "DATA"):
            connection.sendall(line.encode() + b"\r\n")
            assert file.readline()[:1] in b"23"
        body = b"a line of the body\r\n" * 5000
        connection.sendall(f"Message-ID: <ours{number}@acme.example>\r\n\r\n".encode() + body)
        _until(relay, lambda log: f"message-id=<ours{number}@" in log)


def _ids(relay: Relay, words: str) -> list[str]:
    """The queue ids of lines with these words."""
    return [line.split(": ")[1] for line in relay.log.read_text().splitlines() if words in line]


def _proven(log: Path) -> dict[int, list[EvidenceKind]]:
    found: dict[int, list[EvidenceKind]] = {}
    for evidence in MailLogs().read(EvidenceFile(log), People()):
        number = People().by_message_id(evidence.message_id)
        assert number is not None
        if evidence.kind not in (kinds := found.setdefault(number, [])):
            kinds.append(evidence.kind)
    return found


def _until(relay: Relay, true: Callable[[str], bool]) -> None:
    wait_until(lambda: true(relay.log.read_text()), 30, lambda: relay.log.read_text()[-6000:])


def _run(relay: Relay, *command: str) -> None:
    root = relay.log.parents[2]
    done = subprocess.run(["chroot", root, f"/usr/sbin/{command[0]}", *command[1:]], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
