"""Complaints: which feedback reports are some, and about whose message."""

import pytest

from campaign.evidence import Evidence, EvidenceKind
from campaign.settle.mail.reader import Mails
from tests.settle.mail.mails import ANNA, IDS, KEYS, REPORTED, Campaign, complaint, returned

OURS = Campaign()


def _read(octets: bytes) -> list[Evidence]:
    return list(Mails().read_message(octets, "c.eml", OURS))


@pytest.mark.parametrize(
    ("kind", "shown"),
    [
        ("abuse", EvidenceKind.COMPLAINT),
        ("Fraud", EvidenceKind.COMPLAINT),
        ("opt-out", EvidenceKind.UNSUBSCRIBED),
        ("not-spam", None),
        ("auth-failure", None),
        ("virus", None),
        ("other", None),
        ("", None),
    ],
)
def test_the_type_decides(kind: str, shown: EvidenceKind | None) -> None:
    assert [one.kind for one in _read(complaint(kind=kind))] == ([shown] if shown else [])


@pytest.mark.parametrize(
    "octets",
    [
        complaint(),
        complaint(message_type="text/rfc822-headers"),
        complaint(f"Original-Mail-From: <bounces+{KEYS[ANNA]}@acme.example>", message=returned("")),
        complaint(f"Original-Envelope-Id: {KEYS[ANNA]}", message=returned("")),
        complaint(message=returned("", f"Return-Path: <bounces+{KEYS[ANNA]}@acme.example>")),
        # With the address struck out.
        complaint(message=returned().replace("anna@mail.example", "redacted@mail.example")),
    ],
)
def test_the_message_is_found_without_an_address(octets: bytes) -> None:
    (found,) = _read(octets)
    assert found.key == KEYS[ANNA] or found.message_id == IDS[ANNA]
    assert found.moment == int(REPORTED.timestamp()) and found.recipient == ""
    assert found.source == "complaint report"


def test_about_somebody_elses_message_it_identifies_nobody() -> None:
    (found,) = _read(complaint("Original-Rcpt-To: anna@mail.example", message=returned("<other@acme.example>")))
    assert OURS.by_message_id(found.message_id) is None and not found.key
