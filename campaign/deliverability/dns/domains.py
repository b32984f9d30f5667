"""The domains of a campaign's mail, looked at by DNS as an inbox does: SPF, DKIM, DMARC, and whether they take mail.

In: `MailDomains`, plain values. Out: findings, in the order to read them in. Raises nothing: where the DNS can't be
asked that is a finding, too, and one only. Waits `NameServer.whole` seconds at most.
"""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_address

from campaign.deliverability.dns.dkim import DkimKey, PublishedKey, published_key
from campaign.deliverability.dns.dmarc import Vouching, dmarc_findings
from campaign.deliverability.dns.dmarc_walk import Walk, walk_up
from campaign.deliverability.dns.mail_exchange import MailExchange, Takes, mail_exchange
from campaign.deliverability.dns.reachability import reachability_findings
from campaign.deliverability.dns.resolver import Answer, NameServer, NoNameServerError, Outcome, Resolver
from campaign.deliverability.dns.special_names import never_in_dns
from campaign.deliverability.dns.spf import spf_findings
from campaign.deliverability.dns.spf_tree import Address, SpfNode, follow_spf
from campaign.deliverability.finding import Finding, Severity
from campaign.relays import Relay, relay_of

MANY = 5_000
"""Messages in a day, from which on Google and Microsoft want all three of SPF, DKIM and DMARC of a sender:
https://support.google.com/a/answer/81126.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class MailDomains:
    """The domains that a message names, in ASCII and lower case."""

    author: str
    """That of From."""
    return_path: str
    reply_to: str = ""
    """"" where it is not set; so below."""
    unsubscribe: str = ""
    """That of message.unsubscribe_mailto."""
    relay: str = ""
    """smtp.host: a name or an IP address."""
    signed: bool = False
    """Whether messages are signed here."""
    keys: tuple[DkimKey, ...] = ()
    """The keys, as far as they can be read."""
    messages: int = 0
    """How many there are to send."""

    @property
    def by_setting(self) -> dict[str, str]:
        """The domains that mail may come back to, by the setting that names them."""
        return {
            "message.from": self.author,
            "message.return_path": self.return_path,
            "message.reply_to": self.reply_to,
            "message.unsubscribe_mailto": self.unsubscribe,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    """What the DNS had to say."""

    exchanges: dict[str, MailExchange]
    walks: dict[str, Walk]
    spf: SpfNode
    keys: list[PublishedKey]
    relay: Relay | None
    relay_addresses: tuple[Address, ...]
    relay_key: str
    secluded: bool
    """Whether the name server knows nothing of the world."""
    heard: list[Answer]


def look_at(domains: MailDomains, server: NameServer) -> list[Finding]:
    """Ask the DNS about all of them."""
    unreal = [domain for domain in dict.fromkeys(domains.by_setting.values()) if domain and never_in_dns(domain)]
    notes = [_never(unreal)] if unreal else []
    if domains.author in unreal or domains.return_path in unreal:  # an inbox would look no further either
        return notes
    try:
        seen = asyncio.run(_ask(domains, server))
    except NoNameServerError:
        return [*notes, _not_asked("this machine knows no name server (/etc/resolv.conf)")]
    if seen.secluded:
        return [*notes, _not_asked("the name server does not know the world's domains, not even com")]
    lost = [answer for answer in seen.heard if answer.unanswered]
    if len(lost) == len(seen.heard):
        return [*notes, _not_asked(lost[0].why)]
    return [*notes, *_findings(domains, seen), *([_unanswered(lost)] if lost else [])]


async def _ask(domains: MailDomains, server: NameServer) -> _Seen:
    """Ask all that does not depend on each other at once."""
    resolver = Resolver(server)
    relay = relay_of(domains.relay)
    taking = [one for one in dict.fromkeys(domains.by_setting.values()) if one and not never_in_dns(one)]
    names = list(dict.fromkeys((domains.author, domains.return_path, *(key.domain for key in domains.keys))))
    exchanges, walks, keys, spf, addresses, relay_key = await asyncio.gather(
        asyncio.gather(*(mail_exchange(resolver, domain) for domain in taking)),
        asyncio.gather(*(walk_up(resolver, name) for name in names)),
        asyncio.gather(*(published_key(resolver, key) for key in domains.keys)),
        follow_spf(resolver, domains.return_path),
        _addresses(resolver, "" if relay is not None else domains.relay),
        _relay_key(resolver, relay, domains.author),
    )
    # Where From's domain, the first one, is not there, the name server itself may be cut off: in a closed network.
    gone = exchanges[0].takes is Takes.NO_DOMAIN
    secluded = gone and (await resolver.ask("com", "MX")).outcome is Outcome.NO_NAME
    return _Seen(
        secluded=secluded,
        exchanges=dict(zip(taking, exchanges, strict=True)),
        walks=dict(zip(names, walks, strict=True)),
        spf=spf,
        keys=keys,
        relay=relay,
        relay_addresses=addresses,
        relay_key=relay_key,
        heard=resolver.heard(),
    )


async def _addresses(resolver: Resolver, host: str) -> tuple[Address, ...]:
    """Give the public addresses of smtp.host: one on the loopback or a private network never sends to the world."""
    if not host:
        return ()
    try:
        found = [ip_address(host)]
    except ValueError:
        if never_in_dns(host):
            return ()
        four, six = await resolver.addresses(host)
        found = [ip_address(address) for address in (*four.values, *six.values)]
    return tuple(address for address in found if address.is_global)


async def _relay_key(resolver: Resolver, relay: Relay | None, author: str) -> str:
    """Give the name of a key that the relay uses for From's domain, if one is published."""
    names = [f"{selector}._domainkey.{author}" for selector in (relay.selectors if relay is not None else ())]
    answers = await asyncio.gather(*(resolver.ask(name, "TXT") for name in names))
    return next((one.name for one in answers if any("p=" in text for text in one.values)), "")


