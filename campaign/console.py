"""What a person sees of a run: one live line on a terminal, plain lines in a log file or cron's mail, a summary.

Writes to stderr; stdout is for what a program may want. Says no address, no link and no secret.
"""

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import typer

from campaign.durations import brief_duration
from campaign.errors import CampaignError
from campaign.model import Status
from campaign.pipeline.run import Progress, Summary
from campaign.window import SendWindow

_PLAIN_EVERY = 30.0
"""Seconds between two progress lines where nobody watches."""

MEANINGS = {
    Status.PENDING: "not sent yet",
    Status.SENT: "accepted by the SMTP server",
    Status.REJECTED: "refused for good",
    Status.FAILED: "temporary failures until tries or window ran out",
    Status.IN_DOUBT: "left, but the server's reply never came",
    Status.INVALID: "can't be mailed as it stands",
    Status.SUPPRESSED: "on a suppression list",
    Status.DUPLICATE: "the same address stands earlier in the file",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """How this program was called, to print how it goes on from there."""

    campaign: str
    """campaign.toml, as it was given."""
    options: str = ""
    """Options that go with every further command, with a leading space."""

    def line(self, verb: str, more: str = "") -> str:
        """Give a command to type."""
        return f"campaign {verb} {self.campaign}{self.options}{more}"


class Console:
    """Shows a run. Nothing is asked where nobody can answer, or with `yes`."""

    def __init__(self, *, title: str, through: str, yes: bool) -> None:
        self._title = title
        self._through = through
        self._live = sys.stderr.isatty()
        self._ask = self._live and sys.stdin.isatty() and not yes
        self._shown = 0
        self._next_plain = 0.0
        self._waited = False

    def reading(self, rows: int) -> None:
        """Show how many rows have been read."""
        if self._live:
            self._line(f"{self._title}: {rows:,} contacts read")

    def confirm(self, total: int, window: SendWindow) -> bool:
        """Ask before mail goes out, where somebody can answer."""
        now = datetime.now(UTC)
        self.say(f"{self._title}: {total:,} to send through {self._through}; {window.describe(now)}")
        return not self._ask or typer.confirm("Send?", err=True)

    def waiting(self, window: SendWindow, seconds: float) -> None:
        """Count down to the window."""
        if self._live:
            self._line(f"{self._title}: opens in {brief_duration(timedelta(seconds=seconds))} (Ctrl-C stops)")
        elif not self._waited:
            self._waited = True
            self.say(f"{self._title}: waiting, {window.describe(datetime.now(UTC))}")

    def progress(self, progress: Progress) -> None:
        """Show how far it is."""
        now = time.monotonic()
        done = sum(progress.settled.values())
        if self._live:
            self._line(_progress_line(progress, done))
        elif now >= self._next_plain and progress.seconds > 1:
            self._next_plain = now + _PLAIN_EVERY
            self.say(_progress_line(progress, done))

    def notice(self, words: str) -> None:
        """Show what an operator would want to know."""
        self.say(f"note: {words}")

    def say(self, words: str) -> None:
        """Show a line that stays."""
        self._line("")
        typer.echo(words, err=True)

    def _line(self, words: str) -> None:
        """Replace the live line."""
        if self._live and (words or self._shown):
            typer.echo("\r" + words.ljust(self._shown) + ("\r" if not words else ""), err=True, nl=False)
            self._shown = len(words)


def _progress_line(progress: Progress, done: int) -> str:
    rate = done / progress.seconds if progress.seconds > 0.2 else 0.0
    parts = [f"{done:,} of {progress.total:,}", f"{rate:,.0f}/s"]
    parts += [f"{count:,} {word}" for word, count in progress.settled.items() if count]
    if progress.deferred:
        parts.append(f"{progress.deferred:,} waiting to be tried again")
    if rate > 0 and done < progress.total:
        parts.append(f"{brief_duration(timedelta(seconds=(progress.total - done) / rate))} left")
    return " | ".join(parts)


def show_error(error: CampaignError) -> None:
    """Print an error's three parts."""
    typer.echo(f"error: {error}", err=True)


def show_summary(summary: Summary, command: Command, console: Console) -> None:
    """Print how a run ended, and what can be done next."""
    counts = summary.counts
    say = console.say
    if summary.trouble is not None:
        show_error(CampaignError(summary.trouble.what, where=summary.trouble.where, fix=summary.trouble.fix))
    total = sum(counts.values())
    if summary.sent_now:
        rate = summary.sent_now / summary.seconds if summary.seconds else 0
        say(f"sent {summary.sent_now:,} in {brief_duration(timedelta(seconds=summary.seconds))}, {rate:,.0f} a second")
    else:
        say("nothing was sent" + ("" if counts[Status.PENDING] else ": nobody was left to send to"))
    show_counts(counts, console)
    if summary.profile:
        show_profile(summary.profile, max(1, summary.sent_now), console)
    if counts[Status.PENDING]:
        say(_why_pending(summary))
    say(f"results: {summary.results}")
    for words, line in next_commands(counts, command, over=summary.window.is_over(datetime.now(UTC))):
        say(f"{words}:\n    {line}")
    if not total:
        say("the contacts file has no rows")


def show_counts(counts: dict[Status, int], console: Console) -> None:
    """Print one line for each status that occurs."""
    for status, count in counts.items():
        if count:
            console.say(f"  {status.value:<10} {count:>9,}  {MEANINGS[status]}")


def show_profile(profile: dict[str, float], messages: int, console: Console) -> None:
    """Print microseconds of CPU a message, by stage."""
    console.say("CPU microseconds a message, all processes together:")
    for stage in ("read", "mint", "render", "compose", "send", "ledger"):
        console.say(f"  {stage:<8} {1e6 * profile.get(stage, 0.0) / messages:>8.1f}")


def next_commands(counts: dict[Status, int], command: Command, *, over: bool) -> Sequence[tuple[str, str]]:
    """Give what can be done about the rows that are not settled well, and the command for it."""
    commands = []
    fresh = " --lasts 8h" if over else ""
    if counts[Status.PENDING]:
        commands.append(("to go on", command.line("resend", fresh) if over else command.line("send")))
    if counts[Status.FAILED] or counts[Status.INVALID]:
        words = "to re-send what failed" + (" (invalid rows, once they are mended)" if counts[Status.INVALID] else "")
        commands.append((words, command.line("resend", fresh)))
    if counts[Status.IN_DOUBT]:
        words = "in doubt: look for their Message-IDs in the server's log; to send them again all the same"
        commands.append((words, command.line("resend", " --include in_doubt" + fresh)))
    return commands


def _why_pending(summary: Summary) -> str:
    now = datetime.now(UTC)
    if summary.window.is_over(now):
        return f"the window is over: it {summary.window.describe(now)}"
    if not summary.window.is_open(now):
        return f"the window is not open yet: it {summary.window.describe(now)}"
    if summary.stopped:
        return "stopped before the end"
    return "there is more to send"
