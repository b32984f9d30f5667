"""`campaign settle`: rows moved by what logs, providers' events and bounces prove of them, also while a run goes on.

Gives 1 where something could not be read. Raises UsageError where no evidence is named, or it is not there;
LedgerError, ContactsError, ResultsError.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

from campaign.api import Campaign
from campaign.commands.ledger_view import commands_now
from campaign.commands.settle_document import settle_document
from campaign.errors import UsageError
from campaign.run.settle import SettleOrder, settle
from campaign.settings import STDOUT
from campaign.terminal.invocation import Invocation, program
from campaign.terminal.next_commands import show_next
from campaign.terminal.reading_line import ReadingLine
from campaign.terminal.settlement import show_settlement
from campaign.terminal.stdout import say, say_json

_SUFFIX = ".toml"
_WHO = "campaign settle"


def settle_campaign(
    words: Sequence[str], *, mailbox: bool, suppress: Path | None, dry_run: bool, output: Path | None, json: bool
) -> int:
    """Settle it by files, folders and the mailbox. `words`: campaign.toml, if it is named, and the evidence."""
    path, evidence = read_words(words)
    if not evidence and not mailbox and suppress is None:
        raise UsageError(
            "no evidence is named",
            where=_WHO,
            fix="name mail logs, providers' exports, mbox files, Maildir folders or mails, or add --mailbox: "
            "campaign guide settle",
        )
    if suppress == STDOUT:
        raise UsageError("a list that is added to must be a file", where="--suppress -", fix="name it: stop.csv")
    campaign = Campaign.load(path)
    with ReadingLine() as line:
        order = SettleOrder(
            evidence=tuple(evidence),
            mailbox=mailbox,
            suppress=suppress,
            output=output,
            dry_run=dry_run,
            stdin=None if sys.stdin is None else sys.stdin.buffer,
            on_file=line.reads,
        )
        settled = settle(campaign.settings, order)
    if json:
        say_json(settle_document(settled))
        return settled.exit_code
    show_settlement(settled, say)
    if not dry_run:
        invocation = Invocation(program=program(), campaign=path, output=output)
        now = campaign.status(output=output)
        read = settled.files + settled.mails > 0
        next_ones = commands_now(campaign.settings, now, invocation, settled=read, suppressed=suppress is not None)
        show_next(next_ones, say)
    return settled.exit_code


def read_words(words: Sequence[str]) -> tuple[Path, list[Path]]:
    """Tell campaign.toml from evidence. Raises UsageError."""
    files = [word for word in words if word.endswith(_SUFFIX)]
    if len(files) > 1:
        raise UsageError("there are two campaigns", where=f"{_WHO} {' '.join(files)}", fix="name one at a time")
    return Path(files[0] if files else "campaign.toml"), [Path(word) for word in words if not word.endswith(_SUFFIX)]
