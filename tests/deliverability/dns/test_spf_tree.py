"""What an SPF record leads to: how much it costs, what breaks it, who passes. By a real name server."""

import asyncio
from ipaddress import ip_address

import pytest

from campaign.deliverability.dns.resolver import Resolver
from campaign.deliverability.dns.spf_tree import MOST_LOOKUPS, SpfNode, follow_spf
from tests.dns_server import Zone


def tree(zone: Zone, domain: str = "acme.se") -> SpfNode:
    async def follow() -> SpfNode:
        return await follow_spf(Resolver(zone.server(each=1)), domain)

    return asyncio.run(follow())


def result(zone: Zone, address: str) -> str | None:
    return tree(zone).result(ip_address(address))


@pytest.mark.parametrize(
    ("record", "lookups"),
    [
        ("v=spf1 ip4:192.0.2.1 ip6:2001:db8::1 -all", 0),
        ("v=spf1 a mx ptr exists:%{i}.x.se include:inc.se -all", 5),
        ("v=spf1 a -all mx include:inc.se", 1),
        ("v=spf1 redirect=inc.se", 1),
        ("v=spf1 include:two.se include:two.se -all", 6),
        ("v=spf1 include:%{i}.x.se ~all", 1),
        ("v=spf1 -all redirect=two.se", 0),
    ],
)
def test_lookups_are_counted_through_all_that_is_included(zone: Zone, record: str, lookups: int) -> None:
    zone.txt("acme.se", record).txt("inc.se", "v=spf1 ip4:192.0.2.0/24 -all").txt("two.se", "v=spf1 a mx ?all")
    zone.address("acme.se", "192.0.2.7").mx("acme.se", "acme.se").address("two.se", "192.0.2.8").mx("two.se", "two.se")
    node = tree(zone)
    assert (node.lookups(), node.voids(), list(node.faults())) == (lookups, 0, [])


def test_lookups_that_find_nothing_are_counted(zone: Zone) -> None:
    zone.txt("acme.se", "v=spf1 a mx a:gone.se include:gone.se -all")
    assert tree(zone).voids() == 4


@pytest.mark.parametrize(
    ("records", "words"),
    [
        ({"acme.se": "v=spf1 include:b.se -all", "b.se": "v=spf1 include:acme.se -all"}, "leads back to itself"),
        ({"acme.se": "v=spf1 redirect=acme.se"}, "leads back to itself"),
        ({"acme.se": "v=spf1 include:b.se -all", "b.se": "no policy"}, "there is none"),
        ({"acme.se": "v=spf1 redirect=b.se", "b.se": "no policy"}, "there is none"),
        ({"acme.se": "v=spf1 include:b.se -all", "b.se": "v=spf1 ip4:x -all"}, "is no network"),
    ],
)
def test_what_breaks_the_whole(zone: Zone, records: dict[str, str], words: str) -> None:
    for name, text in records.items():
        zone.txt(name, text)
    ((_, fault),) = tree(zone).faults()
    assert words in fault


def test_an_mx_term_with_too_many_servers_breaks_it(zone: Zone) -> None:
    zone.txt("acme.se", "v=spf1 mx -all").mx("acme.se", *(f"mx{number}.acme.se" for number in range(11)))
    ((domain, fault),) = tree(zone).faults()
    assert domain == "acme.se" and "11 mail servers" in fault


def test_a_record_without_end_is_not_followed_for_ever(zone: Zone) -> None:
    """Each record includes two others: without a limit that would be a million questions."""
    for number in range(20):
        zone.txt(f"n{number}.se", f"v=spf1 include:n{number + 1}.se include:n{number + 1}.se -all")
    node = tree(zone, "n0.se")
    assert MOST_LOOKUPS <= node.lookups() <= 3 * MOST_LOOKUPS
    assert zone.asked.total() <= MOST_LOOKUPS + 1


def test_what_is_not_answered_is_no_fault(zone: Zone) -> None:
    zone.txt("acme.se", "v=spf1 include:b.se -all").txt("b.se", "v=spf1 +all").wrong["b.se"] = "SERVFAIL"
    node = tree(zone)
    assert list(node.faults()) == []
    assert node.result(ip_address("192.0.2.1")) is None


@pytest.mark.parametrize(
    ("record", "address", "expected"),
    [
        ("v=spf1 ip4:192.0.2.0/24 -all", "192.0.2.200", "pass"),
        ("v=spf1 ip4:192.0.2.0/24 -all", "198.51.100.1", "fail"),
        ("v=spf1 ip6:2001:db8::/32 ~all", "2001:db8:1::1", "pass"),
        ("v=spf1 ip6:2001:db8::/32 ~all", "192.0.2.1", "softfail"),
        ("v=spf1 ?ip4:192.0.2.1 -all", "192.0.2.1", "neutral"),
        ("v=spf1", "192.0.2.1", "neutral"),
        ("v=spf1 a/28 -all", "203.0.113.14", "pass"),
        ("v=spf1 a -all", "203.0.113.14", "fail"),
        ("v=spf1 mx -all", "203.0.113.25", "pass"),
        ("v=spf1 mx -all", "2001:db8::25", "pass"),
        ("v=spf1 include:inc.se ~all", "192.0.2.9", "pass"),
        ("v=spf1 include:inc.se ~all", "198.51.100.9", "softfail"),
        ("v=spf1 -include:inc.se ?all", "192.0.2.9", "fail"),
        ("v=spf1 redirect=inc.se", "198.51.100.9", "fail"),
        ("v=spf1 exists:%{i}.x.se -all", "192.0.2.9", None),
        ("v=spf1 ip4:192.0.2.9 ptr -all", "192.0.2.9", "pass"),
        ("v=spf1 ip4:bad -all", "192.0.2.9", None),
    ],
)
def test_whether_an_address_passes(zone: Zone, record: str, address: str, expected: str | None) -> None:
    zone.txt("acme.se", record).address("acme.se", "203.0.113.1").mx("acme.se", "mx.acme.se")
    zone.address("mx.acme.se", "203.0.113.25", "2001:db8::25").txt("inc.se", "v=spf1 ip4:192.0.2.0/24 -all")
    assert result(zone, address) == expected
