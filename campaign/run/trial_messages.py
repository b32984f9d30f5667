"""Test messages: a contact's own message, but to somebody who tries the campaign out.

In: the contact, and the tester's address. Out: an `Attempt`, made as a run makes it (texts, attachments, headers,
signature), with these differences, each of which keeps a test from doing what a run does:

- To and envelope name the tester; the subject begins with a mark that names the row and the contact.
- The Message-ID is a new one each time. Otherwise the real message, later, could be dropped as one that came already.
- The unsubscribe URL is the tester's: made with the tester's address, and `test` in place of every other cell. Whoever
  presses it takes no contact out.
- `contact.key` is a random one: what a provider tells about the message is not taken for news of the contact.

Raises InvalidContactError for a row that no message can be made for, SettingsError, TemplateError and LinkError.
Limits: a link that a template itself makes of cells is as the contact would have it.
"""

import secrets
from collections.abc import Sequence
from datetime import UTC, datetime

from campaign.content import text_template
from campaign.dkim import SigningKey
from campaign.errors import InvalidContactError, WindowError
from campaign.message import ContactKeys
from campaign.model import Attempt, Contact, Row
from campaign.run.dry_run import dry_run_window
from campaign.run.plan import message_plan
from campaign.settings import Settings
from campaign.window import SendWindow
from campaign.worker.message_factory import MessageFactory

_LONGEST_ADDRESS = 30
"""Characters of the contact's address in the mark: what is left of the line shows the subject."""
_STAND_IN = "test"
_TEMPLATE_SIGNS = ("{{", "{%", "{#")


class TrialMessages:
    """Those of one campaign, to one tester."""

    def __init__(
        self,
        settings: Settings,
        *,
        to: str,
        secret: str,
        signing_keys: Sequence[SigningKey],
        columns: Sequence[str],
        email_column: str,
    ) -> None:
        """`secret` is what links are signed with; `columns` and `email_column` are the file's."""
        self.to = to
        stand_in = dict.fromkeys(columns, _STAND_IN) | {email_column: to}
        message = settings.message
        if message.unsubscribe_url is not None:
            url = _unsubscribe_url(
                message.unsubscribe_url, settings.name, Contact(number=0, email=to, columns=stand_in)
            )
            settings = settings.model_copy(update={"message": message.model_copy(update={"unsubscribe_url": url})})
        self._window = trial_window(settings)
        self._factory = MessageFactory(message_plan(settings, secret, self._window, signing_keys))
        self._factory.verify(columns)
        domain = message.sender_domain
        self._factory.composer.message_id = lambda _: f"<test.{secrets.token_hex(16)}@{domain}>"

    def make(self, contact: Contact) -> Attempt:
        """Make the contact's message, its link minted now. Raises InvalidContactError."""
        factory, now = self._factory, datetime.now(self._window.zone)
        link = factory.mint(contact, now)
        content = factory.templates.render(contact, link)
        content = content._replace(subject=f"{subject_mark(contact)} {content.subject}")
        message = factory.composer.compose(contact._replace(email=self.to), content, now=now)
        return Attempt(
            contact=contact.number,
            message=message,
            link_expires_at=int(link.expires_at.timestamp()),
            link_fingerprint=link.fingerprint,
            token=link.token,
        )


def contact_of(row: Row, columns: Sequence[str]) -> Contact:
    """Give the contact that a row is. Raises InvalidContactError for a row that is none."""
    if row.email is None or row.fault is not None:
        raise InvalidContactError(row.fault or "it has no address", where=f"row {row.number}")
    return Contact(number=row.number, email=row.email, columns=dict(zip(columns, row.cells, strict=True)))


def subject_mark(contact: Contact) -> str:
    """Say whose message it is: "[Test: row 5, anna@acme.example]". In ASCII where the address is, so that a subject
    that needs no encoding still needs none.
    """
    email = contact.email
    if len(email) > _LONGEST_ADDRESS:
        email = f"{email[: _LONGEST_ADDRESS - 3]}..."
    return f"[Test: row {contact.number}, {email}]"


def trial_window(settings: Settings) -> SendWindow:
    """Give the window as a run that begins now would have it; where that is over, one that has no end. Raises
    WindowError.
    """
    given = settings.window
    try:
        window = dry_run_window(settings)
        if not window.is_over(datetime.now(UTC)):
            return window
    except WindowError:
        if given.closes is None:
            raise
    return SendWindow.resolve(opens=None, closes=None, lasts=None, timezone=given.timezone, now=datetime.now(UTC))


def _unsubscribe_url(template: str, campaign_name: str, tester: Contact) -> str:
    """The URL for the tester; where it can't be made so, with an `x` for each piece that differs by contact."""
    compiled = text_template(
        template, name="message.unsubscribe_url", campaign_name=campaign_name, key_of=ContactKeys(None)
    )
    try:
        url = compiled(tester)
    except InvalidContactError:
        url = compiled.outline
    return compiled.outline if any(sign in url for sign in _TEMPLATE_SIGNS) else url
