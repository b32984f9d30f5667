"""Recipients' addresses: dot-atoms alone, and SMTPUTF8 where one needs it."""

import pytest

from campaign.errors import InvalidContactError
from tests.message.messages import BREAKS, compose, composer, content, parsed


@pytest.mark.parametrize(
    "address",
    [
        "a@b",
        "o'brien+tag_{x}@sub.example-1.net",
        "!#$%&'*+-/=?^_`{|}~@example.net",
        "ada@xn--bcher-kva.example",
        "x" * 64 + "@" + ".".join(["d" * 59] * 3) + ".example",
    ],
)
def test_a_dot_atom_is_an_address(address: str) -> None:
    message = compose(content(), to=address)

    assert parsed(message)["To"].addresses[0].addr_spec == address
    assert message.data.isascii()


@pytest.mark.parametrize(
    "address",
    [
        "",
        "ada",
        "@example.net",
        "ada@",
        "ada@@example.net",
        "a.@example.net",
        ".a@example.net",
        "a..b@example.net",
        "ada@example..net",
        "ada@example.net.",
        "ada@bücher.example",
        '"ada b"@example.net',
        "ada@[127.0.0.1]",
        "ada b@example.net",
        "ada@example.net, eve@example.net",
        "Ada <ada@example.net>",
        "(x)ada@example.net",
        "ada@example.net\n",
        "ada\u2028@example.net",
        "zo\ud800@example.net",
        "é" * 125 + "@example.net",
        "a" * 250 + "@example.net",
        *(f"ada@example.net{mark}Bcc: eve@example.net" for mark in BREAKS),
        *(f"zoë{mark}@example.net" for mark in BREAKS),
    ],
)
def test_what_is_no_dot_atom_is_refused(address: str) -> None:
    with pytest.raises(InvalidContactError, match="address") as caught:
        compose(content(), to=address)

    assert caught.value.where == "row 7"


def test_a_local_part_in_another_script_makes_one_field_utf8_and_the_envelope_say_so() -> None:
    message = compose(content("Größe", ("é\n",), ("é\n",)), to="zoë.漢字@xn--bcher-kva.example")

    assert message.envelope.smtputf8
    assert [line for line in message.data.split(b"\r\n") if not line.isascii()] == [
        "To: zoë.漢字@xn--bcher-kva.example".encode()
    ]


def test_an_address_of_ours_in_another_script_needs_smtputf8_too() -> None:
    assert compose(content(), by=composer(return_path="rückläufer@acme.example")).envelope.smtputf8
    message = compose(content(), by=composer(sender="grüße@acme.example"))
    assert message.envelope.smtputf8
    assert "\r\nFrom: grüße@acme.example\r\n".encode() in message.data
