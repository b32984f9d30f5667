"""The line that says, on a terminal, how far the reading of large files is: "reading mail.log: 1,200,000 lines".

As a context manager, it takes its line away at the end. Hears of each file as it is begun; says nothing of what is over
within a second, nor where nobody watches. Names no address. Raises nothing.
"""

import sys
import time
from collections.abc import Callable
from typing import Protocol, Self, TextIO

from campaign.terminal.live_lines import LiveLines

_NONE_BEFORE = 1.0
"""Seconds: what is over by then needs no line."""


class BeingRead(Protocol):
    """A file that is being read."""

    @property
    def name(self) -> str:
        """How people call it."""

    @property
    def read_so_far(self) -> int:
        """How many of its lines were read; 0 where it has none."""


class ReadingLine:
    """Shows it, on stderr unless `stream` is given; `clock` gives monotonic seconds."""

    def __init__(self, *, stream: TextIO | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        """Nothing is shown yet."""
        self._stream = stream or sys.stderr
        self._clock = clock
        self._begun = clock()
        self._lines = LiveLines(self._stream)
        self._files = 0
        self._file: BeingRead | None = None

    def __enter__(self) -> Self:
        """Begin."""
        self._begun = self._clock()
        if self._stream.isatty():
            self._lines.show(lambda _: [self.words()])
        return self

    def __exit__(self, *_: object) -> None:
        """Take it away."""
        self._lines.clear()

    def reads(self, file: BeingRead) -> None:
        """Hear of the next file."""
        self._file = file
        self._files += 1

    def words(self) -> str:
        """Say how far it is."""
        if self._file is None or self._clock() - self._begun < _NONE_BEFORE:
            return ""
        lines, before = self._file.read_so_far, self._files - 1
        words = f"reading {self._file.name}" + (f": {lines:,} lines" if lines else "")
        return f"{words}, after {before:,} other file{'' if before == 1 else 's'}" if before else words
