"""Every form of a log's line gives the same entry, and nothing that is no line gives one."""

import json

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from campaign.settle.logs.entry import LogEntry
from campaign.settle.logs.syslog import SyslogLines, said

MOMENT = 1795684500  # 2026-11-26 09:15:00 UTC
TEXT = "4F2A1B: from=<hello@acme.example>, size=1234, nrcpt=1 (queue active)"
_JSON = {"__REALTIME_TIMESTAMP": f"{MOMENT}123456", "_HOSTNAME": "mail", "SYSLOG_IDENTIFIER": "postfix/qmgr"}
_LOCAL = "Nov 26 09:15:00"


@pytest.fixture(autouse=True)
def _utc(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stamps without a zone are of this machine, whatever that is."""
    monkeypatch.setattr("campaign.settle.logs.stamps.Stamps._without_year", lambda *_: MOMENT)


@pytest.mark.parametrize(
    "line",
    [
        f"{_LOCAL} mail postfix/qmgr[77]: {TEXT}",
        f"{_LOCAL}.123456 mail postfix/qmgr[77]: {TEXT}",
        f"<22>{_LOCAL} mail postfix/qmgr[77]: {TEXT}",
        f"{_LOCAL} <mail.info> mail postfix/qmgr[77]: {TEXT}",
        f"{_LOCAL} mail postfix/qmgr[77]: [ID 197553 mail.info] {TEXT}",
        f"2026-11-26T10:15:00.123456+01:00 mail postfix/qmgr[77]: {TEXT}",
        f"2026-11-26T09:15:00+0000 mail postfix/qmgr[77]: {TEXT}",
        f"2026-11-26T09:15:00,123Z mail postfix/qmgr[77]: {TEXT}",
        f"{MOMENT}.123456 mail postfix/qmgr[77]: {TEXT}",
        f"<22>1 2026-11-26T09:15:00Z mail postfix/qmgr 77 - - {TEXT}",
        f'1 2026-11-26T09:15:00.1Z mail postfix/qmgr 77 X [a@1 b="]\\" c"][d] \ufeff{TEXT}',
        json.dumps(_JSON | {"MESSAGE": TEXT, "_PID": "77"}),
        json.dumps(_JSON | {"MESSAGE": TEXT, "SYSLOG_PID": "77", "_PID": "1"}, separators=(",", ":")),
    ],
)
def test_a_line(line: str) -> None:
    octets = line.encode()
    assert SyslogLines(0).entry(octets, "x:1") == LogEntry(MOMENT, "mail", "postfix/qmgr", "77", TEXT, "x:1")
    assert (text := said(octets)) is None or text.startswith(TEXT.encode())


@pytest.mark.parametrize(
    ("line", "host", "program", "pid"),
    [
        (f"{_LOCAL} postfix/qmgr[77]: {TEXT}", "", "postfix/qmgr", "77"),  # as it comes to /dev/log
        (f"{_LOCAL} fe80::1:2 postfix-out/smtp/qmgr[77]: {TEXT}", "fe80::1:2", "postfix-out/smtp/qmgr", "77"),
        (f"{_LOCAL} 192.0.2.1 exim: {TEXT}", "192.0.2.1", "exim", ""),
        (f"<22>1 2026-11-26T09:15:00Z - exim - - - {TEXT}", "", "exim", ""),
    ],
)
def test_what_a_line_leaves_out_is_empty(line: str, host: str, program: str, pid: str) -> None:
    assert SyslogLines(0).entry(line.encode(), "x:1") == LogEntry(MOMENT, host, program, pid, TEXT, "x:1")


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"-- Journal begins at Mon 2026-11-23 10:00:00 UTC. --",
        b"From hello@acme.example Thu Nov 26 09:15:00 2026",
        b"2026-11-26T09:15:00Z,delivered,p1@people.example",
        b"\tcontinued: text",
        b'{"event": "bounce"}',
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b'{"__REALTIME_TIMESTAMP": "' + b"9" * 5000 + b'", "MESSAGE": ""}',
        b'{"__REALTIME_TIMESTAMP": "\xd9\xa3", "MESSAGE": ""}',
    ],
)
def test_what_is_no_line_of_a_log(line: bytes) -> None:
    assert SyslogLines(0).entry(line, "x:1") is None


_PIECES = st.sampled_from(
    [*"<>[]{}:\"'\\ 1-=", _LOCAL, "2026-11-26T09:15:00Z", "mail", "postfix/qmgr[77]:", "<22>1 ", TEXT]
)


@settings(max_examples=60, deadline=None)
@given(st.lists(_PIECES, max_size=12).map("".join).map(str.encode) | st.binary(max_size=60))
@example(b"<22>1 2026-11-26T09:15:00Z m p 1 - " + b'[a b="' * 20_000)
@example(b"Nov 26 09:15:00 " + b"a" * 200_000)
@example(b"Nov 26 09:15:00 " + b":" * 200_000)
@example(b"0001-01-01T00:00:00+23:59 mail postfix/qmgr[77]: x")
def test_nothing_raises(line: bytes) -> None:
    SyslogLines(0).entry(line, "x:1")
    said(line)
