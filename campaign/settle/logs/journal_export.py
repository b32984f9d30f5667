"""The journal's export format, `journalctl -o export`, as `LogEntry`: fields, and an empty line after each entry.

A field whose value is not plain text stands there as its name alone on a line, then the value's length as 64 bits,
least octet first, then the value, which may have any octets (systemd: Journal Export Formats). In: an opened file. Out:
entries as a stream; memory stays flat: of an entry only a few fields are kept, and of a value the first 64 KiB. Raises
what reading raises, and ValueError where the file is no such format any more.
"""

from collections.abc import Callable, Iterator
from typing import BinaryIO

from campaign.settle.logs.entry import LogEntry
from campaign.settle.logs.syslog import journal_entry

_WANTED = frozenset(
    (b"__REALTIME_TIMESTAMP", b"_HOSTNAME", b"SYSLOG_IDENTIFIER", b"SYSLOG_PID", b"_PID", b"_COMM", b"MESSAGE")
)
_LONGEST = 64 * 1024
_CHUNK = 1 << 20
_LARGEST = 1 << 32
"""Octets of a value: the journal's own bound is far below."""


def is_export(sample: bytes) -> bool:
    """Whether a file that begins so is of this format."""
    return sample.startswith((b"__CURSOR=", b"__REALTIME_TIMESTAMP=")) and b"\n__MONOTONIC_TIMESTAMP=" in sample


def entries(file: BinaryIO, name: str, *, wanted: Callable[[bytes], bool] = lambda _: True) -> Iterator[LogEntry]:
    """Give the first entry, the last one, and those between whose MESSAGE is `wanted`, each with the entry's first line
    as its place.
    """
    first = True
    skipped: tuple[dict[bytes, bytes], str] | None = None
    for fields, number in _blocks(file):
        skipped = (fields, f"{name}:{number}")
        if first or wanted(fields.get(b"MESSAGE", b"")):
            entry = _entry(*skipped)
            skipped = None
            if entry is not None:
                first = False
                yield entry
    if skipped is not None and (entry := _entry(*skipped)) is not None:
        yield entry


def _entry(fields: dict[bytes, bytes], place: str) -> LogEntry | None:
    return journal_entry({key.decode(): value.decode("utf-8", "replace") for key, value in fields.items()}, place)


def _blocks(file: BinaryIO) -> Iterator[tuple[dict[bytes, bytes], int]]:
    """Give each entry's fields, and the number of its first line."""
    fields: dict[bytes, bytes] = {}
    number = first = 1
    while line := file.readline(_LONGEST):
        if line == b"\n":
            if fields:
                yield fields, first
            fields = {}
            number += 1
            first = number
            continue
        key, equals, value = line.partition(b"=")
        if equals:
            number += line.endswith(b"\n")
            if key in _WANTED:
                fields[key] = value.rstrip(b"\n")
            while line and not line.endswith(b"\n"):
                line = file.readline(_LONGEST)
                number += line.endswith(b"\n")
        else:
            value, lines = _binary(file)
            number += 1 + lines
            key = key.rstrip(b"\n")
            if key in _WANTED:
                fields[key] = value
    if fields:
        yield fields, first


def _binary(file: BinaryIO) -> tuple[bytes, int]:
    """Read a value after its name: its beginning, and how many line ends are in it."""
    size = file.read(8)
    length = int.from_bytes(size, "little")
    if length > _LARGEST:
        raise ValueError("a field of the journal has an impossible length")
    value, lines, left = b"", size.count(b"\n"), length
    while left:
        chunk = file.read(min(left, _CHUNK))
        if not chunk:
            break
        left -= len(chunk)
        lines += chunk.count(b"\n")
        value = value or chunk[:_LONGEST]
    file.readline(_LONGEST)  # the line end after it
    return value, lines + 1
