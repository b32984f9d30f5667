"""What is to be said of the SPF record of the return path's domain (RFC 7208).

In: the tree of the record, the relay or the addresses of smtp.host. Out: findings. Raises nothing.
"""

from collections.abc import Iterator
from ipaddress import ip_address

from campaign.deliverability.dns.spf_tree import MOST_LOOKUPS, Address, SpfNode
from campaign.deliverability.finding import Finding, Severity
from campaign.relays import Relay

_LOOKUPS, _VOIDS = 10, 2  # RFC 7208 section 4.6.4
_WHERE = "TXT record of {}, the domain of message.return_path"


def spf_findings(
    node: SpfNode, *, relay: Relay | None, host: str, addresses: tuple[Address, ...], missing: Severity
) -> Iterator[Finding]:
    """Say what is wrong with a record. `addresses` are those of smtp.host (empty: unknown, or of no use); `missing` is
    how bad it is that there is none.
    """
    where = _WHERE.format(node.domain)
    if node.unanswered or node.loop:
        return
    own = relay is not None and bool(relay.own_return_path)
    # A relay with a return path of its own is judged by that one's record: then what we find here breaks nothing.
    bad = Severity.NOTE if own else Severity.WRONG
    if node.record is None and not node.several:
        yield _missing(node, where, relay, host, missing)
        return
    broken = [*_broken(node, where, bad)]
    yield from broken
    if node.several:
        return
    weak = [*_weak(node, where)]
    yield from weak
    reach = _reach(node, where, relay, host, addresses) if not broken else None
    if reach is not None:
        yield reach
    if not broken and not (reach is not None and reach.severity is not Severity.OK):
        words = f"{node.domain} has a record that costs {node.lookups()} of {_LOOKUPS} lookups"
        yield Finding(severity=Severity.OK, rule="spf", what=words)


def example(relay: Relay | None, host: str) -> str:
    """Give a record to publish."""
    if relay is not None:
        return f"v=spf1 include:{relay.include} ~all"
    try:
        address = ip_address(host)
    except ValueError:
        return f"v=spf1 a:{host} ~all" if "." in host and not host.endswith(".localhost") else "v=spf1 mx ~all"
    if address.is_global:
        return f"v=spf1 ip{address.version}:{address} ~all"
    return "v=spf1 mx ~all"


def _missing(node: SpfNode, where: str, relay: Relay | None, host: str, missing: Severity) -> Finding:
    domain = node.domain
    if node.nearly:
        return Finding(
            severity=missing if relay is None or not relay.own_return_path else Severity.NOTE,
            rule="spf_missing",
            what=f"{domain} has no SPF record that a receiver would know for one: {node.nearly[:60]!r}",
            where=where,
            fix="a record begins with exactly v=spf1 and a space, without quotes of its own",
        )
    if relay is not None and relay.own_return_path:
        return Finding(
            severity=Severity.OK,
            rule="spf",
            what=f"{domain} has no SPF record, and {relay.name} sends with a return path of its own "
            f"({relay.own_return_path} there puts it under your domain)",
        )
    also = "" if relay is not None else ", with whatever else sends your mail on to the world"
    return Finding(
        severity=missing,
        rule="spf_missing",
        what=f"{domain} has no SPF record: inboxes can't tell who may send for it",
        where=where,
        fix=f'publish one{also}: TXT "{example(relay, host)}"',
    )


