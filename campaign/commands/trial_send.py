"""`campaign send --test-to`: the messages of a few rows to whoever tries the campaign out.

Raises UsageError before the first message; after it, the exit code tells.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from statistics import median

from campaign.api import Campaign
from campaign.check import counted
from campaign.commands.json_documents import trial_document
from campaign.commands.run_order import RunOrder
from campaign.run.destination import sandbox_folder
from campaign.run.forecast_words import milliseconds
from campaign.run.trial_messages import trial_window
from campaign.run.trial_run import TrialMessage, TrialResult
from campaign.settings import Settings
from campaign.smtp.session.server import Server
from campaign.terminal.console import Console
from campaign.terminal.exit_codes import STOPPED, WRONG
from campaign.terminal.invocation import Invocation, program
from campaign.terminal.stdout import say_json


def send_trial(order: RunOrder) -> int:
    """Send the test messages, and say what became of each. Gives 0 where all were accepted, 1 where not, 2 where the
    server takes none from us at all, 3 where somebody said no.
    """
    campaign = Campaign.load(order.campaign, settings=order.overrides())
    with _TrialConsole(order, campaign.settings) as console:
        results = campaign.send_test(
            order.test_to or [],
            rows=order.rows,
            live_links=order.live_links,
            sandbox=order.sandbox,
            observer=console,
        )
    if results:
        _sum_up(order, campaign.settings, results, console)
    code = exit_code_of(results)
    if order.json:
        say_json(trial_document(campaign.name, results, live_links=order.live_links, exit_code=code))
    return code


class _TrialConsole(Console):
    """Shows a trial, and asks before live links go out."""

    def __init__(self, order: RunOrder, settings: Settings) -> None:
        super().__init__(title=settings.name, yes=order.yes)
        self._settings = settings
        self._order = order
        self._several = False

    def begins(self, messages: Sequence[TrialMessage], testers: Sequence[str], server: Server) -> bool:
        """Say what would be sent to whom; ask where it could sign somebody in."""
        self._several = len(testers) > 1
        order = self._order
        through = f"the sandbox, port {server.port}" if order.sandbox else server.host
        links = "" if order.live_links else "; their links sign nobody in"
        number = counted(len(messages), "test message", "test messages")
        self.say(f"{self._settings.name}: {number} to {', '.join(testers)} through {through}{links}")
        if not order.live_links:
            return True
        people = list(dict.fromkeys(one.email for one in messages if one.attempt is not None))
        named = ", ".join(people[:5]) + (f" and {len(people) - 5} more" if len(people) > 5 else "")
        until = trial_window(self._settings).describe_links(datetime.now(UTC), self._settings.link.grace)
        self.notice(f"LIVE LINKS: whoever reads the mail of {', '.join(testers)} can sign in as {named}; {until}")
        if self.ask("Send live sign-in links?"):
            return True
        self.say("nothing was sent")
        return False

    def heard(self, result: TrialResult) -> None:
        """Show what became of a message."""
        message = result.message
        who = f"row {message.row}, {message.email or 'no address'}" + (f", to {message.to}" if self._several else "")
        word = "accepted: " if result.accepted else "in doubt: " if result.accepted is None else ""
        self.say(f"  {who}: {word}{result.words}" + (f"\n    {result.fix}" if result.fix else ""))


def exit_code_of(results: Sequence[TrialResult]) -> int:
    """Give the exit code. 2 is for a server that refuses us, as it is for settings: nobody would get anything."""
    if not results:
        return STOPPED
    if all(result.accepted for result in results):
        return 0
    nothing_left = all(result.accepted is False for result in results)
    return WRONG if nothing_left and any(result.stops for result in results) else 1


def _sum_up(order: RunOrder, settings: Settings, results: Sequence[TrialResult], console: Console) -> None:
    accepted = sum(bool(result.accepted) for result in results)
    console.say(f"{accepted} of {len(results)} accepted; no ledger and no results were touched")
    if seconds := [result.seconds for result in results if result.accepted and result.seconds is not None]:
        console.say(f"the server took {milliseconds(median(seconds))} for a message, the way there and back included")
    if accepted and order.sandbox:
        console.say(f"what arrived: {sandbox_folder(settings) / 'index.html'}")
    elif accepted == len(results):
        invocation = Invocation(program=program(), campaign=order.campaign, settings=order.setting_options())
        line = invocation.line("send", "--limit", "3")
        console.say(f"to send to the first three, yourself and two colleagues:\n    {line}")
