"""An SPF record with all that it leads to: the records that it includes, and the addresses that it names.

In: a domain and a `Resolver`. Out: an `SpfNode`, of which can be asked how many lookups it costs a receiver, what is
broken in it, and whether an address would pass. Raises nothing.

Limits: terms that depend on the single message (most macros, ptr, exists) are counted and not followed, so that what
comes after them may be unknowable. After `MOST_LOOKUPS` nothing more is followed.
"""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address, ip_network

from campaign.deliverability.dns.resolver import Resolver
from campaign.deliverability.dns.spf_record import Network, SpfRecord, Term, is_spf, own_domain_in, parse_spf

MOST_LOOKUPS = 40
"""Four times what the RFC allows: enough to say how far over the limit a record is."""
_MOST_EXCHANGES = 10  # of one mx term: RFC 7208 section 4.6.4

Address = IPv4Address | IPv6Address
RESULTS = {"+": "pass", "-": "fail", "~": "softfail", "?": "neutral"}


@dataclass(slots=True, kw_only=True)
class Followed:
    """A term, and what the DNS has for it."""

    term: Term
    networks: tuple[Network, ...] = ()
    included: "SpfNode | None" = None
    known: bool = True
    """Whether it is known what it matches."""
    void: bool = False
    fault: str = ""


@dataclass(slots=True, kw_only=True)
class SpfNode:
    """One domain's record in the tree."""

    domain: str
    record: SpfRecord | None = None
    several: int = 0
    """How many records there are, where that is more than one."""
    nearly: str = ""
    """Where there is no record: a text that was meant for one."""
    terms: list[Followed] = field(default_factory=list)
    redirected: "SpfNode | None" = None
    unanswered: bool = False
    cut: bool = False
    """Whether it was not looked at, since there was too much of it already."""
    loop: bool = False
    void: bool = False

    def nodes(self) -> Iterator["SpfNode"]:
        """Give it and every node below it."""
        yield self
        for followed in self.terms:
            if followed.included is not None:
                yield from followed.included.nodes()
        if self.redirected is not None:
            yield from self.redirected.nodes()

    def lookups(self) -> int:
        """Count what a receiver looks up for an address that nothing matches (RFC 7208 section 4.6.4)."""
        asking = sum(followed.term.asks for node in self.nodes() for followed in node.terms)
        return asking + sum(node.redirected is not None for node in self.nodes())

    def voids(self) -> int:
        """Count the lookups among them that find nothing."""
        empty = sum(followed.void for node in self.nodes() for followed in node.terms)
        return empty + sum(node.redirected is not None and node.redirected.void for node in self.nodes())

    def faults(self) -> Iterator[tuple[str, str]]:
        """Give what breaks the whole (permerror): the domain whose record is meant, and what is wrong with it."""
        for node in self.nodes():
            if node.loop:
                yield node.domain, "it leads back to itself"
            elif node.several:
                yield node.domain, f"there are {node.several}, and there may be one only"
            elif node.record is not None:
                yield from ((node.domain, fault) for fault in node.record.faults)
            elif node is not self and not node.unanswered and not node.cut:
                yield node.domain, "there is none"
            yield from ((node.domain, followed.fault) for followed in node.terms if followed.fault)

    def result(self, address: Address) -> str | None:
        """Say what SPF has for an address: pass, fail, softfail or neutral; None where that can't be known."""
        if self.record is None or self.several or self.record.faults:
            return None
        for followed in self.terms:
            if followed.included is not None:
                inner = followed.included.result(address)
                if inner is None:
                    return None
                matches = inner == "pass"  # section 5.2
            elif not followed.known:
                return None
            else:
                matches = followed.term.name == "all" or any(address in network for network in followed.networks)
            if matches:
                return RESULTS[followed.term.qualifier]
        if self.record.follows:
            return self.redirected.result(address) if self.redirected is not None else None
        return "neutral"  # section 4.7


@dataclass(slots=True, kw_only=True)
class _Allowance:
    left: int = MOST_LOOKUPS

    def take(self) -> bool:
        self.left -= 1
        return self.left >= 0


async def follow_spf(resolver: Resolver, domain: str) -> SpfNode:
    """Read a domain's SPF record and all that it leads to."""
    return await _node(resolver, domain, (), _Allowance())


async def _node(resolver: Resolver, domain: str, above: tuple[str, ...], allowance: _Allowance) -> SpfNode:
    node = SpfNode(domain=domain, loop=domain in above)
    if node.loop:
        return node
    answer = await resolver.ask(domain, "TXT")
    node.unanswered, node.void = answer.unanswered, answer.void
    records = [text for text in answer.values if is_spf(text)]
    if len(records) > 1:
        node.several = len(records)
    if len(records) != 1:
        node.nearly = next((text for text in answer.values if "v=spf1" in text.lower()), "") if not records else ""
        return node
    node.record = record = parse_spf(records[0])
    path = (*above, domain)
    node.terms = list(
        await asyncio.gather(*(_follow(resolver, term, domain, path, allowance) for term in record.counting))
    )
    if record.follows:
        target = own_domain_in(record.follows, domain)
        if target is None or not allowance.take():
            node.redirected = SpfNode(domain=record.follows, cut=True)
        else:
            node.redirected = await _node(resolver, target, path, allowance)
    return node


async def _follow(
    resolver: Resolver, term: Term, domain: str, path: tuple[str, ...], allowance: _Allowance
) -> Followed:
    if term.network is not None:
        return Followed(term=term, networks=(term.network,))
    if not term.asks:
        return Followed(term=term)
    target = own_domain_in(term.domain, domain)
    if target is None or term.name in ("ptr", "exists") or not allowance.take():
        return Followed(term=term, known=False)
    if term.name == "include":
        included = await _node(resolver, target, path, allowance)
        return Followed(term=term, included=included, void=included.void)
    if term.name == "mx":
        return await _exchanges(resolver, term, target)
    four, six = await resolver.addresses(target)
    networks = _networks(term, (*four.values, *six.values))
    return Followed(
        term=term,
        networks=networks,
        known=not (four.unanswered or six.unanswered),
        void=four.void and six.void,
    )


async def _exchanges(resolver: Resolver, term: Term, target: str) -> Followed:
    answer = await resolver.ask(target, "MX")
    hosts = [host for host in answer.values if host != "."]
    if len(hosts) > _MOST_EXCHANGES:
        fault = f'"{term.written[:80]}" leads to {len(hosts)} mail servers, and SPF looks at ten at most'
        return Followed(term=term, known=False, fault=fault)
    found = [one for pair in await asyncio.gather(*map(resolver.addresses, hosts)) for one in pair]
    return Followed(
        term=term,
        networks=_networks(term, [address for one in found for address in one.values]),
        known=not (answer.unanswered or any(one.unanswered for one in found)),
        void=answer.void,
    )


def _networks(term: Term, addresses: "tuple[str, ...] | list[str]") -> tuple[Network, ...]:
    return tuple(
        ip_network(f"{address}/{term.six if ':' in address else term.four}", strict=False) for address in addresses
    )
