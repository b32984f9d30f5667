"""The last lines of a terminal, which move: drawn over themselves, and again each second, whatever the program does.

In go lines, as a function of the terminal's width, asked for again at each drawing, from a thread, so that they
never stand still while the program waits for a disk or a server. Takes what the terminal is now: its size, and the
width of characters. Raises nothing: a terminal that has gone away is no reason to stop.

Not rich's Live, though rich draws what stands in the lines: Live hides the cursor, which stays hidden where the program
is killed, or stopped at once by a second signal; it takes COLUMNS for the width, however the terminal is resized; and
what has spilt over in a terminal that has become narrower it leaves behind.

Limits: where a terminal breaks lines anew when it is made narrower, what has spilt over can be taken back only where we
know that it does so; elsewhere lines above could be lost. There, a piece of an old line stays.
"""

import contextlib
import os
import re
import shutil
import threading
import time
import weakref
from collections.abc import Callable, Sequence
from typing import TextIO

Lines = Callable[[int], Sequence[str]]
"""Given the columns that a line may have, gives lines that are no wider: plain text, or with SGR sequences."""

_ERASE_LINE, _ERASE_BELOW = "\x1b[K", "\x1b[J"
"""ECMA-48 section 8.3.41 (EL) and 8.3.39 (ED): from the cursor on."""
_SGR = re.compile(r"\x1b\[[\d;]*m")
"""ECMA-48 section 8.3.117: colour, which takes no column."""
_REFLOWING = (
    *("TERM_PROGRAM", "TMUX", "VTE_VERSION", "KONSOLE_VERSION", "KITTY_WINDOW_ID", "WT_SESSION", "ALACRITTY_WINDOW_ID"),
)
"""Variables by which terminals that break lines anew name themselves."""


class LiveLines:
    """Shows lines, and takes them away. May be used from several threads."""

    def __init__(self, stream: TextIO, *, every: float | None = 1.0) -> None:
        """`every`: seconds after which they are drawn again by themselves; None: never."""
        self._stream = stream
        self._every = every
        self._lock = threading.RLock()
        self._lines: Lines | None = None
        self._shown: list[int] = []
        """The widths of the lines that are there."""
        self._mover: threading.Thread | None = None
        self._reflows = any(name in os.environ for name in _REFLOWING)

    def show(self, lines: Lines) -> None:
        """Put lines in place of those that are there."""
        with self._lock:
            self._lines = lines
            self.draw()
            if self._mover is None and self._every is not None:
                arguments = (weakref.ref(self), self._every)
                self._mover = threading.Thread(target=_move, args=arguments, name="live lines", daemon=True)
                self._mover.start()

    def draw(self) -> None:
        """Draw them once more, as things are now."""
        with self._lock:
            if self._lines is None:
                return
            columns, rows = self._size()
            # A full line would wrap, and what has scrolled out at the top can't be taken back.
            lines = [fitting(line, columns - 1) for line in self._lines(columns - 1)][: max(1, rows - 1)] or [""]
            drawn = f"{_ERASE_LINE}\n".join(lines) + _ERASE_LINE
            spare = _ERASE_BELOW if len(lines) < len(self._shown) else ""
            self._write(self._back(columns) + drawn + spare)
            self._shown = [width(line) for line in lines]

    def clear(self, then: str = "") -> None:
        """Take them away, and write what stays in their place."""
        with self._lock:
            away = ""
            if self._lines is not None:
                away = self._back(self._size()[0]) + (_ERASE_BELOW if len(self._shown) > 1 else _ERASE_LINE)
            self._lines, self._shown = None, []
            if away or then:
                self._write(away + then)

    def leave(self) -> None:
        """Let them stay as they are, and go on below."""
        with self._lock:
            if self._lines is not None:
                self._lines, self._shown = None, []
                self._write("\n")

    def _back(self, columns: int) -> str:
        """What takes the cursor to the start of the first line that is shown, and clears what has spilt over."""
        up = max(0, len(self._shown) - 1)
        spilt = sum((one - 1) // columns for one in self._shown if one > columns) if self._reflows else 0
        return (f"\x1b[{up + spilt}A" if up + spilt else "") + "\r" + (_ERASE_BELOW if spilt else "")

    def move(self) -> bool:
        """Draw them once more; where there are none, end the thread that does so. Gives whether it goes on."""
        with self._lock:
            if self._lines is None:
                self._mover = None
                return False
            self.draw()
            return True

    def _size(self) -> tuple[int, int]:
        """Give columns and rows of this stream's terminal, as it is now: the shell's COLUMNS is what it was."""
        columns = rows = 0
        with contextlib.suppress(OSError, ValueError):
            columns, rows = os.get_terminal_size(self._stream.fileno())
        usual = shutil.get_terminal_size()
        return max(2, columns or usual.columns), max(2, rows or usual.lines)  # 0 is one that does not know its size

    def _write(self, text: str) -> None:
        with contextlib.suppress(OSError, ValueError):  # the terminal is gone, or the pipe's reader
            self._stream.write(text)
            self._stream.flush()


def _move(lines: "weakref.ref[LiveLines]", every: float) -> None:
    """Draw the lines now and then, as long as there are any."""
    goes_on = True
    while goes_on:
        time.sleep(every)
        there = lines()
        goes_on = there is not None and there.move()
        del there


def width(words: str) -> int:
    """Say how many columns the words take: some characters take two, some none."""
    if "\x1b" in words:
        words = _SGR.sub("", words)
    if words.isascii():
        return len(words)
    from rich.cells import cell_len

    return cell_len(words)


def fitting(words: str, columns: int) -> str:
    """Give as much of the words as fits into so many columns; without their colour, where they have to be cut."""
    if width(words) <= columns:
        return words
    words = _SGR.sub("", words)
    if words.isascii():
        return words[:columns]
    from rich.cells import chop_cells

    return chop_cells(words, columns)[0]
