"""Bounces that follow no standard: when they are proof, when a hint, and when nothing at all."""

import sys

import pytest

from campaign.evidence import EvidenceKind
from campaign.settle.mail.reader import Mails, Understood
from tests.settle.mail.mails import ADDRESSES, ANNA, BEN, IDS, KEYS, Campaign, letter, mail, returned

QMAIL = """Hi. This is the qmail-send program at mx.mail.example.
I'm afraid I wasn't able to deliver your message to the following addresses.
This is a permanent error; I've given up. Sorry it didn't work out.

<{address}>:
Sorry, no mailbox here by that name. (#5.1.1)

--- Below this line is a copy of the message.

{copy}
"""


def _bounce(
    address: str = ADDRESSES[ANNA], copy: str = returned(), *fields: str, to: str = "bounces@acme.example"
) -> bytes:
    return mail(
        "Return-Path: <>",
        "From: MAILER-DAEMON@mx.mail.example",
        f"To: {to}",
        "Subject: failure notice",
        "Date: Fri, 27 Nov 2026 09:05:00 +0000",
        *fields,
        body=QMAIL.format(address=address, copy=copy),
    )


def _exim(address: str = ADDRESSES[ANNA], copy: str = returned()) -> bytes:
    return mail(
        f"X-Failed-Recipients: {address}",
        "Auto-Submitted: auto-replied",
        "From: Mail Delivery System <Mailer-Daemon@mx.mail.example>",
        "To: bounces@acme.example",
        "Subject: Mail delivery failed: returning message to sender",
        "Date: Fri, 27 Nov 2026 09:05:00 +0000",
        body=f"A message that you sent could not be delivered.\n\n  {address}\n\n------ A copy ------\n\n{copy}",
    )


def _read(octets: bytes) -> tuple[Understood, list[tuple[str, str]]]:
    told: list[tuple[str, str]] = []
    return Mails().understand(octets, "b.eml", Campaign(), lambda *words: told.append(words)), told


@pytest.mark.parametrize(
    ("octets", "identity"),
    [
        (_bounce(), IDS[ANNA]),
        (_exim(), IDS[ANNA]),
        (_bounce(copy="", to=f"bounces+{KEYS[ANNA]}@acme.example"), KEYS[ANNA]),
        (_bounce(copy=f"Return-Path: <bounces+{KEYS[ANNA]}@acme.example>"), KEYS[ANNA]),
        (_bounce(copy=f"List-Unsubscribe: <mailto:u@acme.example?subject=unsubscribe%20{KEYS[ANNA]}>"), KEYS[ANNA]),
    ],
)
def test_with_a_key_or_message_id_of_ours_and_that_contacts_address_it_is_proof(octets: bytes, identity: str) -> None:
    read, told = _read(octets)
    (found,) = read.evidence
    assert (found.kind, found.source) == (EvidenceKind.BOUNCED, "bounce by no standard")
    assert identity in (found.key, found.message_id) and read.is_ours and told == []


@pytest.mark.parametrize(
    "octets",
    [
        _bounce(copy=""),
        _bounce(copy=returned("<other@acme.example>")),
        _bounce(address=ADDRESSES[BEN]),  # Anna's message, Ben's address
        _exim(copy=""),
    ],
)
def test_without_it_is_a_hint_that_says_whose(octets: bytes) -> None:
    read, told = _read(octets)
    assert read == Understood((), False)
    ((what, fix),) = told
    assert "looks like a bounce of" in what and "@mail.example" in what and "proves nothing" in fix


@pytest.mark.parametrize(
    "octets",
    [
        _bounce(address="stranger@mail.example"),
        letter("Your link", to="news@acme.example", body=f"Hello!\n\n> Message-ID: {IDS[ANNA]}\n"),
        _bounce(ADDRESSES[ANNA], returned(), "Auto-Submitted: auto-replied"),
    ],
)
def test_these_are_nothing(octets: bytes) -> None:
    assert _read(octets) == (Understood((), False), [])


def test_without_the_library_the_hint_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "flufl.bounce", None)
    read, told = _read(_bounce())
    assert read.evidence == ()
    ((what, fix),) = told
    assert "follows no standard" in what and "campaign[bounces]" in fix
    assert _read(letter("Hello", to="news@acme.example")) == (Understood((), False), [])


def test_a_mail_that_is_nested_a_hundred_times_takes_no_time() -> None:
    """The library would go into all of it."""
    octets = b"".join(b'Content-Type: multipart/mixed; boundary="%d"\r\n\r\n--%d\r\n' % (n, n) for n in range(5000))
    assert _read(b"From: MAILER-DAEMON@x.example\r\n" + octets)[0].evidence == ()
