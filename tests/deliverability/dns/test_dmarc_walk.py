"""The tree walk: whose policy a domain has, which organization it is of, and what aligns with what (RFC 9989 4.10)."""

import asyncio

import pytest

from campaign.deliverability.dns.alignment import aligned
from campaign.deliverability.dns.dmarc_walk import Walk, walk_up, walked_names
from campaign.deliverability.dns.resolver import Resolver
from tests.dns_server import Zone


def walks(zone: Zone, *domains: str) -> list[Walk]:
    async def walk() -> list[Walk]:
        resolver = Resolver(zone.server(each=1))
        return list(await asyncio.gather(*(walk_up(resolver, domain) for domain in domains)))

    return asyncio.run(walk())


@pytest.mark.parametrize(
    ("domain", "names"),
    [
        ("se", ["se"]),
        ("acme.se", ["acme.se", "se"]),
        ("a.mail.acme.se", ["a.mail.acme.se", "mail.acme.se", "acme.se", "se"]),
        (
            "a.b.c.d.e.f.g.h",
            ["a.b.c.d.e.f.g.h", *("b.c.d.e.f.g.h", "c.d.e.f.g.h", "d.e.f.g.h", "e.f.g.h", "f.g.h", "g.h", "h")],
        ),
        (
            "0.1.a.b.c.d.e.f.g.h",
            ["0.1.a.b.c.d.e.f.g.h", "b.c.d.e.f.g.h", "c.d.e.f.g.h", "d.e.f.g.h", "e.f.g.h", "f.g.h", "g.h", "h"],
        ),
    ],
)
def test_eight_names_at_most_are_asked_for(domain: str, names: list[str]) -> None:
    assert walked_names(domain) == names
    assert len(names) <= 8


@pytest.mark.parametrize(
    ("records", "domain", "organization", "policy_domain"),
    [
        ({}, "mail.acme.se", "mail.acme.se", ""),
        ({"acme.se": "p=none"}, "acme.se", "acme.se", "acme.se"),
        ({"acme.se": "p=none"}, "a.mail.acme.se", "acme.se", "acme.se"),
        ({"acme.se": "p=none", "mail.acme.se": "p=none"}, "mail.acme.se", "acme.se", "mail.acme.se"),
        ({"acme.se": "p=none", "mail.acme.se": "p=none"}, "a.mail.acme.se", "acme.se", "acme.se"),
        ({"acme.se": "p=none", "mail.acme.se": "psd=n"}, "a.mail.acme.se", "mail.acme.se", "mail.acme.se"),
        ({"se": "psd=y; p=reject"}, "mail.acme.se", "acme.se", "se"),
        ({"co.se": "psd=y", "acme.co.se": "p=none"}, "mail.acme.co.se", "acme.co.se", "acme.co.se"),
        ({"co.se": "psd=y; p=none"}, "co.se", "co.se", "co.se"),
        ({"se": "p=none", "co.se": "psd=y"}, "co.se", "se", "co.se"),
    ],
)
def test_whose_policy_and_which_organization(
    zone: Zone, records: dict[str, str], domain: str, organization: str, policy_domain: str
) -> None:
    for name, tags in records.items():
        zone.txt(f"_dmarc.{name}", f"v=DMARC1; {tags}")
    (walk,) = walks(zone, domain)
    assert (walk.organization, walk.policy_domain, walk.unanswered) == (organization, policy_domain, False)


def test_of_several_records_none_counts(zone: Zone) -> None:
    zone.txt("_dmarc.acme.se", "v=DMARC1; p=none").txt("_dmarc.acme.se", "v=DMARC1; p=reject")
    zone.txt("_dmarc.mail.acme.se", "v=dmarc1; p=none").txt("_dmarc.mail.acme.se", "hello")
    (walk,) = walks(zone, "mail.acme.se")
    assert (walk.records, walk.several) == ({}, {"acme.se": 2})
    assert walk.misspelt == {"mail.acme.se": "v=dmarc1; p=none"}


def test_a_server_that_fails_on_the_way_leaves_it_open(zone: Zone) -> None:
    zone.txt("_dmarc.acme.se", "v=DMARC1; p=none").wrong["_dmarc.mail.acme.se"] = "SERVFAIL"
    (walk,) = walks(zone, "mail.acme.se")
    assert walk.unanswered


_ACME = {"acme.se": "p=none"}
_SHARED = {"co.se": "psd=y; p=none"}


@pytest.mark.parametrize(
    ("records", "author", "other", "relaxed", "strict"),
    [
        (_ACME, "acme.se", "acme.se", True, True),
        (_ACME, "acme.se", "bounces.acme.se", True, False),
        (_ACME, "mail.acme.se", "bounces.acme.se", True, False),
        (_ACME, "mail.acme.se", "acme.se", True, False),
        (_ACME, "acme.se", "relay.net", False, False),
        (_ACME, "acme.se", "notacme.se", False, False),
        (_ACME | {"b.acme.se": "psd=n"}, "acme.se", "b.acme.se", False, False),
        (_SHARED, "one.co.se", "two.co.se", False, False),
        (_SHARED, "one.co.se", "mail.one.co.se", True, False),
        ({"mail.acme.se": "p=none"}, "mail.acme.se", "bounces.acme.se", False, False),
        ({}, "acme.se", "bounces.acme.se", True, False),
        ({}, "mail.acme.se", "acme.se", True, False),
        ({}, "acme.se", "notacme.se", False, False),
        ({}, "acme.se", "acme.se", True, True),
        ({"bounces.acme.se": "p=none"}, "acme.se", "bounces.acme.se", True, False),
    ],
)
def test_what_aligns(zone: Zone, records: dict[str, str], author: str, other: str, relaxed: bool, strict: bool) -> None:
    for name, tags in records.items():
        zone.txt(f"_dmarc.{name}", f"v=DMARC1; {tags}")
    one, two = walks(zone, author, other)
    assert aligned(one, two, strict=False) is relaxed
    assert aligned(one, two, strict=True) is strict
