"""Signed messages, as an inbox verifies them: they hold, and no longer once anything is changed that is signed."""

import base64
import hashlib
import re
from collections.abc import Iterator

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from campaign.dkim import Signer, SigningKey, load_key
from campaign.dkim.canonical import body_digest, relaxed_fields
from tests.dkim.keys import both, ed25519, mersenne, pem, rsa, signing_key
from tests.dkim.verification import delivered, records, verified

HEAD = (
    b"Date: Thu, 26 Nov 2026 15:00:55 +0000\r\nMessage-ID: <abc@acme.example>\r\nFrom: Acme <hello@acme.example>\r\n"
    b"Reply-To: support@acme.example\r\nTo: ann@people.example\r\nSubject: Hello\r\n Ann\r\n"
    b"List-Unsubscribe: <https://acme.example/u?id=1>,\r\n <mailto:u@acme.example>\r\n"
    b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\nFeedback-ID: autumn:acme\r\nX-SES-MESSAGE-TAGS: a=b\r\n"
    b'MIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary="=_x"\r\n'
)
BODY = b"--=_x\r\nContent-Type: text/plain\r\n\r\nHello  Ann \r\n.\r\n..dots\r\n--=_x--\r\n\r\n"
KEYS = both()
PUBLISHED = records(KEYS)
SIGNED = Signer(KEYS).sign(HEAD, BODY)


def test_both_signatures_hold() -> None:
    assert verified(SIGNED + HEAD + b"\r\n" + BODY, PUBLISHED) == [True, True]


def fields() -> Iterator[bytes]:
    for field in re.split(rb"\r\n(?![ \t])", HEAD)[:-1]:
        yield field + b"\r\n"


COVERED = [field for field in fields() if not field.startswith(b"X-")]


@pytest.mark.parametrize("field", COVERED, ids=lambda field: field.partition(b":")[0].decode())
def test_a_field_that_is_changed_or_taken_away_breaks_them(field: bytes) -> None:
    for other in (b"", field[:-2] + b"x\r\n"):
        assert verified(SIGNED + HEAD.replace(field, other) + b"\r\n" + BODY, PUBLISHED) == [False, False]


@pytest.mark.parametrize(
    "name", ["From", "To", "Cc", "Subject", "Reply-To", "Date", "Message-ID", "MIME-Version", "Content-Type"]
)
@pytest.mark.parametrize("first", [True, False])
def test_a_field_that_is_added_breaks_them(name: str, first: bool) -> None:
    added = f"{name}: Somebody Else <other@bad.example>\r\n".encode()
    head = added + HEAD if first else HEAD + added
    assert verified(SIGNED + head + b"\r\n" + BODY, PUBLISHED) == [False, False]


@pytest.mark.parametrize("name", ["Reply-To", "Cc"])
def test_a_field_that_is_added_where_there_was_none_breaks_them(name: str) -> None:
    head = b"".join(field for field in fields() if not field.startswith(b"Reply-To"))
    signed = Signer(KEYS).sign(head, BODY)
    assert verified(signed + head + b"\r\n" + BODY, PUBLISHED) == [True, True]
    added = f"{name}: other@bad.example\r\n".encode()
    assert verified(signed + added + head + b"\r\n" + BODY, PUBLISHED) == [False, False]


@pytest.mark.parametrize(
    "body", [b"", BODY.replace(b"Ann", b"Bob"), b"\r\n" + BODY, BODY + b"more\r\n", BODY.replace(b"--\r\n", b"--")[:-9]]
)
def test_a_body_that_is_changed_breaks_them(body: bytes) -> None:
    assert verified(SIGNED + HEAD + b"\r\n" + body, PUBLISHED) == [False, False]


def test_what_servers_on_the_way_do_breaks_nothing() -> None:
    head = HEAD.replace(b"Subject: Hello\r\n Ann", b"SUBJECT:  Hello Ann  ").replace(
        b"X-SES-MESSAGE-TAGS: a=b\r\n", b""
    )
    received = b"Return-Path: <bounces@acme.example>\r\nReceived: from a by b; Thu, 26 Nov 2026 15:00:56 +0000\r\n"
    body = BODY.replace(b"Hello  Ann ", b"Hello\tAnn\t\t") + b"\r\n \r\n"
    assert verified(received + SIGNED + head + b"X-Spam: no\r\n\r\n" + body, PUBLISHED) == [True, True]


