"""The command line: parse, one call, print, exit code.

Exit codes: 0 nothing left to do; 1 finished, with rows rejected, failed, invalid or in_doubt; 2 wrong usage or
settings, nothing sent; 3 stopped before the end, rows pending. Progress goes to stderr, what a program may want to stdout.

Imports here are few: each command imports its room when it runs, so that `campaign --help` is there at once.
"""

import functools
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from campaign import __version__
from campaign.errors import CampaignError, UsageError

app = typer.Typer(
    help="Send a personal e-mail campaign, and know exactly who got it.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,  # they print local variables, and some of those are secrets
    rich_markup_mode=None,
)
link_app = typer.Typer(help="Make one sign-in link, or look at one.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(link_app, name="link")


class Include(StrEnum):
    """Statuses that `resend` takes only when asked."""

    REJECTED = "rejected"
    IN_DOUBT = "in_doubt"


Campaign = Annotated[Path, typer.Argument(help="The campaign's settings: campaign.toml.", metavar="CAMPAIGN.TOML")]
Output = Annotated[
    Path | None, typer.Option(help="The results CSV; its ledger lies beside it. [default: NAME-results.csv]")
]
Wait = Annotated[bool, typer.Option("--wait/--no-wait", help="Wait for the window to open, or exit with code 3.")]
InSandbox = Annotated[
    bool, typer.Option("--sandbox", help="Deliver to a server embedded in this program; nothing leaves the machine.")
]
Limit = Annotated[int | None, typer.Option(min=1, help="At most so many contacts.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before sending.")]
Opens = Annotated[str | None, typer.Option(help="When the window opens: 2026-11-23T09:00.")]
Closes = Annotated[str | None, typer.Option(help="When the window closes: 2026-11-23T17:00.")]
Lasts = Annotated[str | None, typer.Option(help="How long the window is open: 8h.")]
Host = Annotated[str | None, typer.Option(help="The SMTP server.")]
Port = Annotated[int | None, typer.Option(help="Its port.")]
Connections = Annotated[int | None, typer.Option(help="Connections at once.")]
Rate = Annotated[float | None, typer.Option(help="Messages a second, all connections together.")]
Processes = Annotated[int | None, typer.Option(min=1, max=64, help="Worker processes. [default: as the work demands]")]
Profile = Annotated[bool, typer.Option("--profile", help="Say at the end where the time went.")]
Json = Annotated[bool, typer.Option("--json", help="Print the outcome to stdout, for a program.")]


def _command(function: Callable[..., int | None]) -> Callable[..., None]:
    """End the program with the code that the function gives, or with its error's."""

    @functools.wraps(function)
    def command(*args: Any, **kwargs: Any) -> None:
        try:
            code = function(*args, **kwargs)
        except CampaignError as error:
            typer.echo(f"error: {error}", err=True)
            raise typer.Exit(2 if isinstance(error, UsageError) else 3) from None
        except KeyboardInterrupt:
            raise typer.Exit(3) from None
        raise typer.Exit(code or 0)

    return command


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


@app.command()
@_command
def init(folder: Annotated[Path, typer.Argument(help="A new folder.", metavar="DIR")]) -> None:
    """Make a campaign to start from."""
    from campaign.starter import make_campaign

    made = make_campaign(folder)
    typer.echo(f"made {made}\nnext: campaign preview {made} --to {folder / 'preview'}", err=True)


@app.command()
@_command
def check(
    campaign: Campaign,
    offline: Annotated[bool, typer.Option("--offline", help="Do not connect to the SMTP server.")] = False,
) -> int:
    """Find out everything that can be known before the first message; send nothing."""
    from campaign.commands import check_campaign
    from campaign.settings import load_settings

    return check_campaign(load_settings(campaign), offline=offline)


@app.command()
@_command
def preview(
    campaign: Campaign,
    to: Annotated[Path, typer.Option(help="The folder to write to.", metavar="DIR")],
    limit: Limit = None,
) -> int:
    """Write every message to a folder, to look at; send nothing."""
    from campaign.commands import preview_campaign
    from campaign.settings import load_settings

    return preview_campaign(load_settings(campaign), to, limit=limit)


@app.command()
@_command
def send(
    campaign: Campaign,
    output: Output = None,
    wait: Wait = True,
    sandbox: InSandbox = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="As `preview`: write to a folder, send nothing.")] = False,
    to: Annotated[
        Path | None, typer.Option(help="With --dry-run, the folder. [default: NAME-preview]", metavar="DIR")
    ] = None,
    limit: Limit = None,
    yes: Yes = False,
    opens: Opens = None,
    closes: Closes = None,
    lasts: Lasts = None,
    host: Host = None,
    port: Port = None,
    connections: Connections = None,
    rate: Rate = None,
    processes: Processes = None,
    profile: Profile = False,
    json: Json = False,
) -> int:
    """Send to everybody who has not been mailed yet. Run it again to go on."""
    from campaign.commands import Options, preview_campaign, send_campaign
    from campaign.settings import load_settings

    settings = load_settings(campaign, overrides=_overrides(opens, closes, lasts, host, port, connections, rate))
    if dry_run:
        return preview_campaign(settings, to or settings.folder / f"{settings.name}-preview", limit=limit)
    options = Options(
        campaign=campaign, output=output, wait=wait, sandbox=sandbox, limit=limit, yes=yes,
        processes=processes, profile=profile, json=json,
    )  # fmt: skip
    return send_campaign(settings, options)


