"""What `send` and `resend` do: one run, shown while it goes on, and summed up.

Raises UsageError before the first message; after it, the exit code tells.
"""

import contextlib

from campaign.api import Campaign
from campaign.commands.json_documents import run_document
from campaign.commands.run_order import RunOrder
from campaign.run.contacts_process import ContactsProcess
from campaign.run.destination import Destination, sandbox_folder
from campaign.run.plan import Resend
from campaign.run.start import RunOptions
from campaign.terminal.console import Console
from campaign.terminal.invocation import Invocation, program
from campaign.terminal.next_commands import WINDOW, fresh_window
from campaign.terminal.stdout import say_json
from campaign.terminal.summary import show_summary


def run_campaign(order: RunOrder, resend: Resend | None, reader: ContactsProcess | None = None) -> int:
    """Send, show how it goes, and say how it ended. Gives the exit code. `resend`: which rows go again; `reader`: a
    process that reads the contacts file already.
    """
    campaign = Campaign.load(order.campaign, settings=order.overrides())
    settings = campaign.settings
    invocation = Invocation(
        program=program(),
        campaign=order.campaign,
        output=order.output,
        sandbox=order.sandbox,
        settings=order.setting_options(),
    )
    options = RunOptions(
        resend=resend,
        output=order.output,
        limit=order.limit,
        sandbox=order.sandbox,
        fresh=order.fresh,
        allow_empty=order.allow_empty,
        wait=order.wait,
        processes=order.processes,
        profile=order.profile,
        own_process=True,
        reader=reader,
    )
    with contextlib.ExitStack() as shown:

        def console_for(to: Destination) -> Console:
            console = Console(
                title=settings.name,
                through=f"the sandbox, port {to.server.port}" if order.sandbox else to.in_words,
                yes=order.yes or order.sandbox,
                grace=settings.link.grace,
                fresh=invocation.line("resend", *fresh_window(settings.window), without=WINDOW),
            )
            if order.sandbox:
                words = "nothing leaves this machine; the links are signed with a secret made for this run"
                console.say(f"sandbox: {words}")
            return shown.enter_context(console)

        ended = campaign.run(options, console_for)
    console = Console(title=settings.name)
    if order.sandbox and ended.sent_now:
        console.say(f"what arrived: {sandbox_folder(settings) / 'index.html'}")
    show_summary(ended, invocation, settings.window, console.say)
    if order.json:
        say_json(run_document(settings.name, ended))
    return ended.exit_code
