"""`EvidenceFile`: one file of evidence, plain or gzip, read as a stream of lines.

In: a path. Out: lines with their numbers, as octets, without their ends; memory stays flat whatever the file is. A line
that is too long to be one is given cut, and what can't be read further ends the file: both are told. Raises nothing
while reading; OSError where it can't be opened.
"""

import gzip
import io
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from campaign.evidence import Unread
from campaign.visible import visible

_GZIP = b"\x1f\x8b"  # RFC 1952 section 2.3.1
_LONGEST = 4 * 1024 * 1024
"""Octets of a line: an event with all its headers, or an export that is one JSON array in one line, may be long."""
_SAMPLE = 64 * 1024


class EvidenceFile:
    """One file. `tell` hears what could not be read of it."""

    def __init__(self, path: Path, *, tell: Callable[[Unread], None] = lambda _: None) -> None:
        self.path = path
        self.name = visible(path.name)
        """For `Evidence.place` and for errors."""
        self._tell = tell

    def place(self, line: int | None = None) -> str:
        """Where something stands, for a person."""
        return self.name if line is None else f"{self.name}:{line}"

    def open(self) -> BinaryIO:
        """Open it as octets, unpacked. Raises OSError."""
        file = self.path.open("rb")
        start = file.peek(2)[:2]
        return io.BufferedReader(gzip.GzipFile(fileobj=file)) if start == _GZIP else file

    def sample(self) -> bytes:
        """Give its first octets, to see what it is. Raises OSError."""
        with self.open() as file:
            try:
                return file.read(_SAMPLE)
            except (OSError, EOFError, zlib.error):
                return b""

    def lines(self) -> Iterator[tuple[int, bytes]]:
        """Give number and text of each line. Raises OSError where it can't be opened."""
        number = 0
        with self.open() as file:
            try:
                while line := file.readline(_LONGEST):
                    number += 1
                    if not line.endswith(b"\n") and len(line) == _LONGEST:
                        self.fault("the line is too long to be one", number, "the rest of it was left out")
                        while (rest := file.readline(_LONGEST)) and not rest.endswith(b"\n"):
                            pass
                    yield number, line.rstrip(b"\r\n")
            except (OSError, EOFError, zlib.error) as error:
                self.fault(
                    f"the file can't be read further: {error}", number + 1, "what stands before was read; copy it anew"
                )

    def fault(self, what: str, line: int | None, fix: str) -> None:
        """Tell of something in it that can't be read."""
        self._tell(Unread(what, self.place(line), fix))