def _broken(node: SpfNode, where: str, bad: Severity) -> Iterator[Finding]:
    """Give what makes the whole record worth nothing: a receiver's permerror (section 2.6.7)."""
    for domain, fault in node.faults():
        mine = domain == node.domain
        rule = "spf_several" if mine and node.several else "spf_syntax" if mine else "spf_include"
        since = "" if mine else f", since that of {domain} can't"
        yield Finding(
            severity=bad,
            rule=rule,
            what=f"the SPF record of {node.domain} can't be used{since}: {fault}",
            where=where if mine else f"{where}, which leads to {domain}",
            fix=(
                "put their terms into one record, and remove the others"
                if rule == "spf_several"
                else "put it right"
                if mine
                else "correct the name, or take it out; what it leads to is its owner's to mend"
            ),
        )
    count = node.lookups()
    if count > _LOOKUPS:
        least = "at least " if any(one.cut for one in node.nodes()) or count > MOST_LOOKUPS else ""
        yield Finding(
            severity=bad,
            rule="spf_lookups",
            what=f"the SPF record of {node.domain} costs {least}{count} DNS lookups, and receivers stop at {_LOOKUPS}",
            where=where,
            fix="take out what sends no mail for you any more, or give each sender a return path in a subdomain of "
            "its own",
        )
    if node.voids() > _VOIDS:
        yield Finding(
            severity=bad,
            rule="spf_void_lookups",
            what=f"{node.voids()} lookups of the SPF record of {node.domain} find nothing, and receivers stop after "
            f"{_VOIDS}",
            where=where,
            fix="take out the names that are no more",
        )


def _weak(node: SpfNode, where: str) -> Iterator[Finding]:
    """Give what lets the record say less than it could."""
    record = node.record
    assert record is not None
    notes = []
    if record.closing == "+":
        words = "ends with +all: the whole world may send for it, and filters take it for a spammer's"
        notes.append(("spf_pass_all", words, "end it with ~all or -all"))
    elif record.closing == "?":
        notes.append(("spf_neutral_all", "ends with ?all, which says nothing of the rest", "end it with ~all or -all"))
    elif not record.closing and not record.redirect:
        notes.append(("spf_no_all", "has no all at its end: of the rest it says nothing", "end it with ~all or -all"))
    if len(record.counting) < len(record.terms):
        after = record.terms[len(record.counting)].written
        notes.append(("spf_after_all", f'has "{after}" after all, where nothing counts any more', "put all at the end"))
    if any(followed.term.name == "ptr" for one in node.nodes() for followed in one.terms):
        words = "uses ptr, which is slow, and which receivers may pass over (RFC 7208 section 5.5)"
        notes.append(("spf_ptr", words, "name the addresses, by ip4, ip6, a or mx"))
    for rule, words, fix in notes:
        what = f"the SPF record of {node.domain} {words}"
        yield Finding(severity=Severity.NOTE, rule=rule, what=what, where=where, fix=fix)


def _reach(node: SpfNode, where: str, relay: Relay | None, host: str, addresses: tuple[Address, ...]) -> Finding | None:
    """Say whether the relay is among those who may send; None where nothing can be said."""
    if relay is not None:
        return _reach_of_relay(node, where, relay)
    results = {node.result(address) for address in addresses}
    if not results or None in results:
        return None
    if results == {"pass"}:
        return Finding(severity=Severity.OK, rule="spf_relay", what=f"{host} may send for {node.domain}")
    shown = ", ".join(sorted(str(address) for address in addresses if node.result(address) != "pass"))
    return Finding(
        severity=Severity.NOTE,
        rule="spf_relay",
        what=f"the SPF record of {node.domain} does not let {host} ({shown}) send, if that is the machine that sends "
        "your mail on to the world",
        where=where,
        fix=f"put a:{host} into it, or the addresses of the machine that sends; if that is there, all is well",
    )


def _reach_of_relay(node: SpfNode, where: str, relay: Relay) -> Finding | None:
    named = {one.domain for one in node.nodes()} - {node.domain}
    if relay.include in named:
        return Finding(severity=Severity.OK, rule="spf_relay", what=f"{relay.name} may send for {node.domain}")
    if any(one.unanswered or one.cut for one in node.nodes()):
        return None
    if relay.own_return_path:
        words = f"{relay.name} sends with a return path of its own ({relay.own_return_path} there puts it under your "
        return Finding(severity=Severity.OK, rule="spf_relay", what=f"{words}domain)")
    # Some write the relay's addresses out in place of its name.
    listed = any(followed.term.network is not None for one in node.nodes() for followed in one.terms)
    return Finding(
        severity=Severity.NOTE if listed else Severity.WRONG,
        rule="spf_relay",
        what=f"the SPF record of {node.domain} does not include {relay.include}, which {relay.name} asks for"
        + (": its addresses would have to be among those that are listed" if listed else ""),
        where=where,
        fix=f"put include:{relay.include} into it, before all",
    )
