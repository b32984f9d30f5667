"""Delivery reports: what each action proves, and of whose message."""

import pytest

from campaign.evidence import Evidence, EvidenceKind
from campaign.settle.mail.reader import Mails
from tests.settle.mail.mails import ADDRESSES, ANNA, ARRIVED, BEN, IDS, KEYS, REPORTED, Campaign, block, dsn, returned

OURS = Campaign()


def _read(octets: bytes) -> list[Evidence]:
    return list(Mails().read_message(octets, "b.mbox:1", OURS))


def _whose(evidence: Evidence) -> int | None:
    return OURS.by_key(evidence.key) if evidence.key else OURS.by_message_id(evidence.message_id)


def test_a_failed_recipient_has_bounced_with_code_status_and_words() -> None:
    (found,) = _read(dsn())
    assert found == Evidence(
        kind=EvidenceKind.BOUNCED,
        moment=int(REPORTED.timestamp()),
        id="<dsn.1@mx.mail.example>",
        source="delivery report",
        place="b.mbox:1",
        message_id=IDS[ANNA],
        recipient=ADDRESSES[ANNA],
        code=550,
        enhanced="5.1.1",
        detail="550 5.1.1 no such user",
        taken_at=int(ARRIVED.timestamp()),
    )


@pytest.mark.parametrize(
    ("action", "status", "kind"),
    [
        ("failed", "5.1.1", EvidenceKind.BOUNCED),
        ("Failed", "4.4.7", EvidenceKind.BOUNCED),  # tried for too long
        ("failed", "", EvidenceKind.BOUNCED),
        ("delayed", "4.4.1", EvidenceKind.ACCEPTED),
        ("delivered", "2.0.0", EvidenceKind.DELIVERED),
        ("relayed", "2.0.0", EvidenceKind.DELIVERED),
        ("expanded", "2.0.0", EvidenceKind.DELIVERED),
        ("failed", "2.0.0", None),
        ("vanished", "5.0.0", None),
    ],
)
def test_the_action_decides(action: str, status: str, kind: EvidenceKind | None) -> None:
    assert [one.kind for one in _read(dsn(block(action, status, diagnostic="")))] == ([kind] if kind else [])


@pytest.mark.parametrize(
    "octets",
    [
        dsn(to=f"bounces+{KEYS[ANNA]}@acme.example", message=None),
        dsn(to=f"<bounces+{KEYS[ANNA].upper()}@ACME.EXAMPLE>", message=None),
        dsn(fields=[f"Delivered-To: bounces+{KEYS[ANNA]}@acme.example"], message=None),
        dsn(fields=[f"X-Original-To: bounces+{KEYS[ANNA]}@acme.example"], message=None),
        dsn(envelope_id=KEYS[ANNA], message=None),
        dsn(message=returned(IDS[ANNA].upper())),
        dsn(message=returned(), message_type="message/rfc822"),
        dsn(message=returned(), message_type="message/global-headers"),
        dsn(message=returned("", f"Return-Path: <bounces+{KEYS[ANNA]}@acme.example>")),
        dsn(message=returned("", f"List-Unsubscribe: <mailto:u@acme.example?subject=unsubscribe%20{KEYS[ANNA]}>")),
        dsn(message=None, fields=[f"In-Reply-To: {IDS[ANNA]}"]),
        dsn(message=None, fields=[f"References: <x@y.example>\r\n {IDS[ANNA]}"]),
        dsn(to=f"prvs=1a2b3c=bounces+{KEYS[ANNA]}@acme.example", message=None),
    ],
)
def test_a_message_is_found_by_key_and_by_message_id_wherever_a_report_has_them(octets: bytes) -> None:
    (found,) = _read(octets)
    assert _whose(found) == ANNA and found.kind is EvidenceKind.BOUNCED


def test_a_report_that_names_nothing_of_ours_identifies_nobody() -> None:
    (found,) = _read(dsn(message=returned("<other@acme.example>"), envelope_id="aaaabbbbccccdddd"))
    assert _whose(found) is None


@pytest.mark.parametrize(
    "octets",
    [
        # Somebody here has answered a contact's answer, and that letter came back.
        dsn(message=returned("<letter@acme.example>"), fields=[f"References: {IDS[ANNA]} <letter@acme.example>"]),
        dsn(message=None, fields=[f"References: {IDS[ANNA]} <hers@mail.example> <letter@acme.example>"]),
        dsn(message=None, fields=["In-Reply-To: <letter@acme.example>", f"References: {IDS[ANNA]}"]),
        dsn(message=returned("<letter@acme.example>"), fields=[f"In-Reply-To: {IDS[ANNA]}"]),
    ],
)
def test_a_letter_that_came_back_is_not_the_message_that_it_answers(octets: bytes) -> None:
    (found,) = _read(octets)
    assert _whose(found) is None


def test_the_address_alone_identifies_nobody() -> None:
    (found,) = _read(dsn(message=None))
    assert (found.key, found.message_id, found.relay_id) == ("", "", "")


def test_a_report_about_two_of_ours_proves_nothing_and_is_told() -> None:
    told: list[tuple[str, str]] = []
    octets = dsn(to=f"bounces+{KEYS[BEN]}@acme.example")
    read = Mails().understand(octets, "p", OURS, lambda what, fix: told.append((what, fix)))
    assert not any(_whose(one) for one in read.evidence) and not read.is_ours
    assert "two messages" in told[0][0]