def _findings(domains: MailDomains, seen: _Seen) -> Iterator[Finding]:
    gone = {name for name, exchange in seen.exchanges.items() if exchange.takes is Takes.NO_DOMAIN}
    vouching = Vouching(
        author=seen.walks[domains.author],
        return_path=seen.walks[domains.return_path],
        keys=tuple((key, seen.walks[key.key.domain]) for key in seen.keys),
        signed=domains.signed,
        relay=seen.relay,
        relay_key=seen.relay_key,
    )
    many = domains.messages >= MANY
    yield from reachability_findings(domains.by_setting, seen.exchanges, replaced=bool(vouching.own_return_path))
    if domains.return_path not in gone:
        # Below that number, Google is content with a signature of DKIM.
        missing = Severity.WRONG if many or not vouching.by_dkim else Severity.NOTE
        yield from spf_findings(
            seen.spf,
            relay=seen.relay,
            host=domains.relay,
            addresses=seen.relay_addresses,
            missing=missing,
        )
    for key in seen.keys:
        yield from key.faults
        if key.usable and not key.answer.unanswered:
            what = f"{key.key.name} is the public half of our key"
            yield Finding(severity=Severity.OK, rule="dkim", what=what)
    if domains.author not in gone:
        yield from dmarc_findings(vouching, missing=Severity.WRONG if many else Severity.NOTE)


def _never(names: list[str]) -> Finding:
    one = len(names) == 1
    return Finding(
        severity=Severity.NOTE,
        rule="dns_special_name",
        what=f"{' and '.join(names)} {'is a domain' if one else 'are domains'} for examples or local networks, "
        f"not in the public DNS; {'it was' if one else 'they were'} not looked up. Most inboxes refuse such mail",
        where="[message]",
        fix="for a real send, use a domain that is yours",
    )


def _not_asked(why: str) -> Finding:
    return Finding(
        severity=Severity.NOTE,
        rule="dns_not_asked",
        what=f"the DNS could not be asked, so that nothing is known of SPF, DKIM, DMARC and MX: {why}",
        where="DNS",
        fix="check again where there is a network, or ask another name server: campaign check --nameserver 9.9.9.9",
    )


def _unanswered(lost: list[Answer]) -> Finding:
    shown = ", ".join(f"{answer.kind} of {answer.name}" for answer in lost[:4])
    more = f" and {len(lost) - 4} more" if len(lost) > 4 else ""
    return Finding(
        severity=Severity.NOTE,
        rule="dns_unanswered",
        what=f"of these nothing is known: {shown}{more} ({lost[0].why})",
        where="DNS",
        fix="check again in a while, or ask another name server: campaign check --nameserver 9.9.9.9",
    )
