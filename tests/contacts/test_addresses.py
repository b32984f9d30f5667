"""Addresses: what is mailed, and why one is refused."""

import pytest

from campaign.contacts import contact_key, parse_address
from tests.contacts.contact_files import Write, read


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("ada@engine.example", "ada@engine.example"),
        ("  ada@engine.example\r\n", "ada@engine.example"),
        ("\xa0ada@engine.example\xa0", "ada@engine.example"),
        ("Ada.Lovelace+x@Engine.Example", "Ada.Lovelace+x@engine.example"),
        ("o'neill_!#$%&*/=?^`{|}~-@x.example", "o'neill_!#$%&*/=?^`{|}~-@x.example"),
        ("INFO@x.example", "INFO@x.example"),
        ("a@bücher.example", "a@xn--bcher-kva.example"),
        ("a@BÜCHER.example", "a@xn--bcher-kva.example"),
        ("a@xn--bcher-kva.example", "a@xn--bcher-kva.example"),
        ("a@例え。example", "a@xn--r8jz45g.example"),
        ("jose\u0301@x.example", "jos\xe9@x.example"),
        ("用户@例え.example", "用户@xn--r8jz45g.example"),
        ("a@b.test", "a@b.test"),
        ("a@sub.Corp.LOCAL", "a@sub.corp.local"),
        ("a@b.invalid", "a@b.invalid"),
        ("a@b.localhost", "a@b.localhost"),
        ("a@bücher.localhost", "a@xn--bcher-kva.localhost"),
        ("a" * 64 + "@x.example", "a" * 64 + "@x.example"),
    ],
)
def test_an_address_comes_out_as_it_is_mailed(text: str, address: str) -> None:
    assert parse_address(text) == address


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "missing"),
        (" \t ", "missing"),
        ("ada", "no @-sign"),
        ("ada＠x.example", "wide"),
        ("Ada <ada@x.example>", "comes with a name"),
        ("<ada@x.example>", "angle brackets"),
        ("ada@x.example, bob@x.example", "more than one"),
        ("ada@x.example;bob@x.example", "more than one"),
        ("ada@x.example\nbob@x.example", "more than one"),
        ("ada@@x.example", "more than one"),
        ("ada lovelace@x.example", "space"),
        ("ada@x. example", "space"),
        ("ada@x.example\r\nBcc: x", "line break"),
        ('"ada"@x.example', "quotation marks"),
        ('"a@b"@x.example', "quotation marks"),
        ("ada@[192.0.2.1]", "IP address"),
        ("ada@localhost", "no dot"),
        ("@x.example", "nothing before"),
        ("ada@", "nothing after"),
        ("ada@x..example", "periods"),
        ("ada@.example", "period"),
        (".ada@x.example", "period"),
        ("ada.@x.example", "period"),
        ("a..b@x.example", "period"),
        ("ada@-x.example", "hyphen"),
        ("ada@x_y.example", "invalid characters"),
        ("ada@192.0.2.1", "top-level"),
        ("ad\ufffda@x.example", "could not be read"),
        ("ada@x.onion", "special-use"),
        ("ada@xn--zzzzzz.example", "IDNA"),
        ("a" * 250 + "@x.example", "too long"),
        ("ada@" + "x." * 130 + "example", "too long"),
        ("x@" + "y" * 1_000_000 + ".example", "too long"),
        ("ada@" + "x" * 64 + ".example", "too many"),
    ],
)
def test_refused_addresses_say_why(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason) as caught:
        parse_address(text)
    message = str(caught.value)
    assert len(message) <= 210
    assert message[:1].islower()
    assert message.isprintable()


def test_a_domain_once_refused_is_refused_again() -> None:
    for _ in range(2):
        with pytest.raises(ValueError, match="hyphen"):
            parse_address("a@-refused.example")
        assert parse_address("b@accepted.example") == "b@accepted.example"


def test_the_same_address_in_another_case_is_the_same_contact() -> None:
    assert contact_key(parse_address("Ada@BÜCHER.example")) == contact_key(parse_address("aDA@bücher.Example "))
    assert contact_key("a@b.example") != contact_key("b@b.example")


def test_a_faulty_address_is_its_rows_fault(write: Write) -> None:
    rows = read(write("name,email\nAda,\nBob,bob\nCy,cy@x.example\n"))
    assert [(row.email, row.fault) for row in rows] == [
        (None, "the e-mail address is missing"),
        (None, "the address has no @-sign"),
        ("cy@x.example", None),
    ]
