"""One live sign-in link, for one address. Raises UsageError."""

from datetime import UTC, datetime, timedelta

from campaign.contact_clocks import ContactClocks
from campaign.contacts import contact_key, open_contacts, parse_address
from campaign.durations import parse_duration
from campaign.errors import InvalidContactError, LinkError, TemplateError, UsageError
from campaign.model import Contact, LoginLink
from campaign.run.plan import message_plan
from campaign.run.signing_secret import signing_secret
from campaign.settings import Settings, require_secrets
from campaign.window import SendWindow
from campaign.worker.message_factory import MessageFactory


def one_link(settings: Settings, email: str, lasts: str | timedelta | None) -> LoginLink:
    """Make it. The contact's other columns come from the contacts file, if it is there; `lasts`: how long it works, as
    in a run that begins now unless told. Raises SettingsError, LinkError.
    """
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
    column = settings.contacts.timezone_column if lasts is None else None
    if column is not None:  # its own clock says when its window ends
        window = ContactClocks.around(window, column=column, opens=opens, closes=closes, lasts=length)
    settings = settings.model_copy(update={"link": settings.link.model_copy(update={"grace": grace})})
    contact = _contact(settings, address)
    stranger = contact or Contact(number=1, email=address, columns={settings.contacts.email_column: address})
    try:
        return MessageFactory(message_plan(settings, signing_secret(settings), window)).mint(stranger, now)
    except (InvalidContactError, TemplateError) as error:
        if contact is not None:
            raise LinkError(error.what, where=error.where, fix=error.fix) from None
        raise LinkError(
            f"{address} is not in the contacts file, and link.redirect_to wants its columns",
            where=str(settings.contacts.file),
            fix="give an address of that file",
        ) from None


def _length(lasts: str | timedelta) -> timedelta:
    if isinstance(lasts, timedelta):
        return lasts
    try:
        return parse_duration(lasts)
    except UsageError as error:
        raise LinkError(error.what, where="--lasts", fix=error.fix) from None


def _contact(settings: Settings, address: str) -> Contact | None:
    """The contact with this address, whose columns link.redirect_to may want, or its window; otherwise nobody."""
    if "{" not in (settings.link.redirect_to or "") and settings.contacts.timezone_column is None:
        return None
    given = settings.contacts
    contacts = open_contacts(given.file, email_column=given.email_column, encoding=given.encoding)
    for chunk in contacts.rows():
        for row in chunk:
            if row.email is not None and row.fault is None and contact_key(row.email) == contact_key(address):
                columns = dict(zip(contacts.columns, row.cells, strict=True))
                return Contact(number=row.number, email=row.email, columns=columns)
    return None
