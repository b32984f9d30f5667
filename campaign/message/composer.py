"""The compiled composer: Contact + Content → Message.

In: who it is for, and what there is to read. Out: the octets of an RFC 5322 message with CRLF line ends, no line over
900 octets, which relays might break, and none that begins with `From `, which a mailbox might alter. It is 7-bit
throughout, but for an address with letters outside ASCII left of its `@`: that one header field is UTF-8 (RFC 6532
section 3.2), and the envelope says SMTPUTF8.

What is the same for every message is written once, when the composer is made; what is personal is spliced in, and is
not kept.

Raises SettingsError when it is made, InvalidContactError for a row. Limits: leading dots are doubled by whoever speaks
SMTP.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from types import MappingProxyType

from campaign.errors import InvalidContactError
from campaign.model import Contact, Content, Envelope, Message

from .addresses import Mailbox, checked_address, is_address, mailbox_field, parsed_mailbox, written_mailbox
from .extra_headers import ExtraHeaders, UnfitHeaderError
from .headers import plain_subject, unstructured
from .message_id import MessageIds
from .mime_tree import MimeBody, MimeTree
from .return_path import own_return_path
from .unsubscribe import UnfitURLError, Unsubscribe

_NO_TIME = timedelta(0)
_SECOND = timedelta(seconds=1)
_END_OF_HEADER = b"\r\n\r\n"

Sign = Callable[[bytes, bytes, Sequence[bytes]], bytes]
"""Header (each field ended by CRLF), the body as far as it is this message's own, and the files that follow, each from
the beginning of a line on → header fields to stand before the others.
"""


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
        headers: Mapping[str, str | None] = MappingProxyType({}),
        constants: Collection[str] = (),
        images: Sequence[bytes] = (),
        attachment: Callable[[str], bytes] | None = None,
        sign: Sign | None = None,
        message_id_domain: str | None = None,
        message_id_secret: bytes | None = None,
        key_of: Callable[[str], str] | None = None,
        verp: bool = False,
    ) -> None:
        """`sender` and `reply_to`: an address, or a name with an address in angle brackets.
        `shortest_unsubscribe_url`: characters that everybody's has at least; `unsubscribe_outline`: what all of them
        have, with an `x` for each piece that differs. `headers`: the further fields, each with its value where that is
        the same for everybody. `constants`: the chunks that bodies share, each encoded once. `images`: the inline ones,
        as MIME parts. `attachment`: path → MIME part; it raises InvalidContactError. `message_id_domain`: the sender's
        own unless given; `message_id_secret`: as in `MessageIds`. `key_of`: address → `contact.key`, by which what
        comes back is known again; `verp`: whether the return path has it, too. Raises SettingsError.
        """
        mailbox = parsed_mailbox(sender, setting="[message] from")
        own = mailbox_field("From", mailbox, setting="[message] from")
        if reply_to is not None:
            answers = parsed_mailbox(reply_to, setting="[message] reply_to")
            own += mailbox_field("Reply-To", answers, setting="[message] reply_to")
        self._own_fields = own
        self._return_path = checked_address(return_path, setting="[message] return_path")
        self._verp = verp
        self._key_of = key_of or _no_key
        self._smtputf8 = not (own + return_path).isascii()
        self._unsubscribe = Unsubscribe(
            unsubscribe_mailto, shortest_url=shortest_unsubscribe_url, outline=unsubscribe_outline
        )
        self._extra = ExtraHeaders(headers)
        self._tree = MimeTree(campaign, constants=constants, images=images)
        self.add_constants = self._tree.add_constants
        """Takes more chunks that bodies share, as they are found out."""
        self._attachment = attachment
        self._sign = sign
        self.message_id: Callable[[str], str] = MessageIds(
            campaign, message_id_domain or mailbox.domain, message_id_secret
        )
        """Address → Message-ID, with its angle brackets."""

        self._date = datetime.min.replace(tzinfo=UTC), ""

    def compose(self, contact: Contact, content: Content, *, now: datetime) -> Message:
        """Write the message; `now` is aware, and its zone is the one that the Date field is written in.

        Raises InvalidContactError for an address, a header, an attachment or a body that no message can carry.
        """
        email = contact.email
        if not is_address(email):
            raise InvalidContactError(
                "the address is not one that a message can be addressed to",
                where=f"row {contact.number}",
                fix="write it like hello@acme.example, an international domain in its xn-- form",
            )
        identifier, key = self.message_id(email), self._key_of(email)
        fields = self._personal_fields(contact, content, key)
        header = f"Date: {self._dated(now)}\r\nMessage-ID: {identifier}\r\n{self._own_fields}{fields}"
        body = self._body(header, contact, content)
        smtputf8 = self._smtputf8 or not email.isascii()
        # ASCII is the promise that what leaves is 7-bit, held here: all that is not raises.
        data = body.text.encode("utf-8" if smtputf8 else "ascii")
        if self._sign is not None:
            end = data.index(_END_OF_HEADER)
            data = self._sign(data[: end + 2], data[end + 4 :], body.files) + data
        if body.files:
            data = b"".join((data, *body.files))
        return_path = own_return_path(self._return_path, key) if self._verp else self._return_path
        return Message(Envelope(return_path, email, smtputf8, key), identifier, data)

    def _personal_fields(self, contact: Contact, content: Content, key: str) -> str:
        """To, Subject, the ways to unsubscribe, and the further fields."""
        subject = content.subject
        if not plain_subject(subject) or "=?" in subject:
            try:
                subject = unstructured(subject, column=9)
            except ValueError as error:
                raise _unfit(contact, "the subject", f"holds {error}", "that the subject is made of") from None
        to = f"To: {contact.email}\r\n"
        if content.to_name:
            try:
                to = written_mailbox("To", Mailbox(content.to_name, contact.email))
            except ValueError as error:
                fix = "that message.to_name is made of"
                raise _unfit(contact, "the display name", str(error), fix, "message.to_name") from None
        try:
            unsubscribe = self._unsubscribe(content.unsubscribe_url, key)
        except UnfitURLError as error:
            raise InvalidContactError(
                f"the unsubscribe URL {error}",
                where=f"row {contact.number}, [message] unsubscribe_url",
                fix=error.fix,
            ) from None
        try:
            extra = self._extra(content.headers) if content.headers else ""
        except UnfitHeaderError as error:
            setting = f"message.headers.{error.name}"
            raise _unfit(contact, f"the header {error.name}", str(error), "that it is made of", setting) from None
        return f"{to}Subject: {subject}\r\n{unsubscribe}{extra}"

    def _body(self, header: str, contact: Contact, content: Content) -> MimeBody:
        attachments: Sequence[bytes] = ()
        if content.attachments:
            assert self._attachment is not None
            attachments = [self._attachment(path) for path in content.attachments]
        try:
            return self._tree.write(header, content, attachments)
        except UnicodeEncodeError as error:
            raise InvalidContactError(
                f"the message holds U+{ord(error.object[error.start]):04X}, half of a character",
                where=f"row {contact.number}",
                fix="correct the row's text: it was damaged when the file was written",
            ) from None

    def _dated(self, now: datetime) -> str:
        """Give the Date field's value (RFC 5322 section 3.3), the last one again within its second."""
        second, text = self._date
        if now is second:
            return text
        # Datetimes of one zone are subtracted by the clock on the wall: an hour that comes twice differs in `fold`.
        if now.tzinfo is second.tzinfo and now.fold == second.fold and _NO_TIME <= now - second < _SECOND:
            return text
        if now.utcoffset() is None:
            raise ValueError("now must be aware")
        text = format_datetime(now)
        self._date = now if not now.microsecond else now.replace(microsecond=0), text
        return text


def _no_key(_email: str) -> str:
    return ""


def _unfit(contact: Contact, what: str, problem: str, columns: str, setting: str = "") -> InvalidContactError:
    return InvalidContactError(
        f"{what} {problem}",
        where=f"row {contact.number}" + (f", {setting}" if setting else ""),
        fix=f"take it out of the row's columns {columns}",
    )
