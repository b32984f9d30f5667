"""`campaign status`: how many rows have which status, also while a run goes on. Raises LedgerError."""

from pathlib import Path

from campaign.commands.json_documents import status_document
from campaign.commands.ledger_view import cautions, commands_now, find_ledger
from campaign.ledger.opening import open_for_reading
from campaign.model import Status
from campaign.settings import load_settings
from campaign.terminal.counts import show_counts
from campaign.terminal.invocation import Invocation, program
from campaign.terminal.next_commands import show_next
from campaign.terminal.stdout import say, say_json


def show_status(campaign: Path, *, output: Path | None, sandbox: bool, json: bool) -> None:
    """Say how many rows have which status, and what can be done next."""
    settings = load_settings(campaign)
    results, path = find_ledger(settings, output, sandbox=sandbox)
    with open_for_reading(path, settings.name, quick=True) as ledger:
        running = ledger.running_process()
        sending = ledger.being_sent() if running is not None else 0
        unread = not ledger.read_whole()
        counts = ledger.counts()
        commands = commands_now(settings, ledger, Invocation(
            program=program(), campaign=campaign, output=output, sandbox=sandbox
        ), results)  # fmt: skip
    if json:
        say_json(status_document(settings.name, counts, results, running, sending))
        return
    say(f"{settings.name}: {counts[Status.SENT]:,} of {sum(counts.values()):,} sent")
    show_counts(counts, say)
    for note in cautions(running, sending, unread=unread):
        say(note)
    if running is None:
        show_next(commands, say)
