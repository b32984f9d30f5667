"""The file's bytes as text: which encoding the whole file is in, and a stream of its lines.

Takes a path; gives an `Encoding`, found by reading the whole file once in constant memory, and by it a text stream.
A byte-order mark decides; else UTF-16 that plainly is; else UTF-8, unless more of its bytes break UTF-8 than prove it;
else a guess: Windows-1252, or what the caller names. Bytes that the encoding can't explain become `UNREADABLE`, so that
the row they stand in can be told. An encoding that was chosen (`chosen_encoding`) is not found out but held to.
Raises `ContactsError` for what can't be opened and for what is no text.

Limits: other 8-bit encodings (Latin-2, Cyrillic, Mac) can't be told from Windows-1252, and are read as it: `guessed`
says so. UTF-16 without a mark is recognised if its first four characters are ASCII. UTF-32 is refused.
"""

import codecs
import io
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from campaign.contacts.signatures import kind_of_binary
from campaign.errors import ContactsError

UNREADABLE = "\udcff"
"""A lone surrogate, which no encoding yields by itself; replaced before text leaves this package."""
_ON_ERROR = "campaign.contacts.unreadable"
_BLOCK = 1 << 20
_HIGH = bytes(range(0x80, 0x100))
_UNDEFINED_IN_1252 = b"\x81\x8d\x8f\x90\x9d"
_MARKS = (
    (codecs.BOM_UTF8, "utf-8", "UTF-8 with a byte-order mark"),
    (codecs.BOM_UTF16_LE, "utf-16-le", "UTF-16 little-endian"),
    (codecs.BOM_UTF16_BE, "utf-16-be", "UTF-16 big-endian"),
)


