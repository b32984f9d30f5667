"""`campaign check`: everything that can be known before the first message, and no stop at the first thing wrong.

    setup        secrets, window, links, earlier runs
    contacts     the contacts file, and the message of every contact
    server       the session, up to an envelope of our own
    domains      what the DNS says of the domains that a message names
    forecast     when a run would end
    spam_filter  what SpamAssassin says, if asked for

Raises UsageError only where the settings or an option can't be read at all; whatever else is wrong is said, and the
exit code is 2.
"""

from functools import partial
from pathlib import Path

from campaign.commands.check import contacts, server, setup, spam_filter
from campaign.commands.check.domains import domains, name_server
from campaign.commands.check.forecast import forecast
from campaign.commands.json_documents import check_document
from campaign.model import Status
from campaign.settings import load_settings
from campaign.terminal.findings import Findings, counted
from campaign.terminal.stdout import say_json


def check_campaign(
    campaign: Path,
    *,
    output: Path | None,
    offline: bool,
    nameserver: str | None = None,
    spam: bool = False,
    strict: bool = False,
    json: bool = False,
) -> int:
    """Check, and say all of it. Gives 2 where nothing could be sent, else 0; with `strict`, 1 for rows that can't be
    mailed and for whatever is noted.
    """
    asked = name_server(nameserver)
    settings, found = load_settings(campaign), Findings(aside=json)
    known = setup.Known()
    steps = [
        partial(setup.secrets, settings, known, found),
        partial(setup.window, settings, known, found),
        partial(setup.links, settings, known, found),
        partial(setup.earlier, settings, output, known, found),
        partial(contacts.contacts, settings, known, found),
        partial(contacts.earlier, settings, known, found),
    ]
    if not offline:
        steps.append(partial(server.server, settings, known, found))
        steps.append(partial(domains, settings, asked, known, found))
    steps.append(partial(forecast, settings, known, found))
    if spam:
        steps.append(partial(spam_filter.samples, settings, known, found))
    for step in steps:
        found.take(step)
    counts = {status: known.seen.counts[status] for status in Status}
    invalid = counts[Status.INVALID]
    if found.wrong:
        found.say(f"{counted(found.wrong, 'thing', 'things')} to put right; nothing was sent")
    elif known.seen.before is not None and not known.seen.before.due:
        found.say("nobody is left to send to")
    else:
        found.say("ready to send" + (f", but for {counted(invalid, 'invalid row', 'invalid rows')}" if invalid else ""))
    code = 2 if found.wrong else int(strict and bool(invalid or found.notes))
    if json:
        say_json(check_document(settings.name, known.seen, known.forecast, found, code))
    return code
