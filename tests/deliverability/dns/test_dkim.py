"""Our DKIM keys as published: each way in which a record is not the public half of what signs here."""

import asyncio
import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from campaign.deliverability.dns.dkim import DkimKey, PublishedKey, published_key, rsa_bits
from campaign.deliverability.dns.resolver import Resolver
from tests.dkim.keys import mersenne
from tests.dns_server import Zone

_KEYS = {bits: generate_private_key(public_exponent=65537, key_size=bits).public_key() for bits in (1024, 2048)}
_DER, _PKCS1 = PublicFormat.SubjectPublicKeyInfo, PublicFormat.PKCS1


def spelt(bits: int, form: PublicFormat = _DER) -> str:
    return base64.b64encode(_KEYS[bits].public_bytes(Encoding.DER, form)).decode()


_ED = base64.b64encode(Ed25519PrivateKey.generate().public_key().public_bytes_raw()).decode()
OURS = f"v=DKIM1; k=rsa; p={spelt(2048)}"
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
        (f"p={spelt(2048)}", OURS),
        (f"v=DKIM1; t=s; h=sha1:sha256; s=email; n=ours; p={spelt(2048)};", OURS),
        (f"k=rsa; p={spelt(2048)[:90]} {spelt(2048)[90:]}", OURS),
        (f"k=rsa; s=*; p={spelt(2048, _PKCS1)}", OURS),
    ],
    ids=[
        "rsa",
        "ed25519",
        "bare",
        "all tags",
        "in two parts",
        "without its algorithm",
    ],  # the keys are made anew each time
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
        ([f"k=rsa; v=DKIM1; p={spelt(2048)}"], "dkim_syntax"),
        ([f"v=DKIM2; p={spelt(2048)}"], "dkim_syntax"),
        ([f"v=DKIM1; k=rsa p={spelt(2048)}"], "dkim_syntax"),
        ([f"{OURS}; p={spelt(2048)}"], "dkim_syntax"),
        ([OURS_ED], "dkim_key_type"),
        ([f"v=DKIM1; k=rsa; p={spelt(1024)}"], "dkim_other_key"),
        ([f"v=DKIM1; k=rsa; p={spelt(2048)[:-4]}"], "dkim_other_key"),
        (["v=DKIM1; k=rsa; p=!!"], "dkim_other_key"),
        ([f"v=DKIM1; h=sha1; p={spelt(2048)}"], "dkim_hash"),
        ([f"v=DKIM1; s=tlsrpt; p={spelt(2048)}"], "dkim_service"),
    ],
)
def test_what_no_signature_of_ours_can_be_verified_by_is_wrong(zone: Zone, records: list[str], rule: str) -> None:
    key = published(zone, *records)
    (fault,) = key.faults
    assert (fault.rule, fault.severity) == (rule, "wrong")
    assert OURS in fault.fix
    assert "2026a._domainkey.acme.se" in fault.where
    assert not key.usable


@pytest.mark.parametrize(
    ("record", "ours", "rule"),
    [
        (f"v=DKIM1; t=s:y; p={spelt(2048)}", OURS, "dkim_testing"),
        (f"v=DKIM1; p={spelt(1024)}", f"p={spelt(1024)}", "dkim_short"),
    ],
    ids=["testing", "short"],
)
def test_what_weakens_it_is_noted(zone: Zone, record: str, ours: str, rule: str) -> None:
    key = published(zone, record, ours=ours)
    (fault,) = key.faults
    assert (fault.rule, fault.severity) == (rule, "note")
    assert key.usable


def test_a_key_that_receivers_may_not_take_is_wrong(zone: Zone) -> None:
    """RFC 8301 section 3.2: below 1024 bits a signature counts for nothing."""
    public = mersenne(521, 127).public_key().public_bytes(Encoding.DER, _DER)
    record = f"p={base64.b64encode(public).decode()}"
    (fault,) = published(zone, record, ours=record).faults
    assert (fault.rule, fault.severity) == ("dkim_short", "wrong")
    assert "648 bits" in fault.what


def test_what_is_not_answered_is_not_missing(zone: Zone) -> None:
    zone.wrong[""] = "SERVFAIL"
    key = published(zone)
    assert key.faults == () and key.answer.unanswered


@pytest.mark.parametrize("form", [_DER, _PKCS1])
@pytest.mark.parametrize("bits", [1024, 2048])
def test_the_length_of_a_key_is_read_from_either_form(bits: int, form: PublicFormat) -> None:
    assert rsa_bits(base64.b64decode(spelt(bits, form))) == bits


@given(st.binary())
def test_the_length_of_no_key_is_unknown(der: bytes) -> None:
    assert rsa_bits(der) is None or der[:1] == b"\x30"


@given(st.integers(0, 293), st.integers(0, 255))
def test_a_damaged_key_raises_nothing(at: int, octet: int) -> None:
    der = bytearray(base64.b64decode(spelt(2048)))
    der[at] = octet
    rsa_bits(bytes(der))
    rsa_bits(bytes(der[:at]))


def test_a_record_whose_name_has_the_domain_twice_is_told_as_that(zone: Zone) -> None:
    """Forms of DNS providers append the domain to what is typed."""
    zone.txt("2026a._domainkey.acme.se.acme.se", OURS)
    (fault,) = published(zone).faults
    assert fault.rule == "dkim_missing" and "in it twice" in fault.what
    assert fault.where == "TXT record of 2026a._domainkey.acme.se.acme.se"
    assert fault.fix.endswith(": 2026a._domainkey")


@pytest.mark.parametrize("record", [OURS_ED, f"v=DKIM1; k=rsa; p={spelt(1024)}"], ids=["another kind", "another key"])
def test_a_key_of_somebody_elses_is_not_to_be_written_over_blindly(zone: Zone, record: str) -> None:
    (fault,) = published(zone, record).faults
    assert fault.fix == f'if others sign with that key, take another selector for ours; or replace it: TXT "{OURS}"'
