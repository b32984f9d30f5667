"""What is a log, where it begins, and what becomes of damage: other files' stories go on."""

import gzip
import json
import os
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from campaign.evidence import EvidenceKind, Unread
from campaign.settle.evidence_file import EvidenceFile
from campaign.settle.logs.reader import MailLogs
from tests.settle.logs.people import People, read_files

_STORY = """\
2026-11-26T09:15:00Z mail postfix/cleanup[7]: 4F2A1B: message-id=<ours1@acme.example>
2026-11-26T09:15:01Z mail postfix/qmgr[7]: 4F2A1B: from=<a@acme.example>, size=1, nrcpt=1 (queue active)
"""
_MOMENT = 1795684500
_NAME = "mail.log"


@pytest.mark.parametrize(
    ("sample", "moment"),
    [
        (_STORY, _MOMENT),
        ("-- Journal begins at Mon 2026-11-23 10:00:00 UTC. --\n" + _STORY, _MOMENT),
        ("a line that was cut: somewhere\n\n" + _STORY, _MOMENT),
        ("x/qmgr[7]: 4F2A1B: removed\n" + _STORY, _MOMENT),
        ("2026-11-26T09:15:00Z mail sshd[7]: nothing of mail\n", _MOMENT),
        (json.dumps({"__REALTIME_TIMESTAMP": f"{_MOMENT}000000", "MESSAGE": "x"}), _MOMENT),
        (f"__CURSOR=s=1\n__REALTIME_TIMESTAMP={_MOMENT}000000\n__MONOTONIC_TIMESTAMP=1\nMESSAGE=x\n\n", _MOMENT),
        ("", None),
        ("From MAILER-DAEMON Thu Nov 26 09:15:00 2026\nReturn-Path: <>\nSubject: x\n", None),
        ('{"eventType": "Bounce", "mail": {"timestamp": "2026-11-26T09:15:00Z"}}\n', None),
        ("email,event,timestamp\np1@people.example,bounce,2026-11-26T09:15:00Z\n", None),
        ("2026-11-26T09:15:00Z,p1@people.example,bounce: no such user\n", None),
        ("\0\1\2" * 1000, None),
    ],
)
def test_what_is_a_log_and_when_it_begins(sample: str, moment: int | None) -> None:
    octets = sample.encode()
    assert MailLogs.first_moment(octets, _MOMENT) == moment
    assert MailLogs.recognises(_NAME, octets) is (moment is not None)


@pytest.mark.parametrize("stamp", ["Nov 26 09:15:00", "Jan  1 00:00:00", "Feb 29 12:00:00", "Dec 31 23:59:59.123"])
def test_a_log_without_years_is_known_whatever_has_become_of_the_files_own_date(stamp: str, tmp_path: Path) -> None:
    """Some archives unpack everything as of 1970: the file counts as changed now."""
    path = tmp_path / _NAME
    path.write_text("".join(f"{stamp} mail {line.partition(' mail ')[2]}\n" for line in _STORY.splitlines()))
    os.utime(path, (0, 0))
    assert MailLogs.recognises(_NAME, path.read_bytes())
    (evidence,) = read_files([path])
    assert evidence.kind is EvidenceKind.ACCEPTED and evidence.moment is not None


def test_packed_files_and_lines_of_the_journal_in_json(tmp_path: Path) -> None:
    """Any of its forms tells the same, and one goes on with the story of another."""
    begun, going_on = _STORY.splitlines(keepends=True)
    (tmp_path / "mail.log.1.gz").write_bytes(gzip.compress(begun.encode()))
    fields = {"MESSAGE": going_on.partition("]: ")[2].strip(), "__REALTIME_TIMESTAMP": f"{_MOMENT + 1}000000"}
    whose = {"_HOSTNAME": "mail", "SYSLOG_IDENTIFIER": "postfix/qmgr", "_PID": "7"}
    (tmp_path / _NAME).write_text(json.dumps(fields | whose) + "\n")
    (evidence,) = read_files([tmp_path / _NAME, tmp_path / "mail.log.1.gz"])
    assert (evidence.kind, evidence.moment) == (EvidenceKind.ACCEPTED, _MOMENT + 1)
    assert evidence.place == "mail.log:1, queue id 4F2A1B"


