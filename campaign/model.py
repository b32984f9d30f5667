"""The words that pass between the rooms: frozen values, no behaviour, no imports of ours.

    Row ─▶ Contact ─▶ LoginLink ─▶ Content ─▶ Message ─▶ Reply ─▶ Outcome

Text is `str`, what goes on the wire is `bytes`, moments are aware datetimes, lengths of time are seconds.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple


class Status(StrEnum):
    """What became of a contact: a closed set, one word per row of the results."""

    PENDING = "pending"
    """Not sent yet: the window closed, or the run was stopped, first."""
    SENT = "sent"
    """The SMTP server accepted responsibility: 2xx after the message."""
    BOUNCED = "bounced"
    """The relay took it, and it came back: a permanent failure after 2xx."""
    REJECTED = "rejected"
    """Permanently refused: 5xx for this recipient or message."""
    FAILED = "failed"
    """Temporary failures until tries or window ran out."""
    IN_DOUBT = "in_doubt"
    """The message left, its reply never came."""
    INVALID = "invalid"
    """Can't be mailed as it stands: address, missing cell, an empty cell that is written, a line break in a header."""
    SUPPRESSED = "suppressed"
    """On a suppression list."""
    DUPLICATE = "duplicate"
    """The same address stands earlier in the file."""


class Phase(StrEnum):
    """Where in an SMTP session a reply (or the silence) came: RFC 5321 section 3, in order."""

    CONNECT = "connect"
    EHLO = "EHLO"
    STARTTLS = "STARTTLS"
    AUTH = "AUTH"
    MAIL = "MAIL"
    RCPT = "RCPT"
    DATA = "DATA"
    BODY = "body"


class Row(NamedTuple):
    """One row of the contacts file, as read; nothing decided but its faults. A tuple: there are millions."""

    number: int
    """1 is the first row after the header; blank lines are not rows."""
    line: int
    """The line of the file on which the row begins; 1 is the file's first line."""
    cells: tuple[str, ...]
    """As many as the header has columns, as text, nothing stripped."""
    email: str | None
    """The address to mail: trimmed, its domain in ASCII. None where there is no usable one."""
    fault: str | None
    """Why the row can't be mailed, for a person to read; None where it can."""


class Contact(NamedTuple):
    """One person to be mailed. A tuple, as `DueRow` is."""

    number: int
    email: str
    columns: Mapping[str, str]
    """Every column of the row by its name in the header."""


class DueRow(NamedTuple):
    """A contact whose turn it is. A tuple, as is whatever is made for each message and can be: see `Content`."""

    id: int
    """The ledger's number for the contact."""
    contact: Contact
    tries: int
    """How many this run and the ones it resumes have spent on it."""
    queue: str = ""
    """That of the ledger in which it stood: `ledger.row_queues`."""


class LoginLink(NamedTuple):
    """A ClickFunnels sign-in link. Whoever holds its URL is that contact until it expires."""

    url: str
    issued_at: datetime
    expires_at: datetime
    """Aware, in the window's zone."""
    fingerprint: str
    """Matches a link to a row without revealing it: the start of the token's SHA-256, in hex."""

    @property
    def token(self) -> str:
        """The JSON Web Token in its URL, where it stands last."""
        return self.url.rpartition("&token=")[2]

    def __repr__(self) -> str:
        """Without the URL."""
        return (
            f"LoginLink(issued_at={self.issued_at!r}, expires_at={self.expires_at!r}, fingerprint={self.fingerprint!r})"
        )


class Content(NamedTuple):
    """What a person reads. Bodies are the template's chunks in order: a chunk that is the same for everybody is the
    same string every time, so that the composer encodes it once. A tuple, since a frozen dataclass takes three times as
    long to make, and there is one for each message.
    """

    subject: str
    text: tuple[str, ...]
    html: tuple[str, ...]
    unsubscribe_url: str | None = None
    to_name: str = ""
    """The recipient's display name; "" for the address alone."""
    headers: tuple[str, ...] = ()
    """The values of the further header fields, in the order of the settings."""
    attachments: tuple[str, ...] = ()
    """Paths of files, as the settings write them, rendered."""

    def __repr__(self) -> str:
        """Without the bodies: a link is in them."""
        return f"Content(subject={self.subject!r})"


@dataclass(frozen=True, slots=True, kw_only=True)
class InlineImage:
    """An image that travels with the message, since its HTML shows it."""

    name: str
    octets: bytes = field(repr=False)
    content_id: str
    """As in `src="cid:…"`: without angle brackets (RFC 2392)."""
    where: str
    """The template and its line that name it first."""


class Envelope(NamedTuple):
    """RFC 5321 section 2.3.1."""

    return_path: str
    """MAIL FROM, without angle brackets."""
    recipient: str
    """RCPT TO, without angle brackets."""
    smtputf8: bool = False
    """RFC 6531: an address has a local part that ASCII can't write."""
    envelope_id: str = ""
    """ENVID (RFC 3461 section 4.4), by which a bounce is known: `contact.key`; "" for none."""


class Message(NamedTuple):
    """An RFC 5322 message, ready for the wire but for dot-stuffing: 7-bit, CRLF, ends in CRLF."""

    envelope: Envelope
    message_id: str
    """With its angle brackets."""
    data: bytes

    def __repr__(self) -> str:
        """Without the octets: a link is in them."""
        return f"Message(envelope={self.envelope!r}, message_id={self.message_id!r})"


class Attempt(NamedTuple):
    """A message on its way to one contact, with what the ledger must remember of it."""

    contact: int
    """The ledger's number for the contact."""
    message: Message
    link_expires_at: int
    """Unix seconds."""
    link_fingerprint: str
    token: str = ""
    """That of the link in the message: whoever has it signs in. What servers quote of it does not go on record."""

    def __repr__(self) -> str:
        """Without the token."""
        return (
            f"Attempt(contact={self.contact!r}, message={self.message!r}, link_expires_at={self.link_expires_at!r}, "
            f"link_fingerprint={self.link_fingerprint!r})"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What an SMTP server answered: RFC 5321 section 4.2, enhanced status code by RFC 3463."""

    code: int
    enhanced: str | None
    """Only where its class agrees with the code's."""
    text: str
    """Lines joined by a space, the enhanced code taken off."""


class Outcome(NamedTuple):
    """What became of one try, as the ledger writes it down. A tuple, as `Content` is."""

    contact: int
    """The ledger's number for the contact."""
    status: Status
    reply: Reply | None = None
    detail: str = ""
    """What a person should know, where there is no reply or it does not say enough."""
    spent: bool = True
    """Whether the row's tries are one less for it (throttling is not failure)."""
    server: str = ""
    """Which server it was, where there are several."""
