"""The rules for a message's bytes as they come over the wire: RFC 5321 sections 2.3.8, 4.5.2 and 4.5.3.1.6."""

import quopri
import re
from collections.abc import Iterator

LONGEST_LINE = 998
_UNSTUFFED = re.compile(rb"(?:\A|\r\n)\.(?!\.)")
_MESSAGE_ID = re.compile(rb"(?:\A|\r\n)message-id:[ \t]*(?:\r\n[ \t]+)?([^\r\n]*?)[ \t]*\r\n", re.IGNORECASE)


def unstuff(wire: bytes) -> bytes:
    """Takes one dot from every line that starts with one. `wire` ends before the lone dot."""
    if wire.startswith(b"."):
        wire = wire[1:]
    return wire.replace(b"\r\n.", b"\r\n")


def message_id(data: bytes) -> str | None:
    """As the header writes it; None where it has none."""
    end = data.find(b"\r\n\r\n")
    found = _MESSAGE_ID.search(data, 0, len(data) if end < 0 else end + 2)
    return found.group(1).decode("utf-8", "replace") if found else None


def defects(wire: bytes, data: bytes, *, eight_bit: bool) -> Iterator[tuple[str, bytes]]:
    """What breaks a rule, and the bytes around it. `wire` as it came, `data` unstuffed."""
    pairs = data.count(b"\r\n")
    if data.count(b"\n") != pairs:
        at = re.search(rb"(?<!\r)\n", data)
        yield "bare LF in the message", _around(data, at)
    if data.count(b"\r") != pairs:
        at = re.search(rb"\r(?!\n)", data)
        yield "bare CR in the message", _around(data, at)
    longest = max(data.split(b"\r\n"), key=len)
    if len(longest) > LONGEST_LINE:
        yield f"line of {len(longest)} bytes in the message", longest
    if (wire.startswith(b".") or b"\r\n." in wire) and (at := _UNSTUFFED.search(wire)):
        yield "line with a leading dot that is not doubled", _around(wire, at)
    if b"\0" in data:
        yield "NUL in the message", b""
    if not eight_bit and not data.isascii():
        yield "8-bit bytes without BODY=8BITMIME", b""


def _around(data: bytes, at: re.Match[bytes] | None) -> bytes:
    return b"" if at is None else data[max(0, at.start() - 40) : at.end() + 40]


def link(data: bytes) -> str:
    """The first URL of a message."""
    text = quopri.decodestring(data).decode("utf-8", "replace")
    found = re.search(r"https://[^\s\"<>]+", text.partition("\r\n\r\n")[2])
    return found[0] if found else ""
