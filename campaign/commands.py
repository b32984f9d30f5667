"""What each command of the command line does: settings in, exit code out; prints through `console`.

Raises CampaignError; the command line prints it and ends with its exit code.
"""

import contextlib
import json as json_format
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import typer

from campaign.console import Command, Console, next_commands, show_counts, show_summary
from campaign.durations import brief_duration
from campaign.errors import SettingsError
from campaign.ledger import summary
from campaign.ledger.store import reading_ledger
from campaign.links import throwaway_secret
from campaign.message import message_id
from campaign.model import Contact, Status
from campaign.pipeline.plan import Resend, RunPlan, configured_server
from campaign.pipeline.run import run
from campaign.results import write_results
from campaign.settings import Settings, output_paths, require_secrets
from campaign.smtp.connect import Server


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What `send` and `resend` were told on the command line."""

    campaign: Path
    output: Path | None
    wait: bool
    sandbox: bool
    limit: int | None
    yes: bool
    processes: int | None
    profile: bool
    json: bool


def send_campaign(settings: Settings, options: Options, resend: Resend | None = None) -> int:
    """Run the campaign and show it. Gives the exit code."""
    require_secrets(settings, sandbox=options.sandbox)
    results, ledger = output_paths(settings, options.output, options.sandbox)
    with _server(settings, sandbox=options.sandbox) as server:
        plan = RunPlan(
            settings=settings,
            results=results,
            ledger=ledger,
            server=server,
            secret=throwaway_secret() if options.sandbox else _secret(settings),
            limit=options.limit,
            wait=options.wait,
            processes=options.processes,
            profile=options.profile,
            resend=resend,
        )
        through = f"the sandbox on port {server.port}" if options.sandbox else server.host
        console = Console(title=settings.name, through=through, yes=options.yes or options.sandbox)
        if options.sandbox:
            console.say("sandbox: nothing leaves this machine; links are signed with a throw-away secret")
        ended = run(plan, console)
    command = _command(options.campaign, output=options.output, sandbox=options.sandbox)
    show_summary(ended, command, console)
    if options.sandbox:
        console.say(f"what arrived: {_sandbox_folder(settings) / 'index.html'}")
    if options.json:
        typer.echo(
            json_format.dumps(
                {
                    "campaign": settings.name,
                    "exit_code": ended.exit_code,
                    "counts": {status.value: count for status, count in ended.counts.items()},
                    "sent_now": ended.sent_now,
                    "seconds": round(ended.seconds, 3),
                    "results": str(ended.results),
                    "stopped": ended.trouble.what if ended.trouble else None,
                }
            )
        )
    return ended.exit_code


def preview_campaign(settings: Settings, folder: Path, *, limit: int | None) -> int:
    """Write everybody's message into a folder. Gives 1 where rows can't be mailed."""
    from campaign.pipeline.rehearsal import preview

    console = Console(title=settings.name, through="", yes=True)
    seen = preview(settings, folder, limit=limit, reading=console.reading)
    ready = seen.counts[Status.PENDING]
    console.say(f"{settings.name}: {ready:,} messages written, none sent; their links sign nobody in")
    _show_rest({**seen.counts, Status.PENDING: 0}, console)
    console.say(f"look at: {folder / 'index.html'}")
    return int(seen.counts[Status.INVALID] > 0)


def check_campaign(settings: Settings, *, offline: bool) -> int:
    """Find out what can be known before the first message. Gives 1 where rows can't be mailed."""
    from campaign.pipeline.rehearsal import check, rehearsal_window
    from campaign.smtp.connect import connect

    require_secrets(settings, sandbox=False)
    console = Console(title=settings.name, through="", yes=True)
    now = datetime.now(UTC)
    window = rehearsal_window(settings)
    console.say(f"window:   {window.describe(now)}")
    links = window.link_expiry(max(now, window.opens), settings.link.grace)
    console.say(f"links:    sign in at {settings.link.domain} until {links:%Y-%m-%d %H:%M %Z}")
    seen = check(settings, secret=_secret(settings), reading=console.reading)
    console.say(f"contacts: {seen.counts[Status.PENDING]:,} can be mailed")
    _show_rest({**seen.counts, Status.PENDING: 0}, console)
    for fault in seen.faults:
        console.say(f"  row {fault.row.contact.number}: {fault.detail}")
    console.say(f"messages: {seen.largest:,} bytes at most")
    if offline:
        return int(seen.counts[Status.INVALID] > 0 or window.is_over(now))
    session = connect(configured_server(settings))
    session.sock.close()
    known = [name for name in ("pipelining", "size", "smtputf8") if name in session.features]
    console.say(f"server:   {settings.smtp.host} takes our sign-in; it offers {', '.join(known) or 'nothing special'}")
    if session.size_limit is not None and seen.largest > session.size_limit:
        raise SettingsError(
            f"the largest message has {seen.largest:,} bytes, the server takes {session.size_limit:,} at most",
            where="message.template",
            fix="make the template smaller",
        )
    if seen.smtputf8 and not session.smtputf8:
        console.say(f"note: {seen.smtputf8:,} address(es) need SMTPUTF8, which the server lacks: they will be invalid")
    return int(seen.counts[Status.INVALID] > 0 or window.is_over(now))


