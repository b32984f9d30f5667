"""`campaign status`: how many rows have which status, also while a run goes on; with `--watch`, until it ends.

Raises LedgerError; UsageError for a pause that is none.
"""

import contextlib
import os
import sys
import time
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

from campaign.api import Campaign
from campaign.commands.json_documents import status_document
from campaign.commands.ledger_view import commands_now
from campaign.durations import parse_duration
from campaign.errors import UsageError
from campaign.model import Status
from campaign.run.counts import show_afterwards, show_counts
from campaign.run.status_now import StatusNow
from campaign.settings import Settings
from campaign.terminal.invocation import Invocation, program
from campaign.terminal.live_lines import LiveLines
from campaign.terminal.next_commands import show_next
from campaign.terminal.run_view import RunView, run_lines
from campaign.terminal.stdout import say, say_json
from campaign.window import find_zone

_EVERY, _LEAST = timedelta(seconds=2), timedelta(milliseconds=100)


def show_status(path: Path, *, output: Path | None, sandbox: bool, json: bool) -> None:
    """Say how many rows have which status, and what can be done next."""
    campaign = Campaign.load(path)
    invocation = Invocation(program=program(), campaign=path, output=output, sandbox=sandbox)
    _show(campaign.status(output=output, sandbox=sandbox), campaign.settings, invocation, json=json)


def watch_status(path: Path, *, output: Path | None, sandbox: bool, json: bool, every: str | None) -> None:
    """Say it again and again until the run ends, and then a last time. Ctrl-C ends it as well, and the run goes on."""
    campaign, pause = Campaign.load(path), _pause(every)
    invocation = Invocation(program=program(), campaign=path, output=output, sandbox=sandbox)
    live = not json and sys.stdout.isatty() and os.environ.get("TERM") != "dumb"
    lines, view = LiveLines(sys.stdout), RunView(campaign.name, sys.stdout, zone=_zone(campaign.settings))
    with contextlib.suppress(KeyboardInterrupt):
        try:
            while (now := campaign.status(output=output, sandbox=sandbox)).running is not None:
                if live:
                    lines.show(partial(view.lines, now.run, now.counts))
                else:
                    if not json:
                        say(datetime.now(UTC).isoformat(timespec="seconds"))
                    _show(now, campaign.settings, invocation, json=json)
                    if not json:
                        say("")
                time.sleep(pause)
        except BaseException:
            lines.leave()
            raise
        lines.clear()
        _show(now, campaign.settings, invocation, json=json)


def _show(now: StatusNow, settings: Settings, invocation: Invocation, *, json: bool) -> None:
    if json:
        say_json(status_document(now))
        return
    say(f"{now.campaign}: {now.counts[Status.SENT]:,} of {now.total:,} sent")
    show_counts(now.counts, say)
    show_afterwards(now.afterwards, say)
    for note in now.cautions:
        say(note)
    if now.run is not None:
        for line in run_lines(now.run, time.time(), _zone(settings)):
            say(line)
    show_next(commands_now(settings, now, invocation), say)


def _zone(settings: Settings) -> ZoneInfo:
    return find_zone(settings.window.timezone)


def _pause(every: str | None) -> float:
    """Seconds between two looks."""
    if every is None:
        return _EVERY.total_seconds()
    try:
        length = parse_duration(every)
    except UsageError as error:
        raise UsageError(error.what, where="--every", fix=error.fix) from None
    if length < _LEAST:
        raise UsageError("the pause between two looks is too short", where=f"--every {every}", fix="take 100ms or more")
    return length.total_seconds()
