"""What a text says beside its plain letters: escapes and hexadecimal digits, read as the letters they stand for.

`decodings` takes bytes and gives them again in each reading that differs, with where every letter comes from, so that
what is recognised in one can be blotted out of the text itself. Raises nothing. Limits: two layers of escapes; base64
is not read, since nobody can say where it begins: look for the encoded form instead (`base64_forms`).
"""

import base64
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_ESCAPE = re.compile(
    rb"(?P<unseen>(?-i:\\U[0-9a-f]{8}|\\u(?!00)[0-9a-f]{4}))"
    rb"|(?:%|=|\\x|0x|&#x|\\u00|u\+00)(?P<hex>[0-9a-f]{2});?|&#(?P<decimal>[0-9]{2,3});",
    re.IGNORECASE,
)
"""A percent-encoded octet (RFC 3986 section 2.1), one of quoted-printable (RFC 2045 section 6.7), of C, JSON, HTML."""
_LAYERS = 2
_HEX = re.compile(rb"[0-9a-fA-F]{12,}")
NOT_ALPHANUMERIC = bytes(byte for byte in range(256) if not chr(byte).isalnum() or byte > 127)
WHITE = b" \t\r\n\v\f"


@dataclass(frozen=True, slots=True)
class Decoding:
    """A reading of a text."""

    letters: bytes
    begins: Sequence[int]
    """For each letter, where in the text it begins."""
    ends: Sequence[int]
    """For each letter, where in the text it ends."""

    def without(self, unwanted: bytes) -> "Decoding":
        """Give the reading without these letters."""
        kept = [at for at, letter in enumerate(self.letters) if letter not in unwanted]
        return Decoding(
            self.letters.translate(None, unwanted), [self.begins[at] for at in kept], [self.ends[at] for at in kept]
        )

    def span(self, first: int, end: int) -> tuple[int, int]:
        """Give where in the text these letters stand: from `first` to before `end`."""
        return self.begins[first], self.ends[end - 1]


def as_it_is(text: bytes) -> Decoding:
    """Give the plain reading."""
    return Decoding(text, range(len(text)), range(1, len(text) + 1))


def decodings(text: bytes) -> Iterator[Decoding]:
    """Give every reading, the plain one first."""
    plain = as_it_is(text)
    yield plain
    reading = plain
    for _ in range(_LAYERS):
        if not _ESCAPE.search(reading.letters):
            break
        reading = _unescaped(reading)
        yield reading
    if _HEX.search(alphanumeric(text)):
        digits = plain.without(NOT_ALPHANUMERIC)
        for odd in (0, 1):
            yield _from_hex(digits, odd)


def alphanumeric(text: bytes) -> bytes:
    """Give its ASCII letters and digits, which no wrapping and no separator changes."""
    return text.translate(None, NOT_ALPHANUMERIC)


def base64_forms(secret: bytes) -> list[bytes]:
    """Give what stands in base64 wherever the secret is part of what was encoded: for each place that it may begin at,
    the letters that depend on it alone.
    """
    forms = []
    for shift in range(3):
        first = -(-shift * 8 // 6)
        last = (shift + len(secret)) * 8 // 6
        forms.append(base64.b64encode(b"\0" * shift + secret)[first:last])
    return forms


def _unescaped(reading: Decoding) -> Decoding:
    letters = bytearray()
    begins: list[int] = []
    ends: list[int] = []
    at = 0
    for match in _ESCAPE.finditer(reading.letters):
        letters += reading.letters[at : match.start()]
        begins += reading.begins[at : match.start()]
        ends += reading.ends[at : match.start()]
        at = match.end()
        # Beyond Latin letters there are none of ours: one that can't be seen, perhaps, put between those that are.
        letters.append(0 if match["unseen"] else int(match["hex"], 16) if match["hex"] else int(match["decimal"]) % 256)
        begins.append(reading.begins[match.start()])
        ends.append(reading.ends[at - 1])
    letters += reading.letters[at:]
    return Decoding(bytes(letters), [*begins, *reading.begins[at:]], [*ends, *reading.ends[at:]])


def _from_hex(digits: Decoding, odd: int) -> Decoding:
    letters = bytearray()
    begins: list[int] = []
    ends: list[int] = []
    for match in _HEX.finditer(digits.letters):
        for at in range(match.start() + odd, match.end() - 1, 2):
            letters.append(int(digits.letters[at : at + 2], 16))
            begins.append(digits.begins[at])
            ends.append(digits.ends[at + 1])
    return Decoding(bytes(letters), begins, ends)