def show_status(settings: Settings, output: Path | None, *, sandbox: bool, json: bool) -> int:
    """Say how many rows have which status. Gives the exit code that a run would end with."""
    _, path = output_paths(settings, output, sandbox)
    with reading_ledger(path, settings.name) as database:
        counts = summary.counts(database)
    if json:
        typer.echo(json_format.dumps({status.value: count for status, count in counts.items()}))
    else:
        console = Console(title=settings.name, through="", yes=True)
        console.say(f"{settings.name}: {counts[Status.SENT]:,} of {sum(counts.values()):,} sent")
        show_counts(counts, console)
        for words, line in next_commands(counts, _command(settings.path, output=output, sandbox=sandbox), over=False):
            console.say(f"{words}:\n    {line}")
    return 0


def rewrite_results(settings: Settings, output: Path | None, *, sandbox: bool) -> Path:
    """Write the results CSV anew from the ledger. Gives its path."""
    results, path = output_paths(settings, output, sandbox)
    with reading_ledger(path, settings.name) as database:
        columns = json_format.loads(database.execute("SELECT value FROM facts WHERE name = 'columns'").fetchone()[0])
        write_results(results, columns, summary.standings(database), _message_ids(settings))
    return results


def report_campaign(settings: Settings, campaign: Path, to: Path, output: Path | None, *, sandbox: bool) -> Path:
    """Write the report page. Gives its path."""
    from campaign.pipeline.report import report_data
    from campaign.report import write_report

    _, path = output_paths(settings, output, sandbox)
    command = _command(campaign, output=output, sandbox=sandbox)
    with reading_ledger(path, settings.name) as database:
        commands = next_commands(summary.counts(database), command, over=False)
        data = report_data(database, settings, message_ids=_message_ids(settings), commands=commands)
    if sandbox:
        data = replace(data, note="This was a sandbox run: nothing left the machine.")
    write_report(to, data)
    return to


def mint_link(settings: Settings, email: str, lasts: str | None) -> str:
    """Make one live link for an address."""
    from campaign.contacts import parse_address
    from campaign.durations import parse_duration
    from campaign.errors import LinkError
    from campaign.pipeline.assembly import Assembly
    from campaign.pipeline.plan import letter_plan
    from campaign.pipeline.rehearsal import rehearsal_window
    from campaign.window import SendWindow

    require_secrets(
        settings.model_copy(update={"smtp": settings.smtp.model_copy(update={"username": None})}), sandbox=False
    )
    try:
        address = parse_address(email)
    except ValueError as error:
        raise LinkError(f"that is no address to sign in: {error}", where="EMAIL", fix="give a bare address") from None
    now = datetime.now(UTC)
    window = rehearsal_window(settings)
    if lasts is not None:
        length = parse_duration(lasts)
        window = SendWindow.resolve(opens=now, closes=None, lasts=length, timezone="UTC", now=now)
        settings = settings.model_copy(update={"link": settings.link.model_copy(update={"grace": timedelta(0)})})
    contact = _contact_of(settings, address) or Contact(number=1, email=address, columns={"email": address})
    link = Assembly(letter_plan(settings, _secret(settings), window)).minter.mint(contact, now)
    typer.echo(f"works until {link.expires_at:%Y-%m-%d %H:%M:%S %Z}; fingerprint {link.fingerprint}", err=True)
    return link.url


