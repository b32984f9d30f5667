"""The check of what surrounds the messages: secrets, window, links, and what earlier runs have left."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from campaign.check.findings import Findings
from campaign.deliverability.dns import DkimKey
from campaign.dkim import load_key, public_key_record
from campaign.errors import WindowError
from campaign.ledger.location import ledger_exists, locate, words_about_database
from campaign.ledger.opening import open_for_reading
from campaign.ledger_place import Place
from campaign.model import Status
from campaign.results import refuse_foreign
from campaign.run.dry_run import dry_run_window
from campaign.run.dry_run_findings import DryRun
from campaign.run.preconditions import long_lives, require_folder, results_without_ledger
from campaign.run.run_forecast import RunForecast
from campaign.run.server_pace import ServerPace
from campaign.run.servers import read_signing_keys
from campaign.run.signing_secret import signing_secret
from campaign.schedule import Schedule
from campaign.settings import Settings, open_to_others, output_paths, require_secrets, secret_files


@dataclass(slots=True, kw_only=True)
class Known:
    """What one step has found out for the next."""

    window: Schedule | None = None
    """None where it is over, or can't be understood."""
    timezone: str = "UTC"
    """The window's zone, where that is one."""
    dkim_keys: tuple[DkimKey, ...] = ()
    """The public halves of the keys that sign; none where one of them can't be read."""
    ledger: Place | None = None
    """That of earlier runs, if there were any."""
    seen: DryRun = field(default_factory=DryRun)
    paces: dict[str, ServerPace] = field(default_factory=dict)
    """Those of the servers, by name, as their sessions have shown them."""
    forecast: RunForecast | None = None


def secrets(settings: Settings, known: Known, found: Findings) -> None:
    """Secrets: whether they are there and will do. No other step has them: links are signed with a throw-away one."""
    for name, path, who in open_to_others(secret_files(settings)):
        found.note(f"{path} ({name}) can be read by {who}: chmod 600 keeps it to its owner", rule="secret_readable")
    for server in settings.servers:
        password = server.password
        if password is not None and password.get_secret_value() != password.get_secret_value().strip():
            whose = f"the SMTP password of {server.name}" if len(settings.servers) > 1 else "the SMTP password"
            found.note(f"{whose} begins or ends with a space: is that meant?", rule="password_spaces")
    found.take(lambda: _signing_keys(settings, known, found))
    require_secrets(settings, sandbox=False)
    signing_secret(settings)
    found.ok("secrets", "all there")


def _signing_keys(settings: Settings, known: Known, found: Findings) -> None:
    loaded = [load_key(key) for key in read_signing_keys(settings)]
    known.dkim_keys = tuple(
        DkimKey(domain=key.domain, selector=key.selector, record=public_key_record(key)) for key in loaded
    )
    for key, published in zip(loaded, known.dkim_keys, strict=True):
        found.ok("dkim", f"messages are signed for {key.domain} ({key.algorithm}, {published.name})")


def window(settings: Settings, known: Known, found: Findings) -> None:
    """When mail may go."""
    given = dry_run_window(settings)
    now = datetime.now(UTC)
    known.timezone = settings.window.timezone
    if given.is_over(now):
        raise WindowError(
            f"the window is over: it {given.describe(now)}",
            where="window.opens, window.closes, window.lasts",
            fix="set a later window, or give one: campaign send --lasts 8h",
        )
    known.window = given
    found.ok("window", given.describe(now))


def links(settings: Settings, known: Known, found: Findings) -> None:
    """Where links lead, and until when."""
    if known.window is None:
        return
    link, now = settings.link, datetime.now(UTC)
    until = known.window.link_expiry(max(now, known.window.opens), link.grace)
    own = "; each contact's by the end of its own window" if known.window.zone_column else ""
    found.ok("links", f"sign in at {link.domain} until {until:%Y-%m-%d %H:%M %Z}{own}")
    if words := long_lives(known.window, now, link.grace):
        found.note(words, rule="links_live_long")


def earlier(settings: Settings, output: Path | None, known: Known, found: Findings) -> None:
    """What earlier runs have left. How far they came with the contacts file, only reading that will show."""
    results, ledger, before = output_paths(settings, output, False)
    path = locate(ledger, before, settings.name)
    require_folder(results.parent)
    refuse_foreign(results)
    if words := words_about_database(ledger):
        brought = f"; the first run brings {path.name} there" if isinstance(path, Path) else ""
        found.ok("ledger", f"{words}{brought}")
    if ledger_exists(path, settings.name):
        with open_for_reading(path, settings.name) as earlier_runs:
            counts = earlier_runs.counts()
        known.ledger = path
        if counts[Status.IN_DOUBT]:
            doubtful = f"{counts[Status.IN_DOUBT]:,} in doubt, or under way just now"
            found.note(f"{doubtful}: not sent again unless asked for", rule="in_doubt")
        if counts[Status.BOUNCED]:
            found.note(f"{counts[Status.BOUNCED]:,} bounced: not sent again unless asked for", rule="bounced")
    elif results.exists():
        raise results_without_ledger(results, path)
    else:
        found.ok("results", f"{results}, new")
