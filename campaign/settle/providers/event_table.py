"""What an event means: a table a provider, read from the top; the first line that fits decides.

    an object of the file ─▶ Event ─▶ EvidenceKind, or None: it moves nothing

A provider is a module here (`ses`, `sendgrid`, `postmark`, `mailgun`) with a class that knows its objects among all
others, and makes `Event`s of them. Nothing here raises.

What they have in common: what was opened or clicked has arrived, even if a machine did it that looks at mail for
viruses. What is put off moves nothing but that it was taken. What the provider gave up without calling it permanent has
bounced if the server that refused it said so with a permanent code (RFC 3463 section 2: class 5).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from typing import NamedTuple, Protocol

from campaign.evidence import EvidenceKind


class Event(NamedTuple):
    """One event, in the words of its provider but for the names of the fields. Texts are one printable line each."""

    name: str
    """What happened, in lower case: `bounce`."""
    id: str
    """Its own, or made of what does not change; the same in every copy."""
    moment: int | None = None
    type: str = ""
    """Of which kind, in lower case: `permanent`."""
    subtype: str = ""
    """… and of which kind of that."""
    key: str = ""
    message_id: str = ""
    relay_id: str = ""
    recipients: tuple[str, ...] = ()
    code: int | None = None
    enhanced: str = ""
    detail: str = ""

    @property
    def permanent(self) -> bool:
        """Whether it quotes a permanent code; the enhanced one counts, where there are both and they disagree."""
        return (self.enhanced or str(self.code or ""))[:1] == "5"


@dataclass(frozen=True, slots=True, eq=False)
class Rule:
    """One line of a table: regular expressions over the whole name, type and sub-type; None fits anything.
    `permanent`: only where a permanent code is quoted.
    """

    name: str
    type: str | None
    subtype: str | None
    permanent: bool | None
    kind: EvidenceKind | None
    because: str
    enhanced: str = ""
    """The enhanced status code (RFC 3463) that says what the provider itself says of the address by this, in words of
    its own; it counts where no server's code is quoted.
    """

    def fits(self, name: str, type_: str, subtype: str, permanent: bool) -> bool:
        """Say whether this line decides."""
        return (
            re.fullmatch(self.name, name) is not None
            and (self.type is None or re.fullmatch(self.type, type_) is not None)
            and (self.subtype is None or re.fullmatch(self.subtype, subtype) is not None)
            and (self.permanent is None or self.permanent is permanent)
        )


Table = tuple[Rule, ...]


class Provider(Protocol):
    """One provider."""

    source: str
    """For the table at the end: "Amazon SES events"."""
    table: Table

    def owns(self, found: dict[str, object]) -> bool:
        """Whether an object is one of this provider's, and of no other's."""

    def events(self, found: dict[str, object]) -> Iterator[Event]:
        """Give the events of such an object: one, most of the time."""


def rule_for(table: Table, event: Event) -> Rule | None:
    """Give the line that decides; None: no line knows such an event."""
    return _rule_for(table, event.name[:64], event.type[:64], event.subtype[:64], event.permanent)


@lru_cache(maxsize=1024)
def _rule_for(table: Table, name: str, type_: str, subtype: str, permanent: bool) -> Rule | None:
    return next((rule for rule in table if rule.fits(name, type_, subtype, permanent)), None)


def made_id(*parts: object) -> str:
    """Make an id of what stays the same in every copy of an event, none of it an address."""
    return blake2b(repr(parts).encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
