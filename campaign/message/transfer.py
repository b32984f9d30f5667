"""Content-Transfer-Encoding of a body that comes in chunks: 7bit where it can be, else the smaller of QP and base64.

In: the chunks of one body, as text, whose line breaks may be CRLF, CR or LF. Out: the encoding's name and the body in
ASCII, its lines ended by CRLF, the last one too: 7bit lines of at most 900 octets, others of at most 76. No line begins
with `From `, which whoever stores mail in an mbox would write as `>From ` (RFC 2049 section 3; RFC 4155).

A chunk that is the same for everybody is encoded once, when the encoder is made. That is sound because
quoted-printable has no state but the column: a soft line break may stand between any two encoded characters, so
encoded chunks may be put side by side as long as the column is kept count of. The one thing that looks past a seam,
white space before a line break, is looked after there. A `From ` is written `=46rom ` wherever a line might come to
begin with it, and so is what may be the start of one at the end of a chunk: which line it is on is then all the same.

Raises UnicodeEncodeError for text that is not Unicode (a lone surrogate). Limits: a chunk that ends in CR, whose LF may
stand in the next one, sends its body the slow way; so does base64, which has no line to start afresh on.
"""

import binascii
import re
from collections.abc import Collection, Sequence

from .headers import LONGEST_LINE

CRLF = "\r\n"
_SOFT = "=\r\n"
"""A line break that is not there once decoded: RFC 2045 section 6.7, rule 5."""
_BLANKS = (" ", "\t")
_LONGEST_ENCODED = 76
"""Octets without the CRLF: RFC 2045 section 6.7, rule 5, and section 6.8."""

_MAYBE_FROM = r"F(?=rom |(?:r(?:om?)?)?\Z)"
"""The F of a `From `, or of a start of it at the end of a chunk, which the next chunk may complete."""
_maybe_from = re.compile(_MAYBE_FROM).match
_maybe_from_line = re.compile(rf"(?:.*[\r\n])?{_MAYBE_FROM}", re.DOTALL).match
_every_from = re.compile(_MAYBE_FROM.encode())
_STAND_IN = b"\xff"
"""Stands for an F that is to be encoded: no octet of UTF-8 (RFC 3629 section 1), and b2a_qp makes it as long."""
_LONGEST_PLAIN = _LONGEST_ENCODED - 1
"""Octets that fit a line together with the `=` of a soft line break."""
_UNSPACED = bytes(range(ord("!"), ord("~") + 1))
_PRINTABLE = _UNSPACED + b" "
_OVERLONG = re.compile(rb"^(.{74,})(=(?:20|09))$", re.MULTILINE)
"""b2a_qp protects a blank at the end of a line without counting the two octets that this adds."""

_Piece = tuple[str, int, int, bool]
"""An encoded chunk and the columns that it takes: the text; what its first line takes, with the `=` that may have to
follow if no line break does; what its last line takes; whether these are different lines."""

_NEVER: _Piece = ("", LONGEST_LINE + 1, 0, False)
"""Stands for a chunk that can't go as 7bit: it fits no line."""


def normalised(text: str) -> str:
    """Give the same lines, broken by LF alone."""
    if "\r" not in text:
        return text
    # str's own methods: escaped text is a subclass of str that goes through each of its arguments again.
    return str.replace(str.replace(text, "\r\n", "\n"), "\r", "\n")


def _plain_piece(chunk: str) -> _Piece:
    """Take the chunk as 7bit (RFC 2045 section 2.7), without control characters; _NEVER where it can't be."""
    lines = normalised(chunk).split("\n")
    if chunk.endswith("\r") or not chunk.isascii() or not "".join(lines).replace("\t", "").isprintable():
        return _NEVER
    if max(map(len, lines)) > LONGEST_LINE:
        return _NEVER
    return CRLF.join(lines), len(lines[0]), len(lines[-1]), len(lines) > 1


def _cut(text: str) -> list[str]:
    """Cut ASCII, its `=` encoded, into lines that have room for the `=` of a soft line break, but never in a `=3D`."""
    lines, start, last = [], 0, text.rfind("=")
    while start <= last:
        end = start + _LONGEST_PLAIN
        cut = text.find("=", end - 2, end)
        end = end if cut < 0 else cut
        lines.append(text[start:end])
        start = end
    return lines + [text[at : at + _LONGEST_PLAIN] for at in range(start, len(text), _LONGEST_PLAIN)]


def _quoted_piece(chunk: str) -> _Piece | None:
    """Encode the chunk in quoted-printable; None where its encoding hangs on the next chunk."""
    if chunk.isascii() and chunk and not chunk.encode().translate(None, _UNSPACED):
        # Links, mostly, and for these twice as fast as b2a_qp. Only where they end can they be the start of a `From `.
        lines = _cut(str.replace(chunk, "=", "=3D"))
        last = len(lines[-1])
        if last < len("From ") and _maybe_from(lines[-1]):
            lines[-1] = lines[-1].replace("F", "=46")
            last += len("46")
        return _SOFT.join(lines), len(lines[0]) + 1, last, len(lines) > 1
    if chunk.isprintable() and "F" not in chunk and not chunk.endswith(" "):
        # Names, mostly: no line break in it, and nothing that hangs on what follows.
        encoded = binascii.b2a_qp(chunk.encode())
        if len(encoded) <= _LONGEST_PLAIN:
            return encoded.decode("ascii"), len(encoded) + 1, len(encoded), False
    if chunk.endswith("\r"):
        return None
    # The mark at the end keeps b2a_qp from taking the end of the chunk for the end of a line.
    if "F" in chunk:
        octets = _every_from.sub(_STAND_IN, normalised(chunk).encode())
        encoded = binascii.b2a_qp(octets + b"|", istext=True).replace(b"=FF", b"=46")
    else:
        encoded = binascii.b2a_qp("".join((normalised(chunk), "|")).encode(), istext=True)
    if b"=20\n" in encoded or b"=09\n" in encoded:
        encoded = _OVERLONG.sub(rb"\1=\n\2", encoded)
    lines = encoded[:-1].decode("ascii").split("\n")
    broken = len(lines) > 1
    return CRLF.join(lines), len(lines[0]) + (not broken), len(lines[-1]), broken