def test_a_line_of_the_journal_that_is_not_printable(tmp_path: Path) -> None:
    """journalctl gives its octets as numbers."""
    begun, active = (line.partition("]: ")[2] for line in _STORY.splitlines())
    bounced = b"4F2A1B: to=<p1@people.example>, relay=x, dsn=5.1.1, status=bounced (Empf\xe4nger unbekannt)"
    says = (("sshd", "x"), ("cleanup", begun), ("qmgr", list(active.encode())), ("smtp", list(bounced)), ("sshd", "x"))
    (tmp_path / _NAME).write_text(
        "".join(
            json.dumps(
                {"MESSAGE": text, "__REALTIME_TIMESTAMP": f"{_MOMENT}000000", "SYSLOG_IDENTIFIER": f"postfix/{who}"}
            )
            + "\n"
            for who, text in says
        )
    )
    found = read_files([tmp_path / _NAME])
    assert [evidence.kind for evidence in found] == [EvidenceKind.ACCEPTED, EvidenceKind.BOUNCED]


def test_what_is_no_text_in_json_stops_nothing(tmp_path: Path) -> None:
    """Half of a pair of surrogates, wherever it stands."""
    begun, active = (line.partition("]: ")[2] for line in _STORY.splitlines())
    odd = ("\ud800", "postfix/cleanup", begun), ("mail", "\ud800", begun), ("mail", "postfix/cleanup", "\ud800" + begun)
    story = ("mail", "postfix/cleanup", begun), ("mail", "postfix/qmgr", active)
    for lines in ((*story, *odd), (*odd, *story)):
        (tmp_path / _NAME).write_text(
            "".join(
                json.dumps(
                    {
                        "__REALTIME_TIMESTAMP": f"{_MOMENT}000000",
                        "_HOSTNAME": host,
                        "SYSLOG_IDENTIFIER": program,
                        "MESSAGE": text,
                    }
                )
                + "\n"
                for host, program, text in lines
            )
        )
        assert [evidence.kind for evidence in read_files([tmp_path / _NAME])] == [EvidenceKind.ACCEPTED]


def test_damage_is_told_and_stops_nothing_else(tmp_path: Path) -> None:
    cut = tmp_path / "mail.log.2.gz"
    noise = "".join(f"2026-11-26T09:14:00Z mail sshd[7]: {number * number}\n" for number in range(9000))
    cut.write_bytes(gzip.compress((_STORY + noise).encode())[:-3000])
    odd = tmp_path / _NAME
    later = _STORY.replace("ours1", "ours2").replace("T09", "T10").splitlines(keepends=True)
    odd.write_text(later[0] + "garbled: 4F2A1B: message-id=<ours3@acme.example>\n" * 2 + "2026-99-99 x: y\n" + later[1])
    told: list[Unread] = []
    found = read_files([odd, cut], told)
    assert [evidence.message_id for evidence in found] == ["<ours1@acme.example>", "<ours2@acme.example>"]
    assert [(one.what.partition(":")[0], one.where.partition(":")[0]) for one in told] == [
        ("the file can't be read further", "mail.log.2.gz"),
        ("this is not a line of a log", _NAME),
    ]


_LINES = st.sampled_from(
    [
        *_STORY.splitlines(),
        "Nov 26 09:15:00 mail postfix/smtp[7]: 4F2A1B: to=<p1@people.example>, relay=x, delay=1, status=bounced",
        "Nov 26 09:15:00 4F2A1B: to=<",
        "rsyslogd: imuxsock: rate-limiting",
        "{",
        "<22>1 ",
        "[ID 4F2A1B: message-id=<ours1@acme.example>",
    ]
)


@settings(max_examples=50, deadline=None)
@given(st.lists(_LINES.map(str.encode) | st.binary(max_size=40), max_size=8), st.integers(0, 300))
@example([b"Nov 26 09:15:00 m postfix/cleanup[7]: 4F2A1B: message-id=" + b"<" * 100_000], 0)
@example([_STORY.encode(), b"Nov 26 09:15:00 m postfix/smtp[1]: 4F2A1B: to=<p1@x>, relay=x" + b", a=b" * 20_000], 0)
def test_odd_lines_raise_nothing(tmp_path_factory: pytest.TempPathFactory, lines: list[bytes], cut: int) -> None:
    file = tmp_path_factory.mktemp("odd") / _NAME
    file.write_bytes(b"\n".join(lines)[cut:])
    list(MailLogs().read(EvidenceFile(file), People()))
