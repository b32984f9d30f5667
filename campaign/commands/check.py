"""`campaign check`: everything that can be known before the first message, and no stop at the first thing wrong.

Raises UsageError only where the settings or an option can't be read at all; whatever else is wrong is said, and the
exit code is 2.
"""

from pathlib import Path

from campaign.api import Campaign
from campaign.check import counted
from campaign.commands.check_document import check_document
from campaign.model import Status
from campaign.terminal.findings import FindingsConsole
from campaign.terminal.first_steps import after_check
from campaign.terminal.invocation import Invocation, program
from campaign.terminal.next_commands import show_next
from campaign.terminal.stdout import say_json


def check_campaign(
    path: Path,
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
    campaign = Campaign.load(path)
    console = FindingsConsole(title=campaign.name, aside=json)
    found = campaign.check(output=output, offline=offline, nameserver=nameserver, spam=spam, observer=console)
    invalid = found.counts[Status.INVALID]
    if found.wrong:
        console.say(f"{counted(found.wrong, 'thing', 'things')} to put right; nothing was sent")
    elif found.left == 0:
        console.say("nobody is left to send to")
    else:
        console.say(
            "ready to send" + (f", but for {counted(invalid, 'invalid row', 'invalid rows')}" if invalid else "")
        )
    show_next(
        after_check(
            Invocation(program=program(), campaign=path, output=output),
            ready=found.ready,
            mailable=found.counts[Status.PENDING] > 0,
            left=found.left,
        ),
        console.say,
    )
    code = 2 if not found.ready else int(strict and not found.clean)
    if json:
        say_json(check_document(found, code))
    return code
