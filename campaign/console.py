"""What a person sees while a run goes on: one live line on a terminal, plain lines in a log file or cron's mail.

Writes to stderr; stdout is for what a program may want. Says no address, no link and no secret. Raises nothing: a
terminal that has gone away is no reason to stop sending.
"""

import contextlib
import os
import shutil
import signal
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import TextIO

import typer

from campaign.durations import brief_duration
from campaign.pipeline.watching import Progress
from campaign.window import SendWindow

_PLAIN_EVERY = 30.0
"""Seconds between two progress lines where nobody watches."""
_RECENT = 15.0
"""Seconds over which the rate is taken: long enough to be calm, short enough to follow a server that slows down."""


class Console:
    """Shows a run. Nothing is asked where nobody can answer, or with `yes`."""

    def __init__(
        self,
        *,
        title: str,
        through: str = "",
        yes: bool = True,
        stream: TextIO | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`through` names the server; `stream` is stderr unless given; `clock` gives monotonic seconds."""
        self._title = title
        self._through = through
        self._stream = stream or sys.stderr
        self._clock = clock
        self._live = self._stream.isatty() and os.environ.get("TERM") != "dumb"
        self._ask = self._stream.isatty() and sys.stdin.isatty() and not yes
        self._shown = 0
        self._next_plain = 0.0
        self._waited = False
        self._recent: deque[tuple[float, int]] = deque()

    def reading(self, rows: int) -> None:
        """Show how many rows have been read."""
        if self._live:
            self._line(f"{self._title}: {rows:,} {'contact' if rows == 1 else 'contacts'} read")

    @property
    def asks(self) -> bool:
        """Whether somebody is there to be asked."""
        return self._ask

    def confirm(self, total: int | None, window: SendWindow) -> bool:
        """Ask before mail goes out, where somebody can answer. An interrupt is a no."""
        contacts = "contacts" if total is None else f"{total:,}"
        self.say(f"{self._title}: {contacts} to send through {self._through}; {window.describe(datetime.now(UTC))}")
        if not self._ask:
            return True
        with _interruptible():
            try:
                return typer.confirm("Send?", err=True)
            except (typer.Abort, KeyboardInterrupt):
                self._write("\n")
                return False

    def waiting(self, window: SendWindow, seconds: float) -> None:
        """Count down to the window."""
        if self._live:
            self._line(f"{self._title}: opens in {brief_duration(timedelta(seconds=seconds))} (Ctrl-C stops)")
        elif not self._waited:
            self._waited = True
            self.say(f"{self._title}: waiting, {window.describe(datetime.now(UTC))}")

    def progress(self, progress: Progress) -> None:
        """Show how far it is."""
        now = self._clock()
        self._recent.append((progress.seconds, sum(progress.settled.values())))
        while self._recent[0][0] < progress.seconds - _RECENT and len(self._recent) > 2:
            self._recent.popleft()
        if self._live:
            self._line(self._words(progress))
        elif now >= self._next_plain and progress.seconds > 1:
            self._next_plain = now + _PLAIN_EVERY
            self.say(self._words(progress))

    def notice(self, words: str) -> None:
        """Show what an operator would want to know."""
        self.say(f"note: {words}")

    def say(self, words: str) -> None:
        """Show a line that stays."""
        self._line("")
        self._write(words + "\n")

    def _words(self, progress: Progress) -> str:
        done = sum(progress.settled.values())
        rate = self._rate(progress)
        parts = [f"{done:,} of {progress.total:,}", f"{rate:,.0f}/s" if rate >= 10 or not rate else f"{rate:.1f}/s"]
        parts += [f"{count:,} {word}" for word, count in progress.settled.items() if count]
        if progress.deferred:
            parts.append(f"{progress.deferred:,} to be tried again")
        left = progress.total - done
        if rate > 0 and left > 0:
            parts.append(f"{brief_duration(timedelta(seconds=left / rate))} left")
        return f"{self._title}: " + ", ".join(parts)

    def _rate(self, progress: Progress) -> float:
        """Contacts settled a second, of late."""
        begun, before = self._recent[0] if len(self._recent) > 1 and progress.seconds > _RECENT else (0.0, 0)
        passed = progress.seconds - begun
        return (self._recent[-1][1] - before) / passed if passed > 0.2 else 0.0

    def _line(self, words: str) -> None:
        """Replace the live line, which must not wrap: what has wrapped can't be taken back."""
        if self._live and (words or self._shown):
            words = words[: shutil.get_terminal_size().columns - 1]
            self._write("\r" + words.ljust(self._shown) + ("\r" if not words else ""))
            self._shown = len(words)

    def _write(self, text: str) -> None:
        with contextlib.suppress(OSError, ValueError):  # the terminal is gone, or the pipe's reader
            self._stream.write(text)
            self._stream.flush()


@contextlib.contextmanager
def _interruptible() -> Iterator[None]:
    """Let SIGINT and SIGTERM end a question: a run catches them, and the question would go on waiting."""
    before = {number: signal.signal(number, signal.default_int_handler) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
