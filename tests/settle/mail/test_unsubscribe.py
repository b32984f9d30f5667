"""Mails of people who want no more, and mails that only look like it."""

import pytest

from campaign.evidence import Evidence, EvidenceKind
from campaign.settle.mail.reader import Mails
from tests.settle.mail.mails import ADDRESSES, ANNA, BEN, KEYS, REPORTED, Campaign, letter

ADDRESS = "unsubscribe@acme.example"
OURS = Campaign()


def _read(octets: bytes, address: str | None = ADDRESS, *, is_shared: bool = False) -> list[Evidence]:
    return list(Mails(address, is_shared=is_shared).read_message(octets, "u.eml", OURS))


@pytest.mark.parametrize("address", [ADDRESS, None])
@pytest.mark.parametrize(
    "octets",
    [
        letter(f"unsubscribe {KEYS[ANNA]}"),
        letter(f"Unsubscribe: {KEYS[ANNA].upper()}", sender="somebody@else.example"),
        letter(f"=?utf-8?q?unsubscribe_{KEYS[ANNA]}?=", "Auto-Submitted: auto-generated", to="list@elsewhere.example"),
    ],
)
def test_the_key_in_the_subject_says_who_it_is_whoever_writes(octets: bytes, address: str | None) -> None:
    (found,) = _read(octets, address)
    assert (found.kind, found.key) == (EvidenceKind.UNSUBSCRIBED, KEYS[ANNA])
    assert (found.source, found.moment) == ("unsubscribe mail", int(REPORTED.timestamp()))


def test_so_does_the_key_in_the_address() -> None:
    (found,) = _read(letter("", to=f"unsubscribe+{KEYS[BEN]}@acme.example"))
    assert found.key == KEYS[BEN]


@pytest.mark.parametrize("subject", ["", "unsubscribe", "Bitte keine Mails mehr", f"unsubscribe {'a' * 16}"])
def test_without_one_it_is_the_senders_address_alone(subject: str) -> None:
    (found,) = _read(letter(subject))
    assert (found.key, found.message_id, found.recipient) == ("", "", ADDRESSES[ANNA])


@pytest.mark.parametrize(
    "octets",
    [
        letter("Re: Your link"),
        letter("AW: unsubscribe"),
        letter("unsubscribe", to="news@acme.example"),
        letter("unsubscribe", to="unsubscribe@acme.example.evil.example"),
        letter("unsubscribe", "Auto-Submitted: auto-replied"),
        letter("Out of Office: Your link"),
        letter("=?utf-8?q?Automatic_reply=3A_Your_link?="),
        letter("unsubscribe", "Precedence: bulk"),
        letter("unsubscribe", "X-Autoreply: yes"),
        letter("unsubscribe", "Return-Path: <>"),
        letter("unsubscribe", sender="a@x.example, b@x.example"),
        letter("unsubscribe", sender="nobody"),
    ],
)
def test_these_are_no_wish_of_anybody(octets: bytes) -> None:
    assert _read(octets) == []


def test_a_person_says_no_to_having_been_a_program() -> None:
    assert len(_read(letter("unsubscribe", "Auto-Submitted: no"))) == 1


def test_where_people_write_about_other_things_too_the_subject_must_begin_with_the_word() -> None:
    assert _read(letter("Where is my order?"), is_shared=True) == []
    assert len(_read(letter("Unsubscribe, please"), is_shared=True)) == 1


def test_without_such_an_address_nobody_is_known_by_their_own() -> None:
    assert _read(letter("unsubscribe"), None) == []


def test_a_sender_nested_in_comments_costs_nobody_else_anything() -> None:
    """RFC 5322 section 3.2.2 lets comments nest; the standard library follows them down."""
    assert _read(letter("unsubscribe", sender="(" * 8000 + "a@b.example")) == []
