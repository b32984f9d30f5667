"""`campaign link mint` and `link inspect`: one live link made, or one looked at.

Raises UsageError. A link that was asked for goes to stdout and nowhere else; one that is looked at is not repeated.
"""

import re
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import typer

from campaign.commands.json_documents import inspection_document
from campaign.commands.send import signing_secret
from campaign.contacts import contact_key, open_contacts, parse_address
from campaign.durations import brief_duration, parse_duration
from campaign.errors import InvalidContactError, LinkError, TemplateError, UsageError
from campaign.links import Inspection, inspect_link
from campaign.model import Contact
from campaign.run.plan import message_plan
from campaign.settings import Settings, link_from_environment, load_settings, require_secrets
from campaign.terminal.stdout import say, say_json
from campaign.window import SendWindow
from campaign.worker.message_factory import MessageFactory

_TOKEN = re.compile(r"\beyJ[\w-]{6,}\.[\w.-]*", re.ASCII)
_MARKS = {True: "ok", False: "WRONG", None: "?"}


def mint_link(campaign: Path, email: str, lasts: str | None) -> None:
    """Print one live link for an address, whose other columns come from the contacts file if it is there."""
    settings = load_settings(campaign)
    require_secrets(settings, sandbox=False, smtp=False)
    try:
        address = parse_address(email)
    except ValueError as error:
        raise LinkError(f"that is not an address: {error}", where="EMAIL", fix="give a bare address") from None
    now = datetime.now(UTC)
    given, grace = settings.window, settings.link.grace
    opens, closes, length = given.opens, given.closes, given.lasts
    if lasts is not None:
        opens, closes, length, grace = None, None, _length(lasts), timedelta(0)
    window = SendWindow.resolve(opens=opens, closes=closes, lasts=length, timezone=given.timezone, now=now)
    settings = settings.model_copy(update={"link": settings.link.model_copy(update={"grace": grace})})
    contact = _contact(settings, address)
    stranger = contact or Contact(number=1, email=address, columns={settings.contacts.email_column: address})
    try:
        link = MessageFactory(message_plan(settings, signing_secret(settings), window)).minter.mint(stranger, now)
    except (InvalidContactError, TemplateError) as error:
        if contact is not None:
            raise LinkError(error.what, where=error.where, fix=error.fix) from None
        raise LinkError(
            f"{address} is not in the contacts file, and link.redirect_to wants its columns",
            where=str(settings.contacts.file),
            fix="give an address of that file",
        ) from None
    typer.echo(f"works until {link.expires_at:%Y-%m-%d %H:%M:%S %Z}; fingerprint {link.fingerprint}", err=True)
    say(link.url)


def inspect_link_for(url: str, campaign: Path | None, *, json: bool = False) -> int:
    """Say what a link says and what is wrong with it. Gives 1 where something is."""
    url = sys.stdin.read() if url == "-" else url
    others: tuple[str, ...] = ()
    if campaign is None:
        wrapped, domain = link_from_environment()
    else:
        link = load_settings(campaign).link
        wrapped, domain, others = link.secret, link.domain, link.redirect_hosts
    secret = None if wrapped is None else wrapped.get_secret_value()
    found = inspect_link(url, domain=domain, secret=secret, now=datetime.now(UTC), redirect_hosts=others)
    code = int(found.trouble is not None)
    if json:
        say_json(inspection_document(found, code))
        return code
    for name, value in found.claims.items():
        say(f"{name:<12} {_harmless(value)}")
    if found.expires_at is not None:
        say(f"{'expires':<12} {found.expires_at:%Y-%m-%d %H:%M:%S %Z}, {_left(found)}")
    for check in found.checks:
        say(f"{_MARKS[check.ok]:<6} {check.name}: {check.words}")
    return code


def _harmless(value: object) -> str:
    """A claim for the terminal: no token that stands in it, and nothing that the terminal would obey."""
    words = _TOKEN.sub("(not shown)", str(value))
    return words if words.isprintable() else repr(words)


def _length(lasts: str) -> timedelta:
    try:
        return parse_duration(lasts)
    except UsageError as error:
        raise LinkError(error.what, where="--lasts", fix=error.fix) from None


def _left(found: Inspection) -> str:
    seconds = found.seconds_left or 0
    words = brief_duration(timedelta(seconds=abs(seconds)))
    return f"in {words} ({seconds:,} {'second' if seconds == 1 else 'seconds'})" if seconds > 0 else f"{words} ago"


def _contact(settings: Settings, address: str) -> Contact | None:
    """The contact with this address, whose columns link.redirect_to may want; without a template there, nobody."""
    if "{" not in (settings.link.redirect_to or ""):
        return None
    given = settings.contacts
    contacts = open_contacts(given.file, email_column=given.email_column, encoding=given.encoding)
    for chunk in contacts.rows():
        for row in chunk:
            if row.email is not None and row.fault is None and contact_key(row.email) == contact_key(address):
                columns = dict(zip(contacts.columns, row.cells, strict=True))
                return Contact(number=row.number, email=row.email, columns=columns)
    return None