def _base64(text: str) -> str:
    """Encode the body in base64: RFC 2045 section 6.8; line breaks in it are CRLF, as the section's end has it."""
    encoded = binascii.b2a_base64(str.replace(text, "\n", CRLF).encode(), newline=False).decode("ascii")
    width = _LONGEST_ENCODED
    return CRLF.join([encoded[at : at + width] for at in range(0, len(encoded), width)]) + CRLF


class TransferEncoder:
    """Encodes bodies, and knows the chunks that recur. Keeps nothing of the bodies that it has encoded."""

    def __init__(self, constants: Collection[str], *, boundary: str) -> None:
        """`boundary`: what stands in every boundary behind a `=_`, which neither quoted-printable nor base64 can hold;
        7bit bodies are searched for it.
        """
        self._boundary = boundary
        self._plain_pieces: dict[str, _Piece] = {}
        self._doubtful = False
        """Whether a chunk that is known has, or may be a part of, a line that begins with `From `."""
        self._quoted_pieces: dict[str, _Piece] = {}
        self.add_constants(constants)

    def add_constants(self, constants: Collection[str]) -> None:
        """Encode chunks that will recur, each once; they are kept."""
        self._plain_pieces |= {chunk: _plain_piece(chunk) for chunk in constants}
        self._doubtful = self._doubtful or any(map(_maybe_from_line, constants))
        for chunk in filter(None, constants):
            try:
                piece = _quoted_piece(chunk)
            except UnicodeEncodeError:
                continue  # Told of when a body holds it.
            if piece is not None:
                self._quoted_pieces[chunk] = piece

    def encode(self, chunks: Sequence[str]) -> tuple[str, str]:
        """Give the value of Content-Transfer-Encoding (RFC 2045 section 6.1), and the encoded body."""
        if all(map(str.isascii, chunks)):
            body = self._seven_bit(chunks)
            if body is not None and self._boundary not in body:
                return "7bit", body
        body = self._quoted_printable(chunks)
        if body is None:
            return self.encode((normalised("".join(chunks)),))
        # base64 makes 78 octets of 57, and there are at least as many octets as characters.
        if len(body) * 57 > sum(map(len, chunks)) * 78:
            text = normalised("".join(chunks))
            shorter = _base64(text if text.endswith("\n") else text + "\n")
            if len(shorter) < len(body):
                return "base64", shorter
        return "quoted-printable", body

    def _seven_bit(self, chunks: Sequence[str]) -> str | None:
        """Put the body together as it is; None where that is not 7bit. `chunks` are ASCII."""
        known = self._plain_pieces.get
        out: list[str] = []
        column = 0
        doubtful = self._doubtful
        for chunk in chunks:
            piece = known(chunk)
            if piece is None:
                # Deleting what may be there takes a third of the time that `isprintable` takes over a link.
                if (
                    not chunk.encode().translate(None, _PRINTABLE)
                    if len(chunk) > _LONGEST_PLAIN
                    else chunk.isprintable()
                ):
                    if not column and _maybe_from(chunk):
                        doubtful = True
                    column += len(chunk)
                    if column > LONGEST_LINE:
                        return None
                    out.append(chunk)
                    continue
                piece = _plain_piece(chunk)
                doubtful = True
            text, first, last, broken = piece
            if column + first > LONGEST_LINE:
                return None
            out.append(text)
            column = last if broken else column + last
        body = "".join(out)
        if doubtful and (body.startswith("From ") or "\nFrom " in body):
            return None
        return body + CRLF if column or not body else body

    def _quoted_printable(self, chunks: Sequence[str]) -> str | None:
        """Put the body together in quoted-printable; None where a chunk can't be encoded apart from the next."""
        known = self._quoted_pieces.get
        out: list[str] = []
        column = 0
        own: dict[str, _Piece | None] = {}  # What stands in the body twice, a link or a name, is encoded once.
        for chunk in chunks:
            piece = known(chunk)
            if piece is None:
                size = len(chunk)
                # Text that quoted-printable leaves as it is, and that fits a line.
                if 0 < size <= _LONGEST_PLAIN and chunk.isascii() and chunk.isprintable() and "=" not in chunk:
                    if column and column + size < _LONGEST_ENCODED:
                        column += size
                        out.append(chunk)
                        continue
                    if not _maybe_from(chunk):
                        if column:
                            out.append(_SOFT)
                        column = size
                        out.append(chunk)
                        continue
                if not size:
                    continue
                if chunk not in own:
                    own[chunk] = _quoted_piece(chunk)
                piece = own[chunk]
                if piece is None:
                    return None
            text, first, last, broken = piece
            if not first and column and out[-1].endswith(_BLANKS):
                out.append(_SOFT)  # Rule 3: white space must not be the last thing on a line.
            elif column + first > _LONGEST_ENCODED:
                out.append(_SOFT)
                column = 0
            out.append(text)
            column = last if broken else column + last
        if column or not out:
            if column and out[-1].endswith(_BLANKS):
                out.append(_SOFT)
            out.append(CRLF)
        return "".join(out)