def inspect_link_for(url: str, settings: Settings | None) -> int:
    """Say what a link says and what is wrong with it. Gives 1 where something is."""
    from campaign.links import inspect_link

    url = sys.stdin.read() if url == "-" else url
    domain = settings.link.domain if settings is not None else ""
    secret = settings.link.secret.get_secret_value() if settings is not None and settings.link.secret else None
    found = inspect_link(url, domain=domain, secret=secret, now=datetime.now(UTC))
    for name, value in found.claims.items():
        typer.echo(f"{name:<12} {value}")
    if found.seconds_left is not None:
        left = brief_duration(timedelta(seconds=abs(found.seconds_left)))
        typer.echo(f"{'expires':<12} {'in ' + left if found.seconds_left > 0 else left + ' ago'} ({found.expires_at})")
    for check in found.checks:
        typer.echo(f"{ {True: 'ok', False: 'WRONG', None: '?'}[check.ok]:<6} {check.name}: {check.words}")
    return int(found.trouble is not None)


def serve_sandbox(port: int, folder: Path) -> None:
    """Run the sandbox until it is told to stop."""
    from campaign.sandbox import BEHAVIOURS, Sandbox

    with Sandbox(folder, port=port) as sandbox:
        typer.echo(f"listening on {sandbox.host}, port {sandbox.port}; what arrives lands in {folder}", err=True)
        for name, words in BEHAVIOURS.items():
            typer.echo(f"  {name + '...@':<18} {words}", err=True)
        with contextlib.suppress(KeyboardInterrupt):
            threading.Event().wait()


def _contact_of(settings: Settings, address: str) -> Contact | None:
    """The contact with this address, whose columns `link.redirect_to` may want; None if the file has none."""
    from campaign.contacts import contact_key, open_contacts

    contacts = open_contacts(settings.contacts.file, email_column=settings.contacts.email_column)
    for chunk in contacts.rows():
        for row in chunk:
            if row.email is not None and contact_key(row.email) == contact_key(address):
                return Contact(
                    number=row.number, email=row.email, columns=dict(zip(contacts.columns, row.cells, strict=True))
                )
    return None


@contextlib.contextmanager
def _server(settings: Settings, *, sandbox: bool) -> Iterator[Server]:
    """The server that mail goes to: the configured one, or one in this process."""
    if not sandbox:
        yield configured_server(settings)
        return
    from campaign.preview import PreviewWriter
    from campaign.sandbox import Sandbox

    folder = _sandbox_folder(settings)
    note = "Delivered to the sandbox: nothing left this machine, and the links sign nobody in."
    with PreviewWriter(folder, campaign=settings.name, note=note, keep=True) as gallery:
        arrived = 0

        def show(recipient: str, message: bytes) -> None:
            nonlocal arrived
            arrived += 1
            gallery.add_eml(message, number=arrived, email=recipient, status="delivered")

        with Sandbox(folder, on_message=show) as server:
            yield Server(host=server.host, port=server.port, security="none")


def _sandbox_folder(settings: Settings) -> Path:
    return settings.folder / f"{settings.name}-sandbox"


def _secret(settings: Settings) -> str:
    assert settings.link.secret is not None  # require_secrets has seen to it
    return settings.link.secret.get_secret_value()


def _message_ids(settings: Settings) -> Callable[[str], str]:
    domain = settings.message.sender_address.rpartition("@")[2]
    return lambda email: message_id(settings.name, email, domain)


def _command(campaign: Path, *, output: Path | None, sandbox: bool) -> Command:
    options = f" --output {output}" if output is not None else ""
    return Command(campaign=str(campaign), options=options + (" --sandbox" if sandbox else ""))


def _show_rest(counts: dict[Status, int], console: Console) -> None:
    show_counts({status: counts.get(status, 0) for status in Status}, console)
