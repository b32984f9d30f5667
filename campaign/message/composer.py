"""The compiled composer: Contact + Content → Message.

In: who it is for, and what there is to read. Out: the octets of an RFC 5322 message with CRLF line ends, no line over
900 octets, which relays might break, and none that begins with `From `, which a mailbox might alter. It is 7-bit
throughout, but for an address with letters outside ASCII left of its `@`: that one header field is UTF-8 (RFC 6532
section 3.2), and the envelope says SMTPUTF8. Text and HTML make a multipart/alternative in that order, the better one
last (RFC 2046 section 5.1.4); one of them alone is the body of the message.

What is the same for every message is written once, when the composer is made; what is personal is spliced in, and is
not kept.

Raises SettingsError when it is made, InvalidContactError for a row. Limits: leading dots are doubled by whoever speaks
SMTP; there are no attachments.
"""

from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from hashlib import blake2b

from campaign.errors import InvalidContactError
from campaign.model import Contact, Content, Envelope, Message

from .addresses import checked_address, is_address, mailbox_field, parsed_mailbox
from .headers import plain_subject, unstructured
from .message_id import MessageIds
from .transfer import TransferEncoder
from .unsubscribe import UnfitURLError, Unsubscribe

_NO_TIME = timedelta(0)
_SECOND = timedelta(seconds=1)


class Composer:
    """Composes the messages of one campaign."""

    def __init__(
        self,
        *,
        campaign: str,
        sender: str,
        return_path: str,
        reply_to: str | None,
        unsubscribe_mailto: str | None,
        shortest_unsubscribe_url: int = 0,
        unsubscribe_outline: str | None = None,
        constants: Collection[str] = (),
        message_id_domain: str | None = None,
    ) -> None:
        """`sender` and `reply_to`: an address, or a name with an address in angle brackets.
        `shortest_unsubscribe_url`: characters that everybody's has at least; `unsubscribe_outline`: what all of them
        have, with an `x` for each piece that differs. `constants`: the chunks that bodies share,
        each encoded once. `message_id_domain`: the sender's own unless given. Raises SettingsError.
        """
        mailbox = parsed_mailbox(sender, setting="[message] from")
        own = mailbox_field("From", mailbox, setting="[message] from")
        if reply_to is not None:
            answers = parsed_mailbox(reply_to, setting="[message] reply_to")
            own += mailbox_field("Reply-To", answers, setting="[message] reply_to")
        self._own_fields = own
        self._return_path = checked_address(return_path, setting="[message] return_path")
        self._smtputf8 = not (own + return_path).isascii()
        self._unsubscribe = Unsubscribe(
            unsubscribe_mailto, shortest_url=shortest_unsubscribe_url, outline=unsubscribe_outline
        )
        self.message_id = MessageIds(campaign, message_id_domain or mailbox.domain)
        """Address → Message-ID, with its angle brackets."""

        name = blake2b(campaign.encode("utf-8", "surrogatepass"), digest_size=12, person=b"boundary").hexdigest()
        boundary = f"=_{name}"
        encoder = TransferEncoder(constants, boundary=boundary)
        self._encode = encoder.encode
        self.add_constants = encoder.add_constants
        """Takes chunks that turn out to be the same in many messages."""
        # "utf-8" for ASCII bodies, too: it is true, and a message's shape then does not hang on a contact's name.
        text = "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: "
        html = "Content-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: "
        version = "MIME-Version: 1.0\r\n"
        alternative = f'Content-Type: multipart/alternative; boundary="{boundary}"\r\n\r\n'
        self._only_text = version + text
        self._only_html = version + html
        self._first_part = f"{version}{alternative}--{boundary}\r\n{text}"
        self._second_part = f"\r\n--{boundary}\r\n{html}"
        self._end = f"\r\n--{boundary}--\r\n"

        self._date = datetime.min.replace(tzinfo=UTC), ""

    def compose(self, contact: Contact, content: Content, *, now: datetime) -> Message:
        """Write the message; `now` is aware, and its zone is the one that the Date field is written in.

        Raises InvalidContactError for an address, a subject, an unsubscribe URL or a body that no message can carry.
        """
        email = contact.email
        if not is_address(email):
            raise InvalidContactError(
                "the address is not one that a message can be addressed to",
                where=f"row {contact.number}",
                fix="write it like hello@acme.example, an international domain in its xn-- form",
            )
        subject = content.subject
        if not plain_subject(subject) or "=?" in subject:
            try:
                subject = unstructured(subject, column=9)
            except ValueError as error:
                raise InvalidContactError(
                    f"the subject holds {error}",
                    where=f"row {contact.number}",
                    fix="take it out of the row's columns that the subject is made of",
                ) from None
        try:
            unsubscribe = self._unsubscribe(content.unsubscribe_url)
        except UnfitURLError as error:
            raise InvalidContactError(
                f"the unsubscribe URL {error}",
                where=f"row {contact.number}, [message] unsubscribe_url",
                fix=error.fix,
            ) from None
        try:
            body = self._body(content)
        except UnicodeEncodeError as error:
            raise InvalidContactError(
                f"the message holds U+{ord(error.object[error.start]):04X}, half of a character",
                where=f"row {contact.number}",
                fix="correct the row's text: it was damaged when the file was written",
            ) from None
        identifier = self.message_id(email)
        smtputf8 = self._smtputf8 or not email.isascii()
        text = (
            f"Date: {self._dated(now)}\r\nMessage-ID: {identifier}\r\n{self._own_fields}To: {email}\r\n"
            f"Subject: {subject}\r\n{unsubscribe}{body}"
        )
        return Message(
            envelope=Envelope(return_path=self._return_path, recipient=email, smtputf8=smtputf8),
            message_id=identifier,
            # ASCII is the promise that what leaves is 7-bit, held here: all that is not raises.
            data=text.encode("utf-8" if smtputf8 else "ascii"),
        )

    def _body(self, content: Content) -> str:
        """From the MIME-Version field to the end. Raises UnicodeEncodeError."""
        if not content.html:
            encoding, text = self._encode(content.text)
            return f"{self._only_text}{encoding}\r\n\r\n{text}"
        html_encoding, html = self._encode(content.html)
        if not content.text:
            return f"{self._only_html}{html_encoding}\r\n\r\n{html}"
        encoding, text = self._encode(content.text)
        return f"{self._first_part}{encoding}\r\n\r\n{text}{self._second_part}{html_encoding}\r\n\r\n{html}{self._end}"

    def _dated(self, now: datetime) -> str:
        """Give the Date field's value (RFC 5322 section 3.3), the last one again within its second."""
        second, text = self._date
        # Datetimes of one zone are subtracted by the clock on the wall: an hour that comes twice differs in `fold`.
        if now.tzinfo is second.tzinfo and now.fold == second.fold and _NO_TIME <= now - second < _SECOND:
            return text
        if now.utcoffset() is None:
            raise ValueError("now must be aware")
        text = format_datetime(now)
        self._date = now.replace(microsecond=0), text
        return text
