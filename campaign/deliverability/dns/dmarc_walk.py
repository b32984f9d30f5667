"""The DNS tree walk of DMARC: whose policy a domain has, and which organization it belongs to (RFC 9989 section 4.10).

RFC 9989 took the place of RFC 7489 in May 2026, and a walk that needs nothing but the DNS that of the public suffix
list. In: a domain and a `Resolver`. Out: a `Walk`. Raises nothing.

Limit: a receiver that still goes by the list can find another organization where no record stands at the registered
domain itself.
"""

import asyncio
from dataclasses import dataclass, field

from campaign.deliverability.dns.dmarc_record import DmarcRecord, is_dmarc, is_nearly_dmarc, parse_dmarc
from campaign.deliverability.dns.resolver import Resolver

_MOST_LABELS = 7  # of a parent that is asked; a longer name is cut down to it (section 4.10, step 4)


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """What was found on the way up from a domain."""

    domain: str
    records: dict[str, DmarcRecord] = field(default_factory=dict)
    """By the domain that has it; from the longest name to the shortest."""
    several: dict[str, int] = field(default_factory=dict)
    """Domains with more than one record, all of which count for nothing."""
    misspelt: dict[str, str] = field(default_factory=dict)
    """Domains with a text that was meant to be a record."""
    unanswered: bool = False

    @property
    def organization(self) -> str:
        """The organizational domain (section 4.10.2)."""
        for name, record in self.records.items():
            if record.psd == "n":
                return name
            if record.psd == "y" and name != self.domain:
                below = self.domain.removesuffix(f".{name}").rpartition(".")[2]
                return f"{below}.{name}"
        return list(self.records)[-1] if self.records else self.domain

    @property
    def policy_domain(self) -> str:
        """The domain whose record is applied (section 4.10.1): its own, its organization's, or that of the public
        suffix; "" where there is none.
        """
        if self.domain in self.records:
            return self.domain
        if self.organization in self.records:
            return self.organization
        return next((name for name, record in self.records.items() if record.psd == "y"), "")


async def walk_up(resolver: Resolver, domain: str) -> Walk:
    """Look for records at a domain and all above it, as far as the top."""
    names = walked_names(domain)
    answers = await asyncio.gather(*(resolver.ask(f"_dmarc.{name}", "TXT") for name in names))
    walk = Walk(domain=domain, unanswered=any(answer.unanswered for answer in answers))
    for name, answer in zip(names, answers, strict=True):
        found = [text for text in answer.values if is_dmarc(text)]
        if len(found) > 1:
            walk.several[name] = len(found)
        elif found:
            walk.records[name] = record = parse_dmarc(found[0])
            if record.psd == "n" or (record.psd == "y" and name != domain):
                break  # here the walk ends (section 4.10, steps 2 and 7)
        elif nearly := [text for text in answer.values if is_nearly_dmarc(text)]:
            walk.misspelt[name] = nearly[0]
    return walk


def walked_names(domain: str) -> list[str]:
    """Give the domains whose records are asked for: eight at most."""
    labels = domain.split(".")
    first = max(1, len(labels) - _MOST_LABELS)
    return [domain, *(".".join(labels[start:]) for start in range(first, len(labels)))]
