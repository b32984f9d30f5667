"""The journal's export: fields of text and of octets, entries that are cut, lengths that lie."""

import io
import struct
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from campaign.evidence import EvidenceKind, Unread
from campaign.settle.logs.entry import LogEntry
from campaign.settle.logs.journal_export import entries, is_export
from tests.settle.logs.people import read_files

_STAMP = 1795684500
_HEAD = "__CURSOR=s=1\n__REALTIME_TIMESTAMP={}000000\n__MONOTONIC_TIMESTAMP=1\n_HOSTNAME=mail\n"


def _binary(name: str, value: bytes) -> bytes:
    return name.encode() + b"\n" + struct.pack("<Q", len(value)) + value + b"\n"


def _block(program: str, message: str | bytes, after: int = 0) -> bytes:
    said = f"MESSAGE={message}\n".encode() if isinstance(message, str) else _binary("MESSAGE", message)
    return f"{_HEAD.format(_STAMP + after)}SYSLOG_IDENTIFIER={program}\n_PID=7\n".encode() + said + b"\n"


def _read(octets: bytes) -> list[LogEntry]:
    return list(entries(io.BytesIO(octets), "x"))


def test_entries_of_text_and_of_octets() -> None:
    """A value that is octets may have line ends and empty lines in it, and in its length."""
    odd = b"a\n\n__CURSOR=s=9\nMESSAGE=4F2A1B: removed\n"
    octets = _block("one", odd) + _block("two", b"x" * 10, 1) + _binary("OTHER", b"y\n" * 70_000)
    octets += b"LONG=" + b"z" * 200_000 + b"\n" + _block("postfix/qmgr", "A: b=c", 2)
    assert is_export(octets)
    assert _read(octets) == [
        LogEntry(_STAMP, "mail", "one", "7", odd.decode(), "x:1"),
        LogEntry(_STAMP + 1, "mail", "two", "7", "x" * 10, "x:14"),
        LogEntry(_STAMP + 2, "mail", "postfix/qmgr", "7", "A: b=c", "x:24"),
    ]


def test_a_story_in_an_export(tmp_path: Path) -> None:
    story = _block("postfix/cleanup", "4F2A1B: message-id=<ours1@acme.example>")
    story += _block("sshd", "somebody else's") * 3
    story += _block("postfix/qmgr", "4F2A1B: from=<a@acme.example>, size=1, nrcpt=1 (queue active)", 1)
    file = tmp_path / "journal"
    file.write_bytes(story + _block("cron", "the end", 9))
    (evidence,) = read_files([file])
    assert evidence.kind is EvidenceKind.ACCEPTED and evidence.moment == _STAMP + 1
    assert evidence.place == "journal:33, queue id 4F2A1B"


@pytest.mark.parametrize(
    "damage", [b"MESSAGE\n\xff\xff\xff\xff\xff\xff\xff\xff", b"MESSAGE\n" + struct.pack("<Q", 1 << 50)]
)
def test_a_length_that_lies_ends_the_file_and_is_told(tmp_path: Path, damage: bytes) -> None:
    story = _block("postfix/cleanup", "4F2A1B: message-id=<ours1@acme.example>")
    story += _block("postfix/virtual", "4F2A1B: to=<p1@people.example>, relay=virtual, delay=1, status=sent (ok)", 1)
    file = tmp_path / "journal"
    file.write_bytes(story + damage + story)
    told: list[Unread] = []
    assert [evidence.kind for evidence in read_files([file], told)] == [EvidenceKind.DELIVERED]
    assert [one.what for one in told] == [
        "the journal's export is damaged: a field of the journal has an impossible length"
    ]


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=80).map(lambda cut: _block("a", cut) + cut) | st.binary(max_size=80))
@example(b"MESSAGE\n\x05")
@example(b"\n\n\n=\n=x")
def test_nothing_but_damage_raises(octets: bytes) -> None:
    try:
        _read(octets)
    except ValueError as error:
        assert "impossible length" in str(error)  # noqa: PT017  # whatever else is raised fails, too
