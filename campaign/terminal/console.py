"""What a person sees while a run goes on: live lines on a terminal, plain lines in a log file or cron's mail.

Writes to stderr; stdout is for what a program may want. Says no address, no link and no secret. Raises nothing: a
terminal that has gone away is no reason to stop sending.
"""

import contextlib
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Self, TextIO

import typer

from campaign.durations import brief_duration
from campaign.run.progress import Progress
from campaign.terminal.colour import coloured
from campaign.terminal.live_lines import LiveLines
from campaign.terminal.progress_bar import ProgressBar
from campaign.terminal.progress_words import ProgressWords
from campaign.visible import visible, visible_lines
from campaign.window import SendWindow

_PLAIN_EVERY = 30.0
"""Seconds between two progress lines where nobody watches."""
_SILENCE = 3.0
"""Seconds without news after which the live lines say so."""
_NO_BAR_BEFORE = 1.0
"""Seconds: what is over by then needs none, and what draws it takes a moment to import."""


class Console:
    """Shows a run. Nothing is asked where nobody can answer, or with `yes`.

    As a context manager, it takes its live lines away at the end, however that comes.
    """

    def __init__(
        self,
        *,
        title: str,
        through: str = "",
        yes: bool = True,
        grace: timedelta | None = None,
        fresh: str = "",
        stream: TextIO | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`through` names the server; `grace` is how long links outlive the window, and `fresh` the command that begins
        a fresh one; `stream` is stderr unless given; `clock` gives monotonic seconds.
        """
        self._title = title
        self._through = through
        self._stream = stream or sys.stderr
        self._clock = clock
        self._grace = grace
        self._fresh = fresh
        self.ending: Callable[[int, SendWindow], str] | None = None
        """Says when so many messages will have left. It takes its time, so only who is asked is told."""
        self._live = self._stream.isatty() and os.environ.get("TERM") != "dumb"
        self._ask = self._stream.isatty() and sys.stdin.isatty() and not yes
        self.can_confirm = yes or self._ask
        """Whether somebody has said yes beforehand, or can be asked."""
        self._lines = LiveLines(self._stream)
        self._next_plain = 0.0
        self._waited = False
        self._progress = ProgressWords()
        self._bar = ProgressBar(title, self._progress, self._stream)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.clear()

    def clear(self) -> None:
        """Take the live lines away, so that somebody else can say something."""
        self._lines.clear()

    def reading(self, rows: int) -> None:
        """Show how many rows have been read."""
        self.step(f"{rows:,} {'contact' if rows == 1 else 'contacts'} read")

    def writing(self, rows: int, total: int) -> None:
        """Show how many rows of the results have been written."""
        self.step(f"writing the results, {rows:,} of {total:,} rows")

    def step(self, words: str) -> None:
        """Show, on a terminal, what is being done now."""
        if self._live:
            self._lines.show(lambda columns: [f"{self._title}: {visible(words)}"])

    @property
    def asks(self) -> bool:
        """Whether somebody is there to be asked."""
        return self._ask

    def confirm(self, total: int | None, window: SendWindow) -> bool:
        """Ask before mail goes out, where somebody can answer. An interrupt is a no."""
        contacts = "contacts" if total is None else f"{total:,}"
        now = datetime.now(UTC)
        self.say(f"{self._title}: {contacts} to send through {self._through}; {window.describe(now)}")
        if self._grace is not None:
            self.say(f"{self._title}: {window.describe_links(now, self._grace)}")
        if self._fresh and window.little_left(now):
            self.say(
                f"little of the window is left; to begin a fresh one, for what failed before, too:\n    {self._fresh}"
            )
        if self._ask and self.ending is not None and total is not None and (words := self.ending(total, window)):
            self.say(f"{self._title}: {words}")
        return self.ask("Send?")

    def ask(self, question: str) -> bool:
        """Ask, where somebody can answer; elsewhere nothing is asked, and it is a yes. An interrupt is a no."""
        if not self._ask:
            return True
        self._lines.clear()
        with _interruptible():
            try:
                return typer.confirm(visible_lines(question), err=True)
            except (typer.Abort, KeyboardInterrupt):
                self.say("")
                return False

    def waiting(self, window: SendWindow, seconds: float) -> None:
        """Count down to the window."""
        if self._live:
            self.step(f"opens in {brief_duration(timedelta(seconds=seconds))} (Ctrl-C stops)")
        elif not self._waited:
            self._waited = True
            self.say(f"{self._title}: waiting, {window.describe(datetime.now(UTC))}")

    def sending(self, progress: Progress) -> None:
        """Show how far it is."""
        now = self._clock()
        self._progress.hear(progress)
        if self._live and progress.seconds >= _NO_BAR_BEFORE:
            self._lines.show(lambda columns: self._bar.lines(progress, columns, silence=self._silence(now)))
        elif self._live:
            words = visible(self._progress.line(progress))
            self._lines.show(lambda columns: [f"{self._title}: {words}"])
        elif now >= self._next_plain and progress.seconds > 1:
            self._next_plain = now + _PLAIN_EVERY
            self.say(f"{self._title}: {self._progress.line(progress)}")

    def notice(self, words: str) -> None:
        """Show what an operator would want to know."""
        self.say(f"note: {words}")

    def say(self, words: str) -> None:
        """Show a line that stays."""
        self._lines.clear(coloured(visible_lines(words), self._stream) + "\n")

    def _silence(self, since: float) -> str:
        """Say that nothing was heard for a while: of a server, a disk or a ledger that keeps us waiting."""
        seconds = self._clock() - since
        return f"no news for {brief_duration(timedelta(seconds=int(seconds)))}" if seconds >= _SILENCE else ""


@contextlib.contextmanager
def _interruptible() -> Iterator[None]:
    """Let SIGINT and SIGTERM end a question: a run catches them, and the question would go on waiting."""
    before = {number: signal.signal(number, signal.default_int_handler) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
