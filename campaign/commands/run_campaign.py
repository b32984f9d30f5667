"""What `send` and `resend` do: one run, shown while it goes on, and summed up.

Raises UsageError before the first message; after it, the exit code tells.
"""

from campaign.commands.destination import destination, sandbox_folder
from campaign.commands.folders import require_folder
from campaign.commands.fresh_sandbox import remove_sandbox_run
from campaign.commands.json_documents import run_document
from campaign.commands.run_order import RunOrder
from campaign.commands.signing_secret import signing_secret
from campaign.dkim import SigningKey
from campaign.errors import SettingsError
from campaign.ledger.location import take_over
from campaign.links import throwaway_secret
from campaign.run.contacts_process import ContactsProcess
from campaign.run.plan import Resend, RunPlan, read_signing_keys
from campaign.run.runner import run
from campaign.settings import Settings, load_settings, output_paths, require_secrets
from campaign.terminal.console import Console
from campaign.terminal.invocation import Invocation, program
from campaign.terminal.next_commands import WINDOW, fresh_window
from campaign.terminal.stdout import say_json
from campaign.terminal.summary import show_summary


def run_campaign(order: RunOrder, resend: Resend | None, reader: ContactsProcess | None = None) -> int:
    """Send, show how it goes, and say how it ended. Gives the exit code. `resend`: which rows go again; `reader`: a
    process that reads the contacts file already.
    """
    settings = load_settings(order.campaign, overrides=order.overrides())
    require_secrets(settings, sandbox=order.sandbox)
    keys, unsigned = _signing_keys(settings, sandbox=order.sandbox)
    results, ledger, earlier = output_paths(settings, order.output, order.sandbox)
    require_folder(results.parent)
    taken_over = take_over(ledger, earlier, settings.name)
    invocation = Invocation(
        program=program(),
        campaign=order.campaign,
        output=order.output,
        sandbox=order.sandbox,
        settings=order.setting_options(),
    )
    with destination(settings, sandbox=order.sandbox, ledger=ledger, fresh=order.fresh) as to:
        through = f"the sandbox, port {to.server.port}" if order.sandbox else to.server.host

        def begin_afresh() -> None:
            remove_sandbox_run(settings, order.output)
            to.forget()

        console = Console(
            title=settings.name,
            through=through,
            yes=order.yes or order.sandbox,
            grace=settings.link.grace,
            fresh=invocation.line("resend", *fresh_window(settings.window), without=WINDOW),
        )
        if console.asks:
            from campaign.commands.ending import Ending  # where nobody is asked, nobody need wait for it

            console.ending = Ending(settings, to.server, ledger, processes=order.processes).words
        if taken_over is not None:
            console.notice(f"the campaign's ledger was {taken_over}; it is now {ledger}")
        if order.sandbox:
            console.say("sandbox: nothing leaves this machine; the links are signed with a secret made for this run")
        if unsigned:
            console.notice(unsigned)
        plan = RunPlan(
            settings=settings,
            results=results,
            ledger=ledger,
            server=to.server,
            signing_keys=keys,
            secret=throwaway_secret() if order.sandbox else signing_secret(settings),
            limit=order.limit,
            sandbox=order.sandbox,
            allow_empty=order.allow_empty,
            wait=order.wait,
            processes=order.processes,
            profile=order.profile,
            resend=resend,
            begin_afresh=begin_afresh if order.fresh else None,
            reader=reader,
        )
        with console:
            ended = run(plan, console)
    if order.sandbox and ended.sent_now:
        console.say(f"what arrived: {sandbox_folder(settings) / 'index.html'}")
    show_summary(ended, invocation, settings.window, console.say)
    if order.json:
        say_json(run_document(settings.name, ended, limited=order.limit is not None))
    return ended.exit_code


def _signing_keys(settings: Settings, *, sandbox: bool) -> tuple[tuple[SigningKey, ...], str]:
    """Read the keys for DKIM. A sandbox run needs no secrets: without a key it goes unsigned, and says so."""
    try:
        return read_signing_keys(settings), ""
    except SettingsError as error:
        if not sandbox:
            raise
        return (), f"the sandbox's messages are not signed, though real ones would be: {error.what} ({error.where})"
