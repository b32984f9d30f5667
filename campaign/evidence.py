"""What becomes of a message after "sent", as values: what a file shows, what it proves of whom, what came of that.

    Evidence ─▶ Proof ─▶ Weighed

The room `settle/` reads files and gives `Evidence`; whoever it is about is found by what identifies a message for
certain, and makes it a `Proof`; the ledger weighs that. What is on record afterwards is counted as `LaterWords`.
Moments are Unix seconds. Nothing here raises.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple

from campaign.model import Status


class EvidenceKind(StrEnum):
    """What is shown to have happened: a closed set."""

    ACCEPTED = "accepted"
    """A relay took the message, and answers for it: whatever it says later, short of a permanent failure."""
    DELIVERED = "delivered"
    """The next server, or the recipient's own, took it from the relay."""
    BOUNCED = "bounced"
    """Given up for good, after it was taken."""
    COMPLAINT = "complaint"
    """Whoever got it called it spam."""
    UNSUBSCRIBED = "unsubscribed"
    """Whoever got it wants no more."""


class Evidence(NamedTuple):
    """One thing that a file shows, and of which message: by its key, its Message-ID or the relay's id, whichever it
    has; the first that is one of ours decides. A tuple, since there are millions.
    """

    kind: EvidenceKind
    moment: int | None
    """When it happened; None where the file does not say."""
    id: str
    """The same whenever this very thing is read again, from whatever copy: `HOST/QUEUE-ID`, a provider's event id, a
    report's own Message-ID. No address in it.
    """
    source: str
    """The kind of evidence, for the table at the end: "Postfix log", "Amazon SES events", "delivery report"."""
    place: str
    """Where a person finds it again: the file's name and the line, or the mail; and the queue id. No address in it."""
    key: str = ""
    """`contact.key`."""
    message_id: str = ""
    """Ours, with or without its angle brackets."""
    relay_id: str = ""
    """What the relay calls the message, as in the final reply of our row: globally unique ids only."""
    recipient: str = ""
    """The address that it names, where it names one; alone it identifies nobody, but for who asks to be left alone."""
    code: int | None = None
    """The SMTP reply code that it quotes."""
    enhanced: str = ""
    """The enhanced status code (RFC 3463) that it quotes."""
    detail: str = ""
    """The words of whoever gave it up."""
    taken_at: int | None = None
    """When the copy that it is about was taken, where that is said: which of two copies it is."""

    @property
    def of_copy_from(self) -> int | None:
        """The moment that says which copy it is about: as near as the file tells."""
        return self.moment if self.taken_at is None else self.taken_at


class Unread(NamedTuple):
    """Something that could not be read: what is wrong, where (file, and line if there is one), what to do."""

    what: str
    where: str
    fix: str = ""
    is_hint: bool = False
    """It was read, proves nothing, and may tell a person something."""


class Proof(NamedTuple):
    """Evidence about a contact of this campaign."""

    contact: int
    """The ledger's number."""
    evidence: Evidence
    arrived: bool = True
    """Whether it shows that this campaign's message went out to the contact. Not so where somebody was found by
    nothing but the address from which they ask to be left alone.
    """


class Weighed(NamedTuple):
    """What came of a proof."""

    proof: Proof
    before: Status
    after: Status
    """The same as before where the word stands."""
    feedback: bool = False
    """Whether a complaint, or the wish to get no more, was put on record by it."""
    news: bool = False
    """Whether anything at all has changed by it. Not so for what was known."""
    being_sent: bool = False
    """A run is sending it just now: the word is that run's, and this is to be settled once more, later. What came back
    is on record all the same, so that there is no second try.
    """


SOON = (60, 3_600, 86_400)
"""Seconds: by how much it is told apart how long messages took to come back."""


class LaterWords(NamedTuple):
    """What later evidence has shown of everybody that the campaign has ever known, counted."""

    complaints: int = 0
    """Contacts who called the message spam; whoever also wants no more is counted here alone."""
    unsubscribed: int = 0
    """Contacts who want no more."""
    recorded_at: int | None = None
    """When evidence last changed something, in Unix seconds; None where none has."""
    came_back_after: Mapping[int | None, int] = MappingProxyType({})
    """Bounced messages that were accepted at a known time, by how long that was before: within so many seconds, as in
    `SOON`; None: longer.
    """


NOTHING_LATER = LaterWords()