def test_an_address_that_forwards_bounces_as_well() -> None:
    (found,) = _read(dsn(block(final="rfc822; anna@elsewhere.example")))
    assert _whose(found) == ANNA and found.recipient == "anna@elsewhere.example"


def test_the_original_recipient_is_the_one_that_is_named() -> None:
    more = ["Original-Recipient: rfc822;anna+2Bnews@mail.example"]
    (found,) = _read(dsn(block(final="rfc822; anna@elsewhere.example", more=more)))
    assert found.recipient == "anna+news@mail.example"


def test_where_one_of_several_behind_an_address_got_it_nothing_has_bounced() -> None:
    both = dsn(block("delivered", "2.0.0"), block("failed", final="rfc822; old@mail.example"))
    assert [one.kind for one in _read(both)] == [EvidenceKind.DELIVERED]


def test_several_that_failed_have_each_an_id_of_its_own() -> None:
    found = _read(dsn(block(), block(final="rfc822; old@mail.example")))
    assert [one.id for one in found] == ["<dsn.1@mx.mail.example>", "<dsn.1@mx.mail.example>/1"]


def test_addresses_and_fields_beyond_ascii() -> None:
    octets = dsn(
        block(final=r"utf-8; j\x{F6}rg@mail.example", diagnostic="smtp; 550 5.1.1 unbekannt: jörg"),
        status_type="message/global-delivery-status",
        message_type="message/global-headers",
    )
    (found,) = _read(octets)
    assert found.recipient == "jörg@mail.example" and found.detail == "550 5.1.1 unbekannt: jörg"


def test_the_words_have_no_link_in_them_and_an_end() -> None:
    link = "https://acme.example/in?token=eyJhbGciOiJIUzI1NiJ9." + "x" * 60
    (found,) = _read(dsn(block(diagnostic=f"smtp; 550 5.7.1 refused for {link} {'y' * 100} {'so it is ' * 80}")))
    assert "acme.example" not in found.detail and "yyy" not in found.detail
    assert found.detail.startswith("550 5.7.1 refused for [link] so it is") and len(found.detail) == 400
    assert "eyJ" not in repr(found)


def test_a_more_telling_status_in_the_words_counts_if_its_class_agrees() -> None:
    (found,) = _read(dsn(block(status="5.0.0", diagnostic="smtp; 552 5.2.2 full")))
    assert (found.code, found.enhanced) == (552, "5.2.2")
    (found,) = _read(dsn(block(status="4.4.7", diagnostic="smtp; 550 5.2.2 full")))
    assert found.enhanced == "4.4.7"


def test_which_copy_it_was_is_told_by_when_it_arrived_unless_that_can_not_be() -> None:
    """It came back when the report says so: people are told how long that took."""
    early = dsn().replace(b"Arrival-Date: Fri, 27 Nov 2026", b"Arrival-Date: Fri, 27 Nov 2020")
    (found,) = _read(early)
    assert found.moment == found.of_copy_from == int(REPORTED.timestamp()) and found.taken_at is None
    (found,) = _read(early.replace(b"\r\nDate: ", b"\r\nDate: never, "))
    assert found.moment == found.of_copy_from == 1606467600


def test_a_report_without_an_id_has_one_by_its_content() -> None:
    first, second = (_read(dsn(report_id="", fields=fields))[0].id for fields in ([], ["X-Mozilla-Status: 0001"]))
    assert first == second and len(first) == 32


@pytest.mark.parametrize(
    "octets",
    [
        # A read receipt (RFC 8098).
        dsn().replace(b"report-type=delivery-status", b"report-type=disposition-notification"),
        # No machine-readable part.
        dsn(status_type="text/plain"),
    ],
)
def test_these_are_no_delivery_reports(octets: bytes) -> None:
    assert _read(octets) == []


@pytest.mark.parametrize("wrapped", ["forwarded", "by a gateway"])
def test_a_report_within_a_mail_counts_as_by_itself(wrapped: str) -> None:
    inner = dsn() if wrapped == "by a gateway" else b"Content-Type: message/rfc822\r\n\r\n" + dsn()
    outer = (
        b"From: colleague@acme.example\r\nMessage-ID: <fw@acme.example>\r\nMIME-Version: 1.0\r\n"
        b"Content-Type: multipart/mixed; boundary=o\r\n\r\n--o\r\n\r\nSee below.\r\n--o\r\n" + inner + b"\r\n--o--\r\n"
    )
    (found,) = _read(outer)
    assert _whose(found) == ANNA and found.kind is EvidenceKind.BOUNCED
    assert found.id == ("<dsn.1@mx.mail.example>" if wrapped == "forwarded" else "<fw@acme.example>")


def test_a_report_without_the_group_of_the_message_and_an_action_with_a_comment_are_read() -> None:
    octets = dsn(block("failed (gave up)")).replace(b"Reporting-MTA: dns; mx.mail.example\r\n", b"")
    begins, ends = octets.index(b"Arrival-Date"), octets.index(b"Final-Recipient")
    (found,) = _read(octets[:begins] + octets[ends:])
    assert (found.kind, found.enhanced) == (EvidenceKind.BOUNCED, "5.1.1")


def test_a_report_that_does_not_say_of_which_type_it_is_is_known_by_its_parts() -> None:
    (found,) = _read(dsn(block()).replace(b" report-type=delivery-status;", b""))
    assert (found.source, found.code, found.enhanced) == ("delivery report", 550, "5.1.1")
