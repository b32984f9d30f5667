"""Exim's own log files: told from other files, read through a rotation, and its other logs are no evidence."""

import gzip
from pathlib import Path

import pytest

from campaign.evidence import Evidence, Unread
from campaign.settle.evidence_file import EvidenceFile
from campaign.settle.logs import exim_mainlog
from campaign.settle.logs.reader import MailLogs
from tests.settle.logs.senders import Senders, short

_START = "2026-11-26 21:00:00 exim 4.96 daemon started: pid=1799, -q30m, listening for SMTP on port 25 (IPv4)\n"
_QUIET = "2026-11-26 21:00:01 Start queue run: pid=1801\n2026-11-26 21:00:01 End queue run: pid=1801\n" * 6
_TAKEN = "2026-11-26 21:00:02 1xWhlj-0000T5-0u <= a@b H=(m) [192.0.2.9] P=esmtp S=346 id=ours3@acme.example\n"
_BOUNCED = "2026-11-26 23:59:59 1xWhlj-0000T5-0u ** p3@people.example R=r T=t: 550 5.1.1 no\n"
_REJECTED = (
    "2026-11-26 21:00:02 1xWhlj-0000T5-0u H=(m) [192.0.2.9] F=<a@b> rejected after DATA: no\n"
    "Envelope-from: <a@b>\nEnvelope-to: <p3@people.example>\nI Message-ID: <ours3@acme.example>\n"
)


def _read(*files: Path) -> tuple[list[Evidence], list[Unread]]:
    logs = MailLogs()
    told: list[Unread] = []
    found = [one for path in files for one in logs.read(EvidenceFile(path, tell=told.append), Senders())]
    return found, told


def test_a_story_goes_on_in_the_next_file(tmp_path: Path) -> None:
    """mainlog.1.gz, then mainlog; lines that are no message's are passed over without a word."""
    old, new = tmp_path / "mainlog.1.gz", tmp_path / "mainlog"
    old.write_bytes(gzip.compress((_START + _QUIET + _TAKEN).encode()))
    new.write_text(_QUIET + _BOUNCED)
    for path in (old, new):
        sample = EvidenceFile(path).sample()
        assert MailLogs.recognises(path.name, sample)
        moment = MailLogs.first_moment(sample, 0.0)
        assert moment is not None and exim_mainlog.first_stamp(sample).startswith("2026-11-26 21:00:0")
    found, told = _read(old, new)
    assert short(found) == ["accepted 3", "bounced 3"] and not told
    assert found[1].place == "mainlog:13, queue id 1xWhlj-0000T5-0u"


def test_the_selectors_of_the_stamp(tmp_path: Path) -> None:
    path = tmp_path / "mainlog"
    path.write_text((_START + _TAKEN).replace(":00 ", ":00.123 +0100 [1799] ").replace(":02 ", ":02.5 -0330 [7] "))
    found, _ = _read(path)
    assert found[0].moment == 1795739402  # 2026-11-27 00:30:02 UTC


@pytest.mark.parametrize(
    ("name", "text", "is_log"),
    [
        ("any", _START + _QUIET + _TAKEN, True),
        ("mainlog", _START + _QUIET, True),
        ("exim_mainlog-20261126", _START, True),
        ("exim-main.log.1.gz", _START, True),
        ("rejectlog.1", "2026-11-26 21:00:02 H=(m) [192.0.2.9] F=<a@b> rejected RCPT <c@d>: no\n", True),
        ("paniclog", "2026-11-26 21:00:02 Failed to create spool file\n", True),
        ("any", _START + _QUIET, False),
        ("domainlog", _START + _QUIET, False),
        ("app.log", "2026-11-26 21:00:02 INFO nothing\n", False),
        ("table.csv", "date,event\n2026-11-26 21:00:02 1xWhlj-0000T5-0u <= a@b,delivered\n", False),
        ("a.eml", "Subject: log\n\n" + _TAKEN, False),
        ("b.eml", "Subject: log\n\nNov 26 21:00:00 mail postfix/qmgr[7]: 4F2A1B: removed\n", False),
        ("mbox", "From MAILER-DAEMON Thu Nov 26 21:00:00 2026\nSubject: log\n\n" + _TAKEN, False),
    ],
)
def test_which_files_are_exims(name: str, text: str, is_log: bool) -> None:
    """By a message's story, or by name and stamp; no table, and no mail that quotes a log."""
    assert MailLogs.recognises(name, text.encode()) is is_log


def test_a_reject_log_is_read_and_proves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "rejectlog"
    path.write_text(_REJECTED + "  " + _TAKEN)  # a folded header may say anything, but not at the beginning of a line
    assert _read(path) == ([], [])
