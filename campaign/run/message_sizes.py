"""How large a campaign's messages are: what a server's SIZE and Gmail's limit are held against, and which are shown.

In: each message, with its contact and content. Out: numbers, in bytes, and the contacts whose messages stand for all.
Raises nothing.
"""

from collections import Counter
from dataclasses import dataclass, field

from campaign.model import Contact, Content, Message

GMAIL_SHOWS = 102 * 1024
"""Bytes of HTML. Google says no number: 102 kB is what senders count with (github.com/hteumeuleu/email-bugs, issue 41),
and about 105 what one has measured (spamresource.com, 12 January 2022). They disagree on whether it is counted decoded.
It is here, so HTML that goes as base64 or quoted-printable may be cut off somewhat earlier.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """How large a campaign's messages are, in bytes; 0 where there is none."""

    largest: int = 0
    largest_html: int = 0
    """The largest HTML body, decoded: as a mail program has it."""
    clipped: int = 0
    """Messages with so much HTML that Gmail cuts off its end."""


@dataclass(slots=True, kw_only=True)
class MessageSizes:
    """Those of one dry run."""

    counts: Counter[int] = field(default_factory=Counter)
    """Messages by their bytes."""
    smallest: int = 0
    largest: int = 0
    """Bytes; 0 where there is no message."""
    largest_html: int = 0
    """Bytes of the largest HTML body, decoded: as a mail program has it."""
    clipped: int = 0
    """Messages with so much HTML that Gmail cuts off its end."""
    first_contact: Contact | None = None
    smallest_contact: Contact | None = None
    largest_contact: Contact | None = None
    """Whose message is the first, the smallest, the largest; None where there is no message."""

    @property
    def told(self) -> Sizes:
        """What anybody may know of them."""
        return Sizes(largest=self.largest, largest_html=self.largest_html, clipped=self.clipped)

    @property
    def samples(self) -> dict[int, Contact]:
        """A few contacts whose messages differ, by row: that of the first message, the smallest, the largest."""
        chosen = (self.first_contact, self.smallest_contact, self.largest_contact)
        return {one.number: one for one in chosen if one is not None}

    def count(self, contact: Contact, content: Content, message: Message) -> None:
        """Take a message into account."""
        size = len(message.data)
        self.first_contact = self.first_contact or contact
        if self.smallest_contact is None or size < self.smallest:
            self.smallest_contact, self.smallest = contact, size
        if self.largest_contact is None or size > self.largest:
            self.largest_contact, self.largest = contact, size
        self.counts[size] += 1
        html = sum(len(chunk) if chunk.isascii() else len(chunk.encode()) for chunk in content.html)
        self.largest_html = max(self.largest_html, html)
        self.clipped += html > GMAIL_SHOWS

    def clipped_words(self) -> str:
        """Say how many messages Gmail would cut short; nothing where there are none."""
        if not self.clipped:
            return ""
        ready = self.counts.total()
        which = "every message" if self.clipped == ready else f"{self.clipped:,} of {ready:,} messages"
        return (
            f"the HTML of {which} is over {GMAIL_SHOWS // 1024} kB ({self.largest_html:,} bytes at most): Gmail shows "
            "about so much and cuts off the rest, the unsubscribe link with it if that stands at the end"
        )
