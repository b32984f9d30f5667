"""One contact's way from row to message: link, content, message, in this order.

Raises InvalidContactError where the row can't be mailed, LinkError where no link can be made at all, TemplateError
where a template names what no row has.
"""

import hashlib
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime

from campaign.content import as_one_error, load_templates, text_template
from campaign.errors import InvalidContactError, TemplateError, WindowError
from campaign.links import LinkMinter, require_possible_redirect
from campaign.message import Composer, ContactKeys, inline_image_part
from campaign.model import Contact, Content, LoginLink, Message
from campaign.worker.attachments import AttachmentParts
from campaign.worker.job import MessagePlan
from campaign.worker.timed_signer import TimedSigner


class MessageFactory:
    """The message plan, compiled. Raises SettingsError, TemplateError and LinkError when it can't be."""

    def __init__(self, plan: MessagePlan) -> None:
        message, link = plan.message, plan.link
        key_of = ContactKeys(plan.contact_key_salt)
        self.templates = templates = load_templates(
            message.template,
            campaign_name=plan.campaign,
            unsubscribe_url=message.unsubscribe_url,
            inline_css=message.inline_css,
            to_name=message.to_name,
            headers=message.headers,
            attachments=message.attachments,
            key_of=key_of,
            image_domain=message.sender_domain,
        )
        self.attachments = None
        attachments = templates.texts.attachments
        if attachments:
            self.attachments = AttachmentParts(
                plan.folder,
                constant=[one.constant for one in attachments if one.constant],
                folders=[one.folder for one in attachments if one.constant is None and one.folder],
                private=plan.private,
                for_all=plan.attached,
            )
        self.redirect = redirect = None
        if link.redirect_to is not None:
            redirect = text_template(
                link.redirect_to, name="link.redirect_to", campaign_name=plan.campaign, key_of=key_of
            )
            require_possible_redirect(
                redirect.outline,
                redirect.lead,
                constant=redirect.constant is not None,
                hosts=(link.domain, *link.redirect_hosts),
            )
            self.redirect = redirect
        unsubscribe = templates.texts.unsubscribe
        self._signing = TimedSigner(plan.signing_keys, unsigned=plan.unsigned) if plan.signing_keys else None
        self._window = plan.window
        self._grace = link.grace
        self.minter = LinkMinter(
            domain=link.domain,
            secret=plan.link_secret,
            expiry=lambda issued: plan.window.link_expiry(issued, link.grace),
            redirect=redirect if redirect is None or redirect.constant is None else redirect.constant,
            redirect_hosts=link.redirect_hosts,
        )
        self.composer = Composer(
            campaign=plan.campaign,
            sender=message.sender,
            return_path=message.return_path,
            reply_to=message.reply_to,
            unsubscribe_mailto=message.unsubscribe_mailto,
            shortest_unsubscribe_url=0 if unsubscribe is None else unsubscribe.shortest,
            unsubscribe_outline=None if unsubscribe is None else unsubscribe.outline,
            headers={name: text.constant for name, text in templates.texts.headers.items()},
            constants=templates.constants,
            images=[inline_image_part(image) for image in templates.images],
            attachment=self.attachments,
            sign=None if self._signing is None else self._signing.sign,
            message_id_domain=plan.message_id_domain,
            message_id_secret=plan.message_id_secret,
            key_of=key_of,
            verp=plan.verp,
        )
        templates.on_new_constants(self.composer.add_constants)

    def digest(self) -> str:
        """Give what tells, another time, whether the templates are the same, with their images, and the attachments
        that are the same for all: SHA-256, in hex. Raises TemplateError.
        """
        try:
            digests = [hashlib.sha256(file.read_bytes()).hexdigest() for file in self.templates.files]
        except OSError as error:
            where = str(error.filename)
            raise TemplateError(f"it can't be read: {error.strerror}", where=where, fix="put it back") from None
        if self.attachments is not None and self.attachments.for_all:
            digests.append(self.attachments.digest())
        return hashlib.sha256(" ".join(digests).encode()).hexdigest()

    def verify(self, columns: Sequence[str]) -> None:
        """Raise TemplateError for what the templates name and no row can have; `columns` are the file's.

        What can't be seen without running them, one run shows: for a contact that is in no file.
        """
        faults = self.templates.faults(columns)
        if self.redirect is not None:
            faults += self.redirect.faults(columns)
        if faults:
            raise as_one_error(faults)
        specimen = Contact(number=0, email="somebody@acme.example", columns=dict.fromkeys(columns, "x"))
        now = datetime.now(UTC)
        with suppress(InvalidContactError):  # "x" is no fair value for every column
            self.templates.render(specimen, LoginLink(url="x", issued_at=now, expires_at=now, fingerprint=""))
        with suppress(InvalidContactError):
            if self.redirect is not None:
                self.redirect(specimen)

    def mint(self, contact: Contact, now: datetime) -> LoginLink:
        """Make the contact's link, which expires by the end of its own window."""
        column = self._window.zone_column
        if not column:
            return self.minter.mint(contact, now)
        return self.minter.mint(contact, now, expires_at=self._own_expiry(contact, column, now))

    def _own_expiry(self, contact: Contact, column: str, now: datetime) -> datetime:
        """When the link of a contact with a clock of its own expires. Nothing is sent once its window is over; what is
        only made to be looked at has a link that works by then, too. Raises InvalidContactError for an unknown zone.
        """
        try:
            window = self._window.of(contact.columns.get(column, "").strip())
        except WindowError as error:
            where = f"row {contact.number}, column {column!r}"
            raise InvalidContactError(f"{error.what}: {error.fix}", where=where, fix=error.fix) from None
        if window.is_over(now):
            return (now.astimezone(UTC) + self._grace).astimezone(window.zone)
        return window.link_expiry(now, self._grace)

    def make(self, contact: Contact, now: datetime) -> tuple[LoginLink, Content, Message]:
        """Make the contact's link, content and message. `now` is aware, in the zone that the message is dated in."""
        link = self.mint(contact, now)
        content = self.templates.render(contact, link)
        return link, content, self.composer.compose(contact, content, now=now)

    def size_without_own_files(self, contact: Contact, now: datetime) -> int:
        """Give the bytes of the contact's message without the attachments that nobody else gets."""
        content = self.templates.render(contact, self.mint(contact, now))
        if self.attachments is not None:
            for_all = self.attachments.for_all
            content = content._replace(attachments=tuple(path for path in content.attachments if path in for_all))
        return len(self.composer.compose(contact, content, now=now).data)

    def make_timed(
        self, contact: Contact, now: datetime, spent: Callable[[str, float], None]
    ) -> tuple[LoginLink, Content, Message]:
        """The same, telling the seconds that each stage took."""
        start = time.perf_counter()
        link = self.mint(contact, now)
        minted = time.perf_counter()
        content = self.templates.render(contact, link)
        rendered = time.perf_counter()
        signed_before = 0.0 if self._signing is None else self._signing.seconds
        message = self.composer.compose(contact, content, now=now)
        composed = time.perf_counter()
        spent("mint", minted - start)
        spent("render", rendered - minted)
        signing = 0.0
        if self._signing is not None:
            signing = self._signing.seconds - signed_before
            spent("sign", signing)
        spent("compose", composed - rendered - signing)
        return link, content, message
