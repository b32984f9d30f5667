"""Whose message a mail server's line is about: by the Message-ID in it, and by the key in its return path.

In: what stands at the fixed places of a line. Out: the ledger's number with what it was found by, or None for other
people's mail, and where the two name different contacts. Raises nothing. With `[bounces] verp` the envelope's sender is
`bounces+KEY@acme.example`; nobody else's mail has that sender, and only the relay and the recipient get to see it.
"""

import re
from typing import NamedTuple

from campaign.evidence import Evidence, EvidenceKind
from campaign.settle.logs import given_up
from campaign.settle.logs.entry import LogEntry
from campaign.settle.ours import KEY, Ours

_key = re.compile(rf"[^\s\"<>,]{{0,200}}\+({KEY})@[^\s\"<>,@]{{1,255}}").fullmatch
_LONGEST = 998
"""Octets: no line of a header may be longer (RFC 5322 section 2.1.1)."""


class OurMessage(NamedTuple):
    """A message of ours."""

    contact: int
    message_id: str = ""
    key: str = ""

    def evidence(self, kind: EvidenceKind, entry: LogEntry, queue_id: str, source: str) -> Evidence:
        """What a line about it shows, under an id that never comes again."""
        return Evidence(
            kind=kind,
            moment=entry.moment,
            id=f"{entry.host}/{queue_id}",
            source=source,
            place=f"{entry.place}, queue id {queue_id}",
            message_id=self.message_id,
            key=self.key,
        )

    def bounced(self, entry: LogEntry, queue_id: str, source: str, words: str, *, enhanced: str = "") -> Evidence:
        """The same of one that was given up, with these words."""
        why = given_up.read(words, enhanced=enhanced)
        found = self.evidence(EvidenceKind.BOUNCED, entry, queue_id, source)
        return found._replace(code=why.code, enhanced=why.enhanced, detail=why.detail)


def find(ours: Ours, *, message_id: str = "", sender: str = "") -> OurMessage | None:
    """Give whose it is. `message_id`: with or without angle brackets; `sender`: the envelope's, without them."""
    contact, key = None, ""
    if message_id and len(message_id) <= _LONGEST:
        contact = ours.by_message_id(message_id)
    by_id = contact is not None
    if "+" in sender and (found := _key(sender)) is not None and (other := ours.by_key(found[1])) is not None:
        if contact is not None and contact != other:
            return None
        contact, key = other, found[1].lower()
    if contact is None:
        return None
    return OurMessage(contact, message_id if by_id else "", key)
