"""`campaign send` and `campaign resend`: one run, shown while it goes on, and summed up.

Raises UsageError before the first message; after it, the exit code tells.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from campaign.commands.json_documents import run_document
from campaign.commands.options import SETTINGS
from campaign.commands.preview import preview_campaign
from campaign.commands.sandbox import begin_afresh, destination, sandbox_folder
from campaign.errors import LinkError, SettingsError
from campaign.ledger.location import take_over
from campaign.links import LinkMinter, throwaway_secret
from campaign.model import Status
from campaign.run.contacts_process import ContactsProcess
from campaign.run.plan import Resend, RunPlan
from campaign.run.runner import run
from campaign.settings import Settings, load_settings, output_paths, require_secrets, secret_files
from campaign.terminal.console import Console
from campaign.terminal.invocation import Invocation, program
from campaign.terminal.stdout import say_json
from campaign.terminal.summary import WINDOW, fresh_window, show_summary


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What `send` and `resend` were told on the command line; None is: not told."""

    campaign: Path
    output: Path | None = None
    wait: bool = True
    sandbox: bool = False
    limit: int | None = None
    yes: bool = False
    opens: str | None = None
    closes: str | None = None
    lasts: str | None = None
    host: str | None = None
    port: int | None = None
    connections: int | None = None
    rate: float | None = None
    processes: int | None = None
    profile: bool = False
    json: bool = False
    dry_run: bool = False
    folder: Path | None = None
    fresh: bool = False
    allow_empty: bool = False

    def settings(self) -> dict[str, object]:
        """Give what was said of settings, by option."""
        return {option: getattr(self, option.removeprefix("--")) for option in SETTINGS}

    def overrides(self) -> dict[str, object]:
        """Give the same by the names of the settings."""
        return {SETTINGS[option]: value for option, value in self.settings().items()}


def send_campaign(order: Order, reader: ContactsProcess | None = None) -> int:
    """Send to everybody who has not been mailed; with `dry_run`, to a folder. Gives the exit code. `reader`: a process
    to read the contacts file, begun before this module was imported.
    """
    if order.dry_run:
        return preview_campaign(
            order.campaign,
            folder=order.folder,
            limit=order.limit,
            yes=order.yes,
            overrides=order.overrides(),
            json=order.json,
            allow_empty=order.allow_empty,
        )
    return _run(order, None, reader)


def resend_campaign(order: Order, source: Path | None, include: Sequence[str]) -> int:
    """Send again to what was not sent, and to the statuses that `include` names. Gives the exit code."""
    return _run(order, Resend(include=[Status(word) for word in include], source=source))


def _run(order: Order, resend: Resend | None, reader: ContactsProcess | None = None) -> int:
    settings = load_settings(order.campaign, overrides=order.overrides())
    require_secrets(settings, sandbox=order.sandbox)
    results, ledger, earlier = output_paths(settings, order.output, order.sandbox)
    require_folder(results.parent)
    taken_over = take_over(ledger, earlier, settings.name)
    invocation = Invocation(
        program=program(),
        campaign=order.campaign,
        output=order.output,
        sandbox=order.sandbox,
        settings=order.settings(),
    )
    if order.fresh:
        begin_afresh(settings, order.output)
    with destination(settings, sandbox=order.sandbox, ledger=ledger, fresh=order.fresh) as server:
        through = f"the sandbox, port {server.port}" if order.sandbox else server.host
        console = Console(
            title=settings.name,
            through=through,
            yes=order.yes or order.sandbox,
            grace=settings.link.grace,
            fresh=invocation.line("resend", *fresh_window(settings.window), without=WINDOW),
        )
        if taken_over is not None:
            console.notice(f"the campaign's ledger was {taken_over}; it is now {ledger}")
        if order.sandbox:
            console.say("sandbox: nothing leaves this machine; the links are signed with a secret made for this run")
        plan = RunPlan(
            settings=settings,
            results=results,
            ledger=ledger,
            server=server,
            secret=throwaway_secret() if order.sandbox else signing_secret(settings),
            limit=order.limit,
            sandbox=order.sandbox,
            allow_empty=order.allow_empty,
            wait=order.wait,
            processes=order.processes,
            profile=order.profile,
            resend=resend,
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


def require_folder(folder: Path) -> None:
    """Raise SettingsError where no results could be written into the folder."""
    if not folder.is_dir():
        raise SettingsError(
            "there is no such folder for the results", where=str(folder), fix="make it, or name another"
        )
    if not os.access(folder, os.W_OK | os.X_OK):
        raise SettingsError(
            "the results can't be written there",
            where=str(folder),
            fix="get the right to write there, or name a file elsewhere with --output",
        )


def signing_secret(settings: Settings) -> str:
    """Take the secret out of its wrapping, to sign with. Raises LinkError, which names the file it came from."""
    secret = link_secret(settings)
    try:
        LinkMinter(domain=settings.link.domain, secret=secret, expiry=lambda issued: issued)
    except LinkError as error:
        name = f"{error.where}_FILE"
        file = secret_files(settings).get(name)
        where = error.where if file is None else f"{name}: {file}"
        raise LinkError(error.what, where=where, fix=error.fix) from None
    return secret


def link_secret(settings: Settings) -> str:
    """Take the secret that links are signed with out of its wrapping; `require_secrets` has seen that it is there."""
    assert settings.link.secret is not None
    return settings.link.secret.get_secret_value()
