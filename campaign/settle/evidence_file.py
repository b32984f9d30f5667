"""`EvidenceFile`: one file of evidence, plain or gzip, read as a stream of lines.

In: a path, or a stream that is there once (standard input). Out: lines with their numbers, as octets, without their
ends; memory stays flat whatever the file is. A line that is too long to be one is given cut, and what can't be read
further ends the file: both are told, and what stood before counts. Raises nothing while lines are read; OSError where
the file can't be opened, and where it is none: a FIFO would keep us waiting.

Limits: of a file that grows meanwhile, what is there when its end is reached; a stream's lines can be read once.
"""

import contextlib
import gzip
import io
import os
import stat
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, cast

from campaign.evidence import Unread
from campaign.visible import visible

_GZIP = b"\x1f\x8b"  # RFC 1952 section 2.3.1
_GZIP_BITS = 16 + zlib.MAX_WBITS
_LONGEST = 4 * 1024 * 1024
"""Octets of a line: an event with all its headers, or an export that is one JSON array in one line, may be long."""
SAMPLE = 64 * 1024
"""Octets of a file by which it is recognised."""
_BUFFER = 256 * 1024
UNREADABLE = (OSError, EOFError, zlib.error)
"""What reading on can raise: a disk, a packed file cut off, a packed file damaged."""


class EvidenceFile:
    """One file. `tell` hears what could not be read of it; `stream` is read in place of the path."""

    def __init__(
        self,
        path: Path,
        *,
        tell: Callable[[Unread], None] = lambda _: None,
        stream: BinaryIO | None = None,
        name: str = "",
    ) -> None:
        """`name`: how people call it, where that is not the path's last part."""
        self.path = path
        self.name = visible(name or path.name)
        """For `Evidence.place` and for errors."""
        self._tell = tell
        self._stream = stream
        self._start: bytes | None = None
        self.read_so_far = 0
        """How many of its lines were given."""

    def place(self, line: int | None = None) -> str:
        """Where something stands, for a person."""
        return self.name if line is None else f"{self.name}:{line}"

    def modified(self) -> float:
        """When it was written to last, in Unix seconds: for stamps without a year. Raises OSError."""
        return os.fstat(self._stream.fileno()).st_mtime if self._stream is not None else self.path.stat().st_mtime

    def open(self) -> BinaryIO:
        """Open it as octets, unpacked. Raises OSError."""
        raw = self._raw()
        try:
            start = raw.peek(2)[:2]
            if start != _GZIP:
                return raw
            return io.BufferedReader(cast(io.RawIOBase, _Unpacked(raw)), _BUFFER)
        except BaseException:
            raw.close()
            raise

    def sample(self) -> bytes:
        """Give its first octets, unpacked as far as they can be, to see what it is. Raises OSError."""
        if self._stream is not None:
            if self._start is None:
                self._start = _read_up_to(self._stream, SAMPLE)
            start = self._start
        else:
            with self._raw() as file:
                start = file.read(SAMPLE)
        return _unpacked(start) if start.startswith(_GZIP) else start

    def octets(self, most: int) -> bytes:
        """Give the first so many octets of it: of one mail, say. What can't be read further is told. Raises OSError."""
        with self.open() as file:
            found = io.BytesIO()
            try:
                while found.tell() < most and (piece := file.read1(most - found.tell())):  # type: ignore[attr-defined]
                    found.write(piece)
            except UNREADABLE as error:
                self.broken_off(error, None)
            return found.getvalue()

    def lines(self) -> Iterator[tuple[int, bytes]]:
        """Give number and text of each line. Raises OSError where it can't be opened."""
        number = 0
        with self.open() as file:
            try:
                while line := file.readline(_LONGEST):
                    number += 1
                    self.read_so_far = number
                    if not line.endswith(b"\n") and len(line) == _LONGEST:
                        self._skip_rest(file, number)
                    yield number, line.rstrip(b"\r\n")
            except UNREADABLE as error:
                self.broken_off(error, number + 1)

    def fault(self, what: str, line: int | None, fix: str) -> None:
        """Tell of something in it that can't be read."""
        self._tell(Unread(what, self.place(line), fix))

    def hint(self, what: str, line: int | None, fix: str) -> None:
        """Tell of something in it that proves nothing, and may tell a person something."""
        self._tell(Unread(what, self.place(line), fix, is_hint=True))

    def broken_off(self, error: BaseException, line: int | None) -> None:
        """Tell that it can't be read further, of any of `UNREADABLE`."""
        self.fault(
            f"the file can't be read further: {_words(error)}", line, "what stands before was read; copy it anew"
        )

    def _raw(self) -> io.BufferedReader:
        if self._stream is not None:
            start, self._start = self._start or b"", b""
            return io.BufferedReader(_Continued(start, self._stream), _BUFFER)
        descriptor = os.open(self.path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise OSError("it is not a plain file")
            return cast(io.BufferedReader, os.fdopen(descriptor, "rb", buffering=_BUFFER))
        except BaseException:
            with contextlib.suppress(OSError):
                os.close(descriptor)
            raise

    def _skip_rest(self, file: BinaryIO, number: int) -> None:
        rest = file.readline(_LONGEST)
        if rest.rstrip(b"\r\n"):
            self.fault("the line is too long to be one", number, "the rest of it was left out")
        while rest and not rest.endswith(b"\n"):
            rest = file.readline(_LONGEST)


class _Unpacked(gzip.GzipFile):
    """… which closes the packed file with it."""

    def __init__(self, packed: BinaryIO) -> None:
        self._packed = packed
        super().__init__(fileobj=packed)

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        """Give what there is: whoever waits for a full buffer loses what stands before the damage."""
        piece = self.read1(len(buffer))
        buffer[: len(piece)] = piece
        return len(piece)

    def close(self) -> None:
        super().close()
        self._packed.close()


class _Continued(io.RawIOBase):
    """The octets that were looked at, and then the rest of the stream, which stays open."""

    def __init__(self, start: bytes, stream: BinaryIO) -> None:
        self._start, self._stream = start, stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        if self._start:
            piece, self._start = self._start[: len(buffer)], self._start[len(buffer) :]
        else:
            piece = self._stream.read1(len(buffer))  # type: ignore[attr-defined]
        buffer[: len(piece)] = piece
        return len(piece)


def _read_up_to(stream: BinaryIO, most: int) -> bytes:
    found = b""
    with contextlib.suppress(OSError):  # whoever reads on will be told
        while len(found) < most and (piece := stream.read(most - len(found))):
            found += piece
    return found


def _unpacked(packed: bytes) -> bytes:
    """Unpack the start of a gzip file, of however many members, as far as it goes."""
    found = b""
    with contextlib.suppress(zlib.error):
        while packed.startswith(_GZIP) and len(found) < SAMPLE:
            member = zlib.decompressobj(_GZIP_BITS)
            piece = member.decompress(packed, SAMPLE - len(found))
            found += piece
            packed = member.unused_data
    return found


def _words(error: BaseException) -> str:
    if isinstance(error, EOFError):
        return "it is packed, and ends too early"
    if isinstance(error, zlib.error | gzip.BadGzipFile):
        return "it is packed, and damaged here"
    return getattr(error, "strerror", None) or str(error)
