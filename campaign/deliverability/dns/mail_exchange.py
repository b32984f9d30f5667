"""Whether a domain takes mail: MX records, else its own addresses (RFC 5321 section 5.1), and no null MX (RFC 7505).

In: a domain and a `Resolver`. Out: a `MailExchange`. Raises nothing. Nobody is connected to.
"""

import asyncio
from dataclasses import dataclass
from enum import Enum, auto

from campaign.deliverability.dns.resolver import Outcome, Resolver


class Takes(Enum):
    """What the DNS says of a domain and mail."""

    MAIL = auto()
    NO_DOMAIN = auto()
    """There is no such domain."""
    NOTHING = auto()
    """Neither MX nor address."""
    NULL_MX = auto()
    """It says itself that it takes no mail."""
    LOST = auto()
    """It has MX records, and none of the hosts that they name has an address."""
    UNKNOWN = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class MailExchange:
    """A domain's way in."""

    domain: str
    takes: Takes
    hosts: tuple[str, ...] = ()
    """The mail servers, the preferred one first; the domain itself where it has no MX."""


async def mail_exchange(resolver: Resolver, domain: str) -> MailExchange:
    """Find out whether a domain takes mail."""
    answer = await resolver.ask(domain, "MX")
    if answer.unanswered:
        return MailExchange(domain=domain, takes=Takes.UNKNOWN)
    if answer.outcome is Outcome.NO_NAME:
        return MailExchange(domain=domain, takes=Takes.NO_DOMAIN)
    if answer.values == (".",):
        return MailExchange(domain=domain, takes=Takes.NULL_MX)
    hosts = tuple(host for host in answer.values if host != ".") or (domain,)
    found = [one for pair in await asyncio.gather(*map(resolver.addresses, hosts)) for one in pair]
    if any(one.values for one in found):
        takes = Takes.MAIL
    elif any(one.unanswered for one in found):
        takes = Takes.UNKNOWN
    else:
        takes = Takes.LOST if answer.values else Takes.NOTHING
    return MailExchange(domain=domain, takes=takes, hosts=hosts)
