"""Our DKIM keys as published: each way in which a record is not the public half of what signs here."""

import asyncio
import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from campaign.deliverability.dns.dkim import DkimKey, PublishedKey, published_key
from campaign.deliverability.dns.resolver import Resolver
from tests.dkim.keys import mersenne, rsa
from tests.dns_server import Zone

_PKCS1 = PublicFormat.PKCS1


def spelt(key: RSAPrivateKey, form: PublicFormat = PublicFormat.SubjectPublicKeyInfo) -> str:
    return base64.b64encode(key.public_key().public_bytes(Encoding.DER, form)).decode()


_ED = base64.b64encode(Ed25519PrivateKey.generate().public_key().public_bytes_raw()).decode()
OURS = f"v=DKIM1; k=rsa; p={spelt(rsa())}"
OURS_ED = f"v=DKIM1; k=ed25519; p={_ED}"


def published(zone: Zone, *records: str, ours: str = OURS) -> PublishedKey:
    for record in records:
        zone.txt("2026a._domainkey.acme.se", record)
    key = DkimKey(domain="acme.se", selector="2026a", record=ours)

    async def ask() -> PublishedKey:
        return await published_key(Resolver(zone.server(each=1)), key)

    return asyncio.run(ask())


@pytest.mark.parametrize(
    ("record", "ours"),
    [
        (OURS, OURS),
        (OURS_ED, OURS_ED),
        (f"p={spelt(rsa())}", OURS),
        (f"v=DKIM1; t=s; h=sha1:sha256; s=email; n=ours; p={spelt(rsa())};", OURS),
        (f"k=rsa; p={spelt(rsa())[:90]} {spelt(rsa())[90:]}", OURS),
        (f"k=rsa; s=*; p={spelt(rsa(), _PKCS1)}", OURS),
        (f"p={spelt(mersenne(1279, 2203), _PKCS1)}", f"p={spelt(mersenne(1279, 2203))}"),
    ],
    ids=[
        "rsa",
        "ed25519",
        "bare",
        "all tags",
        "in two parts",
        "without its algorithm",
        "longer, without its algorithm",
    ],
)
def test_the_public_half_in_any_dress_is_ours(zone: Zone, record: str, ours: str) -> None:
    key = published(zone, record, ours=ours)
    assert key.faults == () and key.usable


@pytest.mark.parametrize(
    ("records", "rule"),
    [
        ([], "dkim_missing"),
        ([OURS, f"{OURS};"], "dkim_several"),
        (["v=DKIM1; k=rsa; p="], "dkim_revoked"),
        (["v=DKIM1; k=rsa"], "dkim_syntax"),
        ([f"k=rsa; v=DKIM1; p={spelt(rsa())}"], "dkim_syntax"),
        ([f"v=DKIM2; p={spelt(rsa())}"], "dkim_syntax"),
        ([f"v=DKIM1; k=rsa p={spelt(rsa())}"], "dkim_syntax"),
        ([f"{OURS}; p={spelt(rsa())}"], "dkim_syntax"),
        ([OURS_ED], "dkim_key_type"),
        ([f"v=DKIM1; k=rsa; p={spelt(mersenne(521, 607))}"], "dkim_other_key"),
        ([f"v=DKIM1; k=rsa; p={spelt(rsa())[:-4]}"], "dkim_other_key"),
        (["v=DKIM1; k=rsa; p=!!"], "dkim_other_key"),
        ([f"v=DKIM1; k=rsa; p={spelt(rsa(), _PKCS1)[:-4]}"], "dkim_other_key"),
        ([f"v=DKIM1; h=sha1; p={spelt(rsa())}"], "dkim_hash"),
        ([f"v=DKIM1; s=tlsrpt; p={spelt(rsa())}"], "dkim_service"),
    ],
)
def test_what_no_signature_of_ours_can_be_verified_by_is_wrong(zone: Zone, records: list[str], rule: str) -> None:
    key = published(zone, *records)
    (fault,) = key.faults
    assert (fault.rule, fault.severity) == (rule, "wrong")
    assert OURS in fault.fix
    assert "2026a._domainkey.acme.se" in fault.where
    assert not key.usable


def test_that_it_is_being_tried_out_is_noted(zone: Zone) -> None:
    key = published(zone, f"v=DKIM1; t=s:y; p={spelt(rsa())}")
    (fault,) = key.faults
    assert (fault.rule, fault.severity) == ("dkim_testing", "note")
    assert key.usable


def test_what_is_not_answered_is_not_missing(zone: Zone) -> None:
    zone.wrong[""] = "SERVFAIL"
    key = published(zone)
    assert key.faults == () and key.answer.unanswered


def test_a_record_whose_name_has_the_domain_twice_is_told_as_that(zone: Zone) -> None:
    """Forms of DNS providers append the domain to what is typed."""
    zone.txt("2026a._domainkey.acme.se.acme.se", OURS)
    (fault,) = published(zone).faults
    assert fault.rule == "dkim_missing" and "in it twice" in fault.what
    assert fault.where == "TXT record of 2026a._domainkey.acme.se.acme.se"
    assert fault.fix.endswith(": 2026a._domainkey")


@pytest.mark.parametrize(
    "record", [OURS_ED, f"v=DKIM1; k=rsa; p={spelt(mersenne(1279, 2203))}"], ids=["another kind", "another key"]
)
def test_a_key_of_somebody_elses_is_not_to_be_written_over_blindly(zone: Zone, record: str) -> None:
    (fault,) = published(zone, record).faults
    assert fault.fix == f'if others sign with that key, take another selector for ours; or replace it: TXT "{OURS}"'
