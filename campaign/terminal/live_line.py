"""The one line of a terminal that moves: drawn over itself, and again each second, whatever else the program does.

In go words, as a function: they are asked for again at each drawing, from a thread, so that a line never stands still
while the program waits for a disk or a server. Takes what the terminal is now: its width, and the width of characters.
Raises nothing: a terminal that has gone away is no reason to stop.

Limits: where a terminal breaks lines anew when it is made narrower, what has spilt over can be taken back only where we
know that it does so; elsewhere lines above could be lost. There, a piece of an old line stays.
"""

import contextlib
import os
import shutil
import threading
import time
import weakref
from collections.abc import Callable
from typing import TextIO

_ERASE_LINE, _ERASE_BELOW = "\x1b[K", "\x1b[J"
"""ECMA-48 section 8.3.41 (EL) and 8.3.39 (ED): from the cursor on."""
_REFLOWING = (
    *("TERM_PROGRAM", "TMUX", "VTE_VERSION", "KONSOLE_VERSION", "KITTY_WINDOW_ID", "WT_SESSION", "ALACRITTY_WINDOW_ID"),
)
"""Variables by which terminals that break lines anew name themselves."""


class LiveLine:
    """Shows a line, and takes it away. May be used from several threads."""

    def __init__(self, stream: TextIO, *, every: float | None = 1.0) -> None:
        """`every`: seconds after which it is drawn again by itself; None: never."""
        self._stream = stream
        self._every = every
        self._lock = threading.RLock()
        self._words: Callable[[], str] | None = None
        self._shown = 0
        self._mover: threading.Thread | None = None
        self._reflows = any(name in os.environ for name in _REFLOWING)

    def show(self, words: Callable[[], str]) -> None:
        """Put the line in place of the one that is there."""
        with self._lock:
            self._words = words
            self.draw()
            if self._mover is None and self._every is not None:
                arguments = (weakref.ref(self), self._every)
                self._mover = threading.Thread(target=_move, args=arguments, name="live line", daemon=True)
                self._mover.start()

    def draw(self) -> None:
        """Draw the line once more, as things are now."""
        with self._lock:
            if self._words is None:
                return
            columns = self._columns()
            words = fitting(self._words(), columns - 1)  # a full line would wrap: what has wrapped can't be taken back
            self._write(self._back(columns) + words + _ERASE_LINE)
            self._shown = width(words)

    def clear(self, then: str = "") -> None:
        """Take the line away, and write what stays in its place."""
        with self._lock:
            away = self._back(self._columns()) + _ERASE_LINE if self._words is not None else ""
            self._words, self._shown = None, 0
            if away or then:
                self._write(away + then)

    def _back(self, columns: int) -> str:
        """What takes the cursor to the start of the line that is shown, and clears what has spilt over."""
        spilt = (self._shown - 1) // columns if self._reflows and self._shown > columns else 0
        return f"\x1b[{spilt}A\r{_ERASE_BELOW}" if spilt else "\r"

    def move(self) -> bool:
        """Draw the line once more; where there is none, end the thread that does so. Gives whether it goes on."""
        with self._lock:
            if self._words is None:
                self._mover = None
                return False
            self.draw()
            return True

    def _columns(self) -> int:
        """Give those of this stream's terminal, as it is now: the shell's COLUMNS is what it was."""
        columns = 0
        with contextlib.suppress(OSError, ValueError):
            columns = os.get_terminal_size(self._stream.fileno()).columns
        return max(2, columns or shutil.get_terminal_size().columns)  # 0 is one that does not know its width

    def _write(self, text: str) -> None:
        with contextlib.suppress(OSError, ValueError):  # the terminal is gone, or the pipe's reader
            self._stream.write(text)
            self._stream.flush()


def _move(line: "weakref.ref[LiveLine]", every: float) -> None:
    """Draw the line now and then, as long as there is one."""
    goes_on = True
    while goes_on:
        time.sleep(every)
        there = line()
        goes_on = there is not None and there.move()
        del there


def width(words: str) -> int:
    """Say how many columns the words take: some characters take two, some none."""
    if words.isascii():
        return len(words)
    from rich.cells import cell_len

    return cell_len(words)


def fitting(words: str, columns: int) -> str:
    """Give as much of the words as fits into so many columns."""
    if width(words) <= columns:
        return words
    if words.isascii():
        return words[:columns]
    from rich.cells import chop_cells

    return chop_cells(words, columns)[0]
