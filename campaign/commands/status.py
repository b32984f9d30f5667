"""`campaign status`: how many rows have which status, also while a run goes on; with `--watch`, until it ends.

Raises LedgerError; UsageError for a length of time that is none.
"""

import contextlib
import os
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from campaign.commands.json_documents import status_document
from campaign.commands.ledger_view import cautions, commands_now, find_ledger
from campaign.durations import parse_duration
from campaign.errors import CampaignError, UsageError
from campaign.ledger.opening import open_for_reading
from campaign.model import Status
from campaign.run_now import RunNow
from campaign.settings import Settings, load_settings
from campaign.terminal.counts import show_counts
from campaign.terminal.invocation import Invocation, program
from campaign.terminal.live_lines import LiveLines
from campaign.terminal.next_commands import show_next
from campaign.terminal.run_view import RunView, run_lines
from campaign.terminal.stdout import say, say_json

_EVERY, _LEAST = timedelta(seconds=2), timedelta(milliseconds=100)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Look:
    """What the ledger said at one moment."""

    settings: Settings
    results: Path
    counts: dict[Status, int]
    running: int | None
    sending: int
    unread: bool
    now: RunNow | None
    commands: list[tuple[str, str]]

    def document(self) -> dict[str, object]:
        """It, for a program."""
        return status_document(self.settings.name, self.counts, self.results, self.running, self.sending, self.now)

    def say(self) -> None:
        """It, for a person."""
        say(f"{self.settings.name}: {self.counts[Status.SENT]:,} of {sum(self.counts.values()):,} sent")
        show_counts(self.counts, say)
        for note in cautions(self.running, self.sending, unread=self.unread):
            say(note)
        if self.now is not None:
            for line in run_lines(self.now, time.time()):
                say(line)
        if self.running is None:
            show_next(self.commands, say)


def show_status(campaign: Path, *, output: Path | None, sandbox: bool, json: bool) -> None:
    """Say how many rows have which status, and what can be done next."""
    look = _look(load_settings(campaign), campaign, output, sandbox=sandbox)
    if json:
        say_json(look.document())
    else:
        look.say()


def watch_status(campaign: Path, *, output: Path | None, sandbox: bool, json: bool, every: str | None) -> None:
    """Say it again and again until the run ends, and then a last time. Ctrl-C ends it as well, and the run goes on."""
    settings, pause = load_settings(campaign), _pause(every)
    lines = LiveLines(sys.stdout)
    live = not json and sys.stdout.isatty() and os.environ.get("TERM") != "dumb"
    view = RunView(settings.name, sys.stdout)

    def look() -> _Look:
        return _look(settings, campaign, output, sandbox=sandbox)

    with contextlib.suppress(KeyboardInterrupt):
        try:
            while (seen := look()).running is not None:
                if json:
                    say_json(seen.document())
                elif live:
                    lines.show(partial(view.lines, seen.now, seen.counts))
                else:
                    say(datetime.now(UTC).isoformat(timespec="seconds"))
                    seen.say()
                    say("")
                time.sleep(pause)
        except BaseException:
            lines.leave()
            raise
        lines.clear()
        if json:
            say_json(seen.document())
        else:
            seen.say()


def _look(settings: Settings, campaign: Path, output: Path | None, *, sandbox: bool) -> _Look:
    results, path = find_ledger(settings, output, sandbox=sandbox)
    invocation = Invocation(program=program(), campaign=campaign, output=output, sandbox=sandbox)
    with open_for_reading(path, settings.name, quick=True) as ledger:
        running = ledger.running_process()
        return _Look(
            settings=settings,
            results=results,
            running=running,
            sending=ledger.being_sent() if running is not None else 0,
            unread=not ledger.read_whole(),
            now=None if running is None else ledger.run_now(),
            counts=ledger.counts(),
            commands=commands_now(settings, ledger, invocation, results),
        )


def _pause(every: str | None) -> float:
    """Seconds between two looks."""
    try:
        length = _EVERY if every is None else parse_duration(every)
    except CampaignError as error:
        raise UsageError(error.what, where="--every", fix=error.fix) from None
    if length < _LEAST:
        raise UsageError("the pause between two looks is too short", where=f"--every {every}", fix="take 100ms or more")
    return length.total_seconds()