def _mark_unreadable(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return UNREADABLE, error.end


codecs.register_error(_ON_ERROR, _mark_unreadable)


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoding:
    """How to read the bytes of one file as text, and what there is to look out for in it."""

    codec: str
    """Python's name."""
    label: str
    """The name for people."""
    skip: int
    """Bytes of the byte-order mark."""
    lines: int
    """About how many lines there are, at least 1."""
    has_quotes: bool
    has_nul: bool
    has_unreadable: bool
    guessed: bool = False
    """Whether any other 8-bit encoding would explain the file as well."""
    end: int | None = None
    """Where the file ends for us, if that is before its last byte: Ctrl-Z, which DOS and its heirs put there."""


@contextmanager
def reading(path: Path) -> Iterator[io.BufferedReader]:
    """Open a regular file for reading; whatever goes wrong with it until it is closed is a `ContactsError`."""
    where = str(path)
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            raise ContactsError("this is a folder, not a file", where=where, fix="name the CSV file in it")
        if not stat.S_ISREG(mode):
            raise ContactsError(
                "this is not a regular file, so it can't be read twice", where=where, fix="save it as a file first"
            )
        with path.open("rb") as file:
            yield file
    except FileNotFoundError:
        raise ContactsError("there is no such file", where=where, fix="check the path and its folder") from None
    except PermissionError:
        raise ContactsError("this file may not be read", where=where, fix="give yourself permission to") from None
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        raise ContactsError(
            f"this file can't be read: {error}", where=where, fix="check the path and the disk"
        ) from None


def detect_encoding(path: Path, *, fallback: str = "cp1252") -> Encoding:
    """Find the encoding of the whole file. `fallback`: the codec to try where it is neither UTF-8 nor UTF-16."""
    with reading(path) as file:
        head = file.read(8_192)
        refuse_binary(head, path)
        found = _detect(file, head, fallback)
        return replace(found, end=end_of_text(file, found.codec))


def refuse_binary(head: bytes, path: Path) -> None:
    """Raise ContactsError for what is no text, by its first bytes."""
    kind = kind_of_binary(head)
    if kind:
        raise ContactsError(kind.what, where=str(path), fix=kind.fix)


def mark_of(head: bytes) -> tuple[bytes, str, str] | None:
    """Give the byte-order mark that the file begins with, its codec and the codec's name for people."""
    return next((mark for mark in _MARKS if head.startswith(mark[0])), None)


def end_of_text(file: io.BufferedReader, codec: str) -> int | None:
    """Give the bytes before the Ctrl-Z (or several) that the file ends with; None where it has none."""
    mark = "\x1a".encode(codec)
    size = file.seek(0, io.SEEK_END)
    end = size
    while end >= len(mark):
        file.seek(end - len(mark))
        if file.read(len(mark)) != mark:
            break
        end -= len(mark)
    return None if end == size else end


@contextmanager
def open_text(path: Path, encoding: Encoding) -> Iterator[io.TextIOWrapper]:
    """Open the file as lines that keep their ends (LF, CRLF or CR), without its byte-order mark."""
    with reading(path) as file:
        file.seek(encoding.skip)
        source = file if encoding.end is None else io.BufferedReader(_Beginning(file, encoding.end))
        with io.TextIOWrapper(source, encoding=encoding.codec, errors=_ON_ERROR, newline="") as text:
            yield text


class _Beginning(io.RawIOBase):
    """A file up to some byte."""

    def __init__(self, file: io.BufferedReader, end: int) -> None:
        self._file = file
        self._end = end

    def readable(self) -> bool:
        """It is for reading."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read what fits, up to the end."""
        view = memoryview(buffer)
        return self._file.readinto(view[: max(0, self._end - self._file.tell())])


def without_unreadable(text: str) -> str:
    """Put U+FFFD where a NUL or an unreadable byte stood."""
    return text.replace("\0", "\ufffd").replace(UNREADABLE, "\ufffd")


def _detect(file: io.BufferedReader, head: bytes, fallback: str) -> Encoding:
    found = mark_of(head)
    if found is not None:
        mark, codec, label = found
        return _scan(file, codec, label, skip=len(mark), marked=True)
    for codec, label, zeros, letters in (
        ("utf-16-le", "UTF-16 little-endian", head[1:8:2], head[0:8:2]),
        ("utf-16-be", "UTF-16 big-endian", head[0:8:2], head[1:8:2]),
    ):
        if zeros == b"\0\0\0\0" and letters.isascii() and 0 not in letters:
            return _scan(file, codec, label, skip=0, marked=True)
    return _scan(file, "utf-8", "UTF-8", skip=0, marked=False, fallback=fallback)


def _scan(
    file: io.BufferedReader, codec: str, label: str, *, skip: int, marked: bool, fallback: str = "cp1252"
) -> Encoding:
    file.seek(skip)
    decoder = codecs.getincrementaldecoder(codec)("strict")
    is_wide = codec != "utf-8"
    sound = True
    lines = returns = 0
    has_quotes = has_nul = False
    while block := file.read(_BLOCK):
        lines += block.count(b"\n")
        returns += block.count(b"\r")
        has_quotes = has_quotes or b'"' in block
        # Every ASCII character of UTF-16 has a zero byte: there only the text can tell, so say yes.
        has_nul = has_nul or is_wide or b"\0" in block
        if sound and not (block.isascii() and not is_wide and decoder.getstate()[0] == b""):
            sound = _decodes(decoder, block)
    sound = sound and _decodes(decoder, b"", final=True)
    has_unreadable = not sound
    guessed = False
    if not sound and not marked:
        file.seek(skip)
        valid, broken, undefined = _weigh(file)
        if broken >= valid:
            guessed = fallback == "cp1252"
            codec, label = (fallback, "Windows-1252" if guessed else fallback)
            has_unreadable = undefined or not guessed
    return Encoding(
        codec=codec,
        label=label,
        skip=skip,
        lines=max(lines, returns, 1),
        has_quotes=has_quotes,
        has_nul=has_nul,
        has_unreadable=has_unreadable,
        guessed=guessed,
    )


def _decodes(decoder: codecs.IncrementalDecoder, block: bytes, *, final: bool = False) -> bool:
    try:
        decoder.decode(block, final)
    except UnicodeDecodeError:
        return False
    return True


def _weigh(file: io.BufferedReader) -> tuple[int, int, bool]:
    """Count the valid multi-byte sequences and the bytes in none; tell if any is undefined in Windows-1252."""
    decoder = codecs.getincrementaldecoder("utf-8")("ignore")
    valid = valid_bytes = high = 0
    undefined = False
    block = b"."
    while block:
        block = file.read(_BLOCK)
        ascii_bytes = len(block.translate(None, _HIGH))
        high += len(block) - ascii_bytes
        undefined = undefined or len(block.translate(None, _UNDEFINED_IN_1252)) != len(block)
        # ASCII bytes come through whatever is broken around them, so what else there is was a valid sequence.
        text = decoder.decode(block, not block)
        valid += len(text) - ascii_bytes
        valid_bytes += len(text.encode()) - ascii_bytes
    return valid, high - valid_bytes, undefined
