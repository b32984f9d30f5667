"""`campaign check`: everything that can be known before the first message, and no stop at the first thing wrong.

    setup     secrets, window, links, earlier runs
    contacts  the contacts file, and the message of every contact
    server    the session, up to an envelope of our own

Raises UsageError only where the settings can't be read at all; whatever else is wrong is said, and the exit code is 2.
"""

from functools import partial
from pathlib import Path

import typer

from campaign.commands.check import contacts, server, setup
from campaign.commands.check.findings import Findings, counted
from campaign.model import Status
from campaign.settings import load_settings


def check_campaign(campaign: Path, *, output: Path | None, offline: bool) -> int:
    """Check, and say all of it. Gives 2 where nothing could be sent, 1 where some rows can't be, else 0."""
    settings, found = load_settings(campaign), Findings()
    known = setup.Known()
    steps = [
        partial(setup.secrets, settings, known, found),
        partial(setup.window, settings, known, found),
        partial(setup.links, settings, known, found),
        partial(setup.earlier, settings, output, found),
        partial(contacts.contacts, settings, known, found),
    ]
    if not offline:
        steps.append(partial(server.server, settings, known, found))
    for step in steps:
        found.take(step)
    if found.wrong:
        typer.echo(f"{counted(found.wrong, 'thing', 'things')} to put right; nothing was sent")
        return 2
    invalid = known.seen.counts[Status.INVALID]
    typer.echo("ready to send" + (", but for the invalid rows" if invalid else ""))
    return int(invalid > 0)
