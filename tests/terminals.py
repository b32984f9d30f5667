"""The real command on a terminal of its own."""

import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Mapping
from typing import Self

import pyte


def run_on_a_terminal(
    *words: str, environment: Mapping[str, str] | None = None, answer: bytes = b""
) -> tuple[int, bytes]:
    """Give its exit code, and all that it wrote. `environment`: what it finds there; None: what we do. `answer`: what
    is typed once it asks.
    """
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "campaign", *words], stdin=theirs, stdout=theirs, stderr=theirs, env=environment
    )
    os.close(theirs)
    said = b""
    try:
        while data := os.read(ours, 65536):
            said += data
            if answer and b"[y/N]" in said:
                os.write(ours, answer)
                answer = b""
    except OSError:  # how Linux says that the other end is closed
        pass
    os.close(ours)
    return process.wait(30), said


class Terminal:
    """The real command on a terminal of its own, and what that shows meanwhile."""

    def __init__(self, *words: object, columns: int = 100, rows: int = 24, **environment: str) -> None:
        """`environment`: what it finds there besides what we do."""
        self.rows = rows
        self._ours, theirs = pty.openpty()
        self._screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self._screen)
        self.said = b""
        self.resize(columns)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "campaign", *map(str, words)],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env={**os.environ, "TERM": "xterm", **environment},
            start_new_session=True,
        )
        os.close(theirs)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self._ours)

    def resize(self, columns: int) -> None:
        """Make it so wide."""
        fcntl.ioctl(self._ours, termios.TIOCSWINSZ, struct.pack("HHHH", self.rows, columns, 0, 0))
        self._screen.resize(self.rows, columns)

    def lines(self) -> list[str]:
        """What it shows, without the empty lines below."""
        return "\n".join(line.rstrip() for line in self._screen.display).rstrip("\n").split("\n")

    def until(self, seen: Callable[[list[str]], bool], *, seconds: float = 60.0) -> list[str]:
        """Wait until what it shows is as wanted, and give that. Fails after so many seconds, or at the end."""
        deadline = time.monotonic() + seconds
        while not seen(self.lines()):
            assert time.monotonic() < deadline, self.lines()
            assert self._read(), self.lines()
        return self.lines()

    def end(self) -> tuple[int, list[str]]:
        """Wait for its end. Gives the exit code, and what is left on the screen."""
        while self._read():
            pass
        return self.process.wait(60), self.lines()

    def _read(self) -> bool:
        """Take what comes within a moment; False: nothing will any more."""
        if select.select([self._ours], [], [], 0.2)[0]:
            try:
                data = os.read(self._ours, 65536)
            except OSError:  # how Linux says that the other end is closed
                return False
            self.said += data
            self._stream.feed(data)
        return True