def test_a_forwarding_groups_own_list_fields_break_nothing() -> None:
    added = (
        b"List-ID: <group.people.example>\r\nList-Unsubscribe: <mailto:leave@people.example>\r\nPrecedence: list\r\n"
    )
    assert verified(added + SIGNED + HEAD + b"\r\n" + BODY, PUBLISHED) == [True, True]


def tags(field: bytes) -> dict[str, str]:
    value = re.sub(r"\r\n ", "", field.decode("ascii").partition(":")[2]).strip()
    return dict(re.findall(r"(\w+)=([^;]*?)\s*(?:;\s*|$)", value))


def split(signed: bytes) -> list[bytes]:
    return re.findall(rb"DKIM-Signature: (?:[^\r]|\r\n )*\r\n", signed)


def test_the_tags_are_those_that_are_promised() -> None:
    rsa_field, ed_field = split(Signer(KEYS, clock=lambda: 1795705783.9).sign(HEAD, BODY))
    for field, algorithm, selector in ((rsa_field, "rsa-sha256", "2026a"), (ed_field, "ed25519-sha256", "2026e")):
        found = tags(field)
        assert list(found) == ["v", "a", "c", "d", "s", "t", "h", "bh", "b"]
        assert (found["v"], found["a"], found["c"]) == ("1", algorithm, "relaxed/relaxed")
        assert (found["d"], found["s"], found["t"]) == ("acme.example", selector, "1795705783")
        assert found["h"].split(":")[:2] == ["from", "from"]
        assert {"list-unsubscribe", "list-unsubscribe-post", "feedback-id"} <= set(found["h"].split(":"))
        assert base64.b64decode(found["bh"]) == body_digest(BODY)


