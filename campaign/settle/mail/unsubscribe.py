"""Mails of people who want no more: those that List-Unsubscribe's `mailto:` asks for (RFC 2369 section 3.2).

In: a mail, who is ours, and the address that is written to (`message.unsubscribe_mailto`). Out: evidence. Raises
nothing. The subject that our own link fills in, "unsubscribe KEY", says who it is, whoever has written. Without the key
there is only the sender's address, which is good for this one thing: to leave that address alone. So it counts only for
a mail to that very address, which no program has written; not for an answer ("Re: …"), and, where people write to that
address about other things, too, only if the subject begins with the word.
"""

import re
from email.utils import getaddresses

from campaign.evidence import Evidence, EvidenceKind
from campaign.settle.mail import identity
from campaign.settle.mail.auto_reply import is_automatic
from campaign.settle.mail.identity import Subject
from campaign.settle.mail.parse import Part
from campaign.settle.ours import KEY, Ours

SOURCE = "unsubscribe mail"
_with_key = re.compile(rf"unsubscribe[ :]+({KEY})", re.IGNORECASE).fullmatch
_begins_with_word = re.compile(r"(?:unsubscribe|opt[- ]?out|remove me)\b", re.IGNORECASE).match
_answers = re.compile(r"(?:re|aw|sv|vs|antw|fwd?|wg|tr|rv)\s*:", re.IGNORECASE).match
_MOST = 10


class UnsubscribeAddress:
    """The address that unsubscribes, and whether people write to it about other things, too."""

    def __init__(self, address: str, *, is_shared: bool = False) -> None:
        """`is_shared`: it is the sender's own, or where answers go."""
        self._local, _, self._domain = address.lower().rpartition("@")
        self._is_shared = is_shared

    def wanted_by(self, mail: Part) -> bool:
        """Whether a mail without a key asks it to be left alone."""
        subject = mail.words("subject")
        if _answers(subject) or is_automatic(mail) or not self._is_addressed(mail):
            return False
        return not self._is_shared or _begins_with_word(subject) is not None

    def keys(self, mail: Part) -> list[str]:
        """Give what looks like a key in the address that was written to: `unsubscribe+KEY@acme.example`."""
        return list(identity.keys_in_addresses(self._addresses(mail)))

    def _is_addressed(self, mail: Part) -> bool:
        return bool(self._addresses(mail))

    def _addresses(self, mail: Part) -> list[str]:
        written_to = (one.lower() for one in _bare_addresses(identity.recipients(mail)))
        return [one for one in written_to if one.rpartition("@")[2] == self._domain and self._is_local(one)]

    def _is_local(self, address: str) -> bool:
        local = address.rpartition("@")[0]
        return local == self._local or local.startswith(f"{self._local}+")


def read(mail: Part, ours: Ours, address: UnsubscribeAddress | None) -> tuple[Subject, list[Evidence]]:
    """Give who asks, and the evidence, `place` aside; no evidence where nobody does."""
    keys = [found[1]] if (found := _with_key(mail.words("subject"))) else []
    if address is not None:
        keys += address.keys(mail)
    about = identity.subject(ours, keys=keys, ids=()) if keys else Subject()
    sender = ""
    if about.contact is None:
        if about.contradicts or address is None or not address.wanted_by(mail):
            return about, []
        senders = _bare_addresses(mail.all("from"))
        if len(senders) != 1:
            return about, []
        sender = senders[0]
    return about, [
        Evidence(
            kind=EvidenceKind.UNSUBSCRIBED,
            moment=mail.moment,
            id=mail.identity,
            source=SOURCE,
            place="",
            key=about.key if about.contact is not None else "",
            recipient=sender,
        )
    ]


def _bare_addresses(values: list[str]) -> list[str]:
    try:
        return [address for _, address in getaddresses(values[:_MOST]) if "@" in address][:_MOST]
    except (ValueError, IndexError, AttributeError, RecursionError):  # it has had bugs over made-up fields
        return []
