"""The command line: parse, one call, exit code. What a command prints is the command's.

Imports here are few, and each command imports its room when it runs, so that `campaign --help` is there at once.
"""

from pathlib import Path
from typing import Annotated

import typer

from campaign import __version__
from campaign.commands import link, options, work_options
from campaign.commands.options import TOML
from campaign.commands.run_order import RESEND_ONLY, SEND_ONLY, RunOrder, told_by
from campaign.terminal.exit_codes import with_exit_code
from campaign.terminal.usage import Command, Program

app = typer.Typer(
    cls=Program,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Send a personal e-mail campaign, and know exactly what became of each message.",
    epilog="Exit codes: 0 nothing left to do; 1 finished, with rows rejected, failed, invalid, in_doubt or "
    "bounced; 2 wrong usage or settings, nothing sent; 3 stopped before the end, rows pending.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,  # they print local variables, and some of those are secrets
    rich_markup_mode=None,
)
app.add_typer(link.app, name="link")


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"campaign {__version__}")
        raise typer.Exit


@app.callback()
def _main(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    pass


@app.command(cls=Command)
@with_exit_code
def init(folder: options.NewFolder) -> None:
    """Make a campaign to start from."""
    from campaign.commands.init import start_campaign

    start_campaign(folder)


@app.command(cls=Command)
@with_exit_code
def check(
    campaign: options.Campaign = TOML,
    output: options.Output = None,
    offline: options.Offline = False,
    nameserver: options.NameServer = None,
    spam: options.Spam = False,
    strict: options.Strict = False,
    json: options.Json = False,
) -> int:
    """Find out beforehand what would go wrong; send nothing."""
    from campaign.commands.check import check_campaign

    return check_campaign(
        campaign, output=output, offline=offline, nameserver=nameserver, spam=spam, strict=strict, json=json
    )


@app.command(cls=Command)
@with_exit_code
def preview(
    campaign: options.Campaign = TOML,
    folder: options.Folder = None,
    limit: options.Limit = None,
    yes: options.YesToMany = False,
    json: options.Json = False,
) -> int:
    """Write every message to a folder, to look at; send nothing."""
    from campaign.commands.preview import preview_campaign

    return preview_campaign(campaign, folder=folder, limit=limit, yes=yes, json=json)


@app.command(cls=Command)
@with_exit_code
@told_by(without=RESEND_ONLY)
def send(order: RunOrder) -> int:
    """Send to everybody who has not been mailed yet. Run it again to go on."""
    from campaign.run.contacts_process import contacts_process

    with contacts_process(
        wanted=not (order.dry_run or order.test_to)
    ) as reader:  # it imports pandas while we import the rest
        from campaign.commands.send import send_campaign

        return send_campaign(order, reader)


@app.command(cls=Command)
@with_exit_code
@told_by(without=SEND_ONLY)
def resend(order: RunOrder) -> int:
    """Send again what failed, was pending or invalid, with fresh links. Never to a row that is sent."""
    from campaign.commands.resend import resend_campaign

    return resend_campaign(order)


@app.command(cls=Command)
@with_exit_code
def work(
    campaign: work_options.CampaignToWorkFor = None,
    ledger: work_options.LedgerUrl = None,
    campaign_name: work_options.CampaignName = None,
    name: work_options.WorkerName = "",
    wait: work_options.WaitForRun = "10m",
    files: work_options.OwnFiles = None,
) -> int:
    """Be one more worker of a run on another machine. Until that ends, or Ctrl-C."""
    from campaign.commands.work import work_for_campaign

    return work_for_campaign(campaign, ledger=ledger, campaign=campaign_name, name=name, wait=wait, files=files)


@app.command(cls=Command)
@with_exit_code
def status(
    campaign: options.Campaign = TOML,
    output: options.Output = None,
    sandbox: options.OfSandbox = False,
    watch: options.Watch = False,
    every: options.Every = None,
    json: options.Json = False,
) -> None:
    """Say how many rows have which status; also while a run goes on."""
    from campaign.commands.status import show_status, watch_status

    if watch:
        watch_status(campaign, output=output, sandbox=sandbox, json=json, every=every)
    else:
        show_status(campaign, output=output, sandbox=sandbox, json=json)


@app.command(cls=Command)
@with_exit_code
def results(
    campaign: options.Campaign = TOML, output: options.Output = None, sandbox: options.OfSandbox = False
) -> None:
    """Write the results CSV from the ledger."""
    from campaign.commands.results import rewrite_results

    rewrite_results(campaign, output=output, sandbox=sandbox)


@app.command(cls=Command)
@with_exit_code
def report(
    campaign: options.Campaign = TOML,
    to: options.Page = None,
    output: options.Output = None,
    sandbox: options.OfSandbox = False,
    json: options.Json = False,
) -> None:
    """Write a page for whoever asks what became of everybody."""
    from campaign.commands.report import report_campaign

    report_campaign(campaign, to, output=output, sandbox=sandbox, json=json)


@app.command(cls=Command)
@with_exit_code
def settle(
    evidence: options.Evidence = None,
    mailbox: options.Mailbox = False,
    suppress: options.Suppress = None,
    output: options.Output = None,
    nothing: options.NothingMoved = False,
    json: options.Json = False,
) -> int:
    """Move rows by what logs, events and bounces prove."""
    from campaign.commands.settle import settle_campaign

    return settle_campaign(
        evidence or (), mailbox=mailbox, suppress=suppress, output=output, dry_run=nothing, json=json
    )


@app.command(cls=Command)
@with_exit_code
def erase(
    people: options.People = None,
    older_than: options.OlderThan = None,
    output: options.Output = None,
    sandbox: options.ErasedFrom = False,
    folder: options.PreviewToErase = None,
    nothing: options.NothingErased = False,
    yes: options.NotAsked = False,
    json: options.Json = False,
) -> int:
    """Take people's data out of all that the campaign has written. Who was mailed is not mailed again."""
    from campaign.commands.erase import erase_people

    return erase_people(
        people or (),
        older_than=older_than,
        output=output,
        sandbox=sandbox,
        folder=folder,
        dry_run=nothing,
        yes=yes,
        json=json,
    )


@app.command("sandbox", cls=Command)
@with_exit_code
def sandbox_(port: options.SandboxPort = 2525, folder: options.SandboxFolder = Path("sandbox")) -> None:
    """Run the embedded SMTP server alone, until Ctrl-C."""
    from campaign.commands.sandbox import serve_sandbox

    serve_sandbox(port, folder)


@app.command(cls=Command)
@with_exit_code
def guide(subject: options.Subject = None) -> None:
    """Show the manual: a page, or the list of its pages."""
    from campaign.commands.guide import show_guide

    show_guide(subject)
