"""The command line: parse, one call, exit code. What a command prints is the command's.

Imports here are few, and each command imports its room when it runs, so that `campaign --help` is there at once.
"""

from pathlib import Path
from typing import Annotated

import typer

from campaign import __version__
from campaign.commands import options
from campaign.commands.options import TOML
from campaign.terminal.exit_codes import command
from campaign.terminal.usage import Command, Program

app = typer.Typer(
    cls=Program,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Send a personal e-mail campaign, and know exactly what became of each message.",
    epilog="Exit codes: 0 nothing left to do; 1 finished, with rows rejected, failed, invalid or in_doubt; "
    "2 wrong usage or settings, nothing sent; 3 stopped before the end, rows pending.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,  # they print local variables, and some of those are secrets
    rich_markup_mode=None,
)
link_app = typer.Typer(help="Make one sign-in link, or look at one.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(link_app, name="link")


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
@command
def init(folder: Annotated[Path, typer.Argument(help="A new folder.", metavar="DIR")]) -> None:
    """Make a campaign to start from."""
    from campaign.commands.init import start_campaign

    start_campaign(folder)


@app.command(cls=Command)
@command
def check(
    campaign: options.Campaign = TOML,
    output: options.Output = None,
    offline: options.Offline = False,
    strict: options.Strict = False,
    json: options.Json = False,
) -> int:
    """Find out everything that can be known before the first message; send nothing."""
    from campaign.commands.check import check_campaign

    return check_campaign(campaign, output=output, offline=offline, strict=strict, json=json)


@app.command(cls=Command)
@command
def preview(
    campaign: options.Campaign = TOML,
    folder: options.Folder = None,
    limit: options.Limit = None,
    yes: options.Yes = False,
    json: options.Json = False,
) -> int:
    """Write every message to a folder, to look at; send nothing."""
    from campaign.commands.preview import preview_campaign

    return preview_campaign(campaign, folder=folder, limit=limit, yes=yes, json=json)


@app.command(cls=Command)
@command
def send(
    campaign: options.Campaign = TOML,
    output: options.Output = None,
    wait: options.Wait = True,
    sandbox: options.InSandbox = False,
    fresh: options.Fresh = False,
    dry_run: options.DryRun = False,
    folder: options.Folder = None,
    limit: options.Limit = None,
    allow_empty: options.AllowEmpty = False,
    yes: options.Yes = False,
    opens: options.Opens = None,
    closes: options.Closes = None,
    lasts: options.Lasts = None,
    host: options.Host = None,
    port: options.Port = None,
    connections: options.Connections = None,
    rate: options.Rate = None,
    processes: options.Processes = None,
    profile: options.Profile = False,
    json: options.Json = False,
) -> int:
    """Send to everybody who has not been mailed yet. Run it again to go on."""
    from campaign.run.contacts_process import contacts_process

    with contacts_process(wanted=not dry_run) as reader:  # it imports pandas while we import the rest
        from campaign.commands.send import Order, send_campaign

        order = Order(
            campaign=campaign, output=output, wait=wait, sandbox=sandbox, limit=limit, yes=yes, opens=opens,
            closes=closes, lasts=lasts, host=host, port=port, connections=connections, rate=rate,
            processes=processes, profile=profile, json=json, dry_run=dry_run, folder=folder, fresh=fresh,
            allow_empty=allow_empty,
        )  # fmt: skip
        return send_campaign(order, reader)


@app.command(cls=Command)
@command
def resend(
    campaign: options.Campaign = TOML,
    source: options.Source = None,
    include: options.Included = None,
    output: options.Output = None,
    wait: options.Wait = True,
    sandbox: options.InSandbox = False,
    limit: options.Limit = None,
    yes: options.Yes = False,
    opens: options.Opens = None,
    closes: options.Closes = None,
    lasts: options.Lasts = None,
    host: options.Host = None,
    port: options.Port = None,
    connections: options.Connections = None,
    rate: options.Rate = None,
    processes: options.Processes = None,
    profile: options.Profile = False,
    json: options.Json = False,
) -> int:
    """Send again to the rows that failed, were pending or invalid, with fresh links. Never to a row that is sent."""
    from campaign.commands.send import Order, resend_campaign

    order = Order(
        campaign=campaign, output=output, wait=wait, sandbox=sandbox, limit=limit, yes=yes, opens=opens,
        closes=closes, lasts=lasts, host=host, port=port, connections=connections, rate=rate,
        processes=processes, profile=profile, json=json,
    )  # fmt: skip
    return resend_campaign(order, source, [word.value for word in include or ()])


@app.command(cls=Command)
@command
def status(
    campaign: options.Campaign = TOML,
    output: options.Output = None,
    sandbox: options.OfSandbox = False,
    json: options.Json = False,
) -> None:
    """Say how many rows have which status; also while a run goes on."""
    from campaign.commands.status import show_status

    show_status(campaign, output=output, sandbox=sandbox, json=json)


@app.command(cls=Command)
@command
def results(
    campaign: options.Campaign = TOML, output: options.Output = None, sandbox: options.OfSandbox = False
) -> None:
    """Write the results CSV from the ledger."""
    from campaign.commands.status import rewrite_results

    rewrite_results(campaign, output=output, sandbox=sandbox)


@app.command(cls=Command)
@command
def report(
    campaign: options.Campaign = TOML,
    to: options.Page = None,
    output: options.Output = None,
    sandbox: options.OfSandbox = False,
    json: options.Json = False,
) -> None:
    """Write a page for whoever asks what became of everybody."""
    from campaign.commands.status import report_campaign

    report_campaign(campaign, to, output=output, sandbox=sandbox, json=json)


@app.command("sandbox", cls=Command)
@command
def sandbox_(port: options.SandboxPort = 2525, folder: options.SandboxFolder = Path("sandbox")) -> None:
    """Run the embedded SMTP server alone, until Ctrl-C."""
    from campaign.commands.sandbox import serve_sandbox

    serve_sandbox(port, folder)


@app.command(cls=Command)
@command
def guide(subject: options.Subject = None) -> None:
    """Show the manual: a page, or the list of its pages."""
    from campaign.commands.guide import show_guide

    show_guide(subject)


@link_app.command("mint", cls=Command)
@command
def link_mint(
    campaign: options.NamedCampaign,
    email: Annotated[str, typer.Argument(help="The address that the link signs in.", metavar="EMAIL")],
    lasts: Annotated[
        str | None, typer.Option(help="How long it works: 1h. [default: as in a run begun now]", metavar="LENGTH")
    ] = None,
) -> None:
    """Make a sign-in link and print it. Whoever holds it is that contact until it expires."""
    from campaign.commands.links import mint_link

    mint_link(campaign, email, lasts)


@link_app.command("inspect", cls=Command)
@command
def link_inspect(
    url: Annotated[
        str, typer.Argument(help="The link, or a text with it in it; - reads from standard input.", metavar="URL")
    ],
    campaign: Annotated[
        Path | None,
        typer.Option(
            help="Its campaign.toml, for the domain and the secret. [default: what the environment has of them]",
            metavar="CAMPAIGN.TOML",
        ),
    ] = None,
    json: options.Json = False,
) -> int:
    """Say what a link says and what is wrong with it. Exit code 1 if anything is."""
    from campaign.commands.links import inspect_link_for

    return inspect_link_for(url, campaign, json=json)