@pytest.mark.parametrize("length", [5, 63, 64, 150])
def test_lines_are_of_78_characters_where_they_can_be_folded(length: int) -> None:
    label = "a" * 50
    domain = ".".join([label] * (length // 50) + ["b" * (length % 50 or 1), "example"])
    keys = [
        SigningKey(domain=domain, selector=letter * min(63, length), pem=key.pem, source="")
        for letter, key in zip("rs", KEYS, strict=True)
    ]
    signed = Signer(keys).sign(HEAD, BODY)
    assert all(len(line) <= 78 or domain.encode() in line for line in signed.split(b"\r\n"))
    assert verified(signed + HEAD + b"\r\n" + BODY, records(keys)) == [True, True]


# Whatever the message is

WORDS = st.text("ab.= \tüß—", min_size=0, max_size=40)
BODIES = st.lists(WORDS, max_size=10).map(lambda lines: "\r\n".join(lines).encode())
VALUES = WORDS.map(lambda text: text.encode().strip() or b"x")
MORE = st.lists(
    st.tuples(
        st.sampled_from(
            [b"Feedback-ID", b"List-ID", b"Auto-Submitted", b"X-Tag", b"Content-Language", b"Organization"]
        ),
        VALUES,
    ),
    max_size=5,
)


@settings(max_examples=60)
@given(subject=VALUES, more=MORE, body=BODIES, unsubscribe=st.booleans())
@example(subject=b"x", more=[], body=b"", unsubscribe=True)
@example(subject=b"x", more=[], body=b"\r\n\r\n \r\n", unsubscribe=False)
@example(subject=b"x", more=[(b"List-ID", b"a"), (b"List-ID", b"b")], body=b".\r\n..\r\n\r\n", unsubscribe=True)
def test_every_message_verifies(
    subject: bytes, more: list[tuple[bytes, bytes]], body: bytes, unsubscribe: bool
) -> None:
    head = b"From: j\xc3\xbcrgen@acme.example\r\nTo: a@b.example\r\nSubject: %b\r\n" % subject
    head += b"".join(b"%b: %b\r\n" % field for field in more)
    if unsubscribe:
        head += b"List-Unsubscribe: <https://acme.example/u>\r\n"
    assert verified(Signer(KEYS).sign(head, body) + head + b"\r\n" + delivered(body), PUBLISHED) == [True, True]


@settings(max_examples=30)
@given(text=BODIES, parts=st.lists(st.binary(max_size=100).map(base64.encodebytes), max_size=4))
def test_pieces_that_are_the_same_for_many_messages_are_signed_with_the_rest(text: bytes, parts: list[bytes]) -> None:
    text += b"\r\n"
    parts = [part.replace(b"\n", b"\r\n") + b"\r\n" for part in parts]
    message = Signer(KEYS).sign(HEAD, text, parts) + HEAD + b"\r\n" + text + b"".join(parts)
    assert verified(message, PUBLISHED) == [True, True]


def test_one_signer_signs_headers_of_all_shapes() -> None:
    """What is remembered of a shape is its names, and no more of them than there is room for."""
    signer = Signer(KEYS)
    for number in range(200):
        head = HEAD + b"X-%d: x\r\n" % number + (b"" if number % 2 else b"List-ID: <x.example>\r\n")
        message = signer.sign(head, BODY) + head + b"\r\n" + BODY
        if number % 40 < 2:
            assert verified(message, PUBLISHED) == [True, True]


def test_what_a_relay_writes_anew_may_change() -> None:
    signed = Signer(KEYS[:1], unsigned={b"date", b"message-id"}).sign(HEAD, BODY)
    head = HEAD.replace(b"<abc@acme", b"<other@acme").replace(b"15:00:55", b"15:00:57")
    assert verified(signed + head + b"\r\n" + BODY, PUBLISHED) == [True]


def test_another_key_than_the_published_one_is_noticed() -> None:
    other = records([signing_key(mersenne(1279, 2281), "2026a"), KEYS[1]])
    assert verified(SIGNED + HEAD + b"\r\n" + BODY, other) == [False, True]


def test_a_signer_shows_no_key() -> None:
    signer = Signer(KEYS)
    shown = repr(signer) + str(vars(signer))
    assert pem(rsa()).splitlines()[1].decode() not in shown
    assert pem(ed25519()).splitlines()[1].decode() not in shown


RFC_8463 = (
    b"DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;\r\n"
    b" d=football.example.com; i=@football.example.com;\r\n"
    b" q=dns/txt; s=brisbane; t=1528637909; h=from : to :\r\n subject : date : message-id : from : subject : date;\r\n"
    b" bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r\n"
    b" b=/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11Bus\r\n Fa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw==\r\n"
    b"From: Joe SixPack <joe@football.example.com>\r\nTo: Suzie Q <suzie@shopping.example.net>\r\n"
    b"Subject: Is dinner ready?\r\nDate: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)\r\n"
    b"Message-ID: <20030712040037.46341.5F8J@football.example.com>\r\n"
)
RFC_8463_BODY = b"Hi.\r\n\r\nWe lost the game.  Are you hungry yet?\r\n\r\nJoe.\r\n"


def test_the_signature_that_rfc_8463_publishes_is_what_its_key_makes() -> None:
    """Appendix A: our canonical form and our key sign its message to the very same octets; Ed25519 knows no chance."""
    seed = base64.b64decode("nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=")
    der = bytes.fromhex("302e020100300506032b657004220420") + seed
    block = b"-----BEGIN PRIVATE KEY-----\n" + base64.encodebytes(der) + b"-----END PRIVATE KEY-----\n"
    key = load_key(SigningKey(domain="football.example.com", selector="brisbane", pem=block, source=""), checked=True)
    assert key.public == "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
    assert base64.b64encode(body_digest(RFC_8463_BODY)) == b"2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8="
    _, (signature, *others) = relaxed_fields(RFC_8463)
    unsigned, _, published = signature.rpartition(b" b=")
    hashed = hashlib.sha256(b"".join(form + b"\r\n" for form in others) + unsigned + b" b=")
    assert key.sign(hashed.digest()) == base64.b64decode(published)