@app.command()
@_command
def resend(
    campaign: Campaign,
    source: Annotated[
        Path | None, typer.Option("--from", help="A results CSV: only its rows, as corrected there.")
    ] = None,
    include: Annotated[list[Include] | None, typer.Option(help="Take these rows, too; may be repeated.")] = None,
    output: Output = None,
    wait: Wait = True,
    sandbox: InSandbox = False,
    limit: Limit = None,
    yes: Yes = False,
    opens: Opens = None,
    closes: Closes = None,
    lasts: Lasts = None,
    host: Host = None,
    port: Port = None,
    connections: Connections = None,
    rate: Rate = None,
    processes: Processes = None,
    profile: Profile = False,
    json: Json = False,
) -> int:
    """Send again to the rows that failed, were pending or invalid, with fresh links. Never to a row that is sent."""
    from campaign.commands import Options, send_campaign
    from campaign.model import Status
    from campaign.pipeline.plan import Resend
    from campaign.settings import load_settings

    settings = load_settings(campaign, overrides=_overrides(opens, closes, lasts, host, port, connections, rate))
    options = Options(
        campaign=campaign, output=output, wait=wait, sandbox=sandbox, limit=limit, yes=yes,
        processes=processes, profile=profile, json=json,
    )  # fmt: skip
    again = Resend(include=[Status(word.value) for word in include or ()], source=source)
    return send_campaign(settings, options, again)


@app.command()
@_command
def status(campaign: Campaign, output: Output = None, sandbox: InSandbox = False, json: Json = False) -> int:
    """Say how many rows have which status; also while a run goes on."""
    from campaign.commands import show_status
    from campaign.settings import load_settings

    return show_status(load_settings(campaign), output, sandbox=sandbox, json=json)


@app.command()
@_command
def results(campaign: Campaign, output: Output = None, sandbox: InSandbox = False) -> None:
    """Write the results CSV from the ledger."""
    from campaign.commands import rewrite_results
    from campaign.settings import load_settings

    typer.echo(rewrite_results(load_settings(campaign), output, sandbox=sandbox))


@app.command()
@_command
def report(
    campaign: Campaign,
    to: Annotated[Path, typer.Option(help="The page to write.", metavar="REPORT.HTML")],
    output: Output = None,
    sandbox: InSandbox = False,
) -> None:
    """Write a page for whoever asks whether everybody got it."""
    from campaign.commands import report_campaign
    from campaign.settings import load_settings

    typer.echo(report_campaign(load_settings(campaign), campaign, to, output, sandbox=sandbox))


@app.command("sandbox")
@_command
def sandbox_(
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port; 0 takes a free one.")] = 2525,
    to: Annotated[Path, typer.Option(help="The folder for what arrives.", metavar="DIR")] = Path("sandbox"),
) -> None:
    """Run the embedded SMTP server alone, until Ctrl-C."""
    from campaign.commands import serve_sandbox

    serve_sandbox(port, to)


@link_app.command("mint")
@_command
def link_mint(
    campaign: Campaign,
    email: Annotated[str, typer.Argument(help="Whom the link signs in.", metavar="EMAIL")],
    lasts: Annotated[str | None, typer.Option(help="How long it works: 1h. [default: as in a run begun now]")] = None,
) -> None:
    """Make a sign-in link and print it. Whoever holds it is that contact until it expires."""
    from campaign.commands import mint_link
    from campaign.settings import load_settings

    typer.echo(mint_link(load_settings(campaign), email, lasts))


@link_app.command("inspect")
@_command
def link_inspect(
    url: Annotated[str, typer.Argument(help="The link, or - to read it from standard input.", metavar="URL")],
    campaign: Annotated[Path | None, typer.Option(help="Its campaign.toml, for the domain and the secret.")] = None,
) -> int:
    """Say what a link says, and which of the vendor's troubles it has. Exit code 1 if it has any."""
    from campaign.commands import inspect_link_for
    from campaign.settings import load_settings

    return inspect_link_for(url, load_settings(campaign) if campaign is not None else None)


def _overrides(
    opens: str | None,
    closes: str | None,
    lasts: str | None,
    host: str | None,
    port: int | None,
    connections: int | None,
    rate: float | None,
) -> dict[str, object]:
    return {
        "window.opens": opens,
        "window.closes": closes,
        "window.lasts": lasts,
        "smtp.host": host,
        "smtp.port": port,
        "smtp.connections": connections,
        "smtp.rate": rate,
    }
