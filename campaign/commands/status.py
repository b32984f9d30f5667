"""`campaign status`: how many rows have which status, also while a run goes on. Raises LedgerError."""

from pathlib import Path

from campaign.api import Campaign
from campaign.commands.json_documents import status_document
from campaign.commands.ledger_view import commands_now
from campaign.model import Status
from campaign.run.counts import show_counts
from campaign.terminal.invocation import Invocation, program
from campaign.terminal.next_commands import show_next
from campaign.terminal.stdout import say, say_json


def show_status(path: Path, *, output: Path | None, sandbox: bool, json: bool) -> None:
    """Say how many rows have which status, and what can be done next."""
    campaign = Campaign.load(path)
    now = campaign.status(output=output, sandbox=sandbox)
    if json:
        say_json(status_document(now))
        return
    say(f"{campaign.name}: {now.counts[Status.SENT]:,} of {now.total:,} sent")
    show_counts(now.counts, say)
    for note in now.cautions:
        say(note)
    invocation = Invocation(program=program(), campaign=path, output=output, sandbox=sandbox)
    show_next(commands_now(campaign.settings, now, invocation), say)
