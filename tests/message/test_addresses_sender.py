"""The sender: read as it was written, or refused as a setting."""

import email
import email.header
import email.policy
import email.utils

import pytest

from campaign.errors import SettingsError
from tests.message.messages import compose, composer, content, head, parsed


@pytest.mark.parametrize(
    ("sender", "name"),
    [
        ("hello@acme.example", ""),
        ("<hello@acme.example>", ""),
        ("Acme <hello@acme.example>", "Acme"),
        ("Acme Inc. <hello@acme.example>", "Acme Inc."),
        ('"Acme, Inc." <hello@acme.example>', "Acme, Inc."),
        (r'"The \"Acme\" \\ Co" <hello@acme.example>', r'The "Acme" \ Co'),
        ("Café Zoë <hello@acme.example>", "Café Zoë"),
        ('"Café, Zoë" <hello@acme.example>', "Café, Zoë"),
        ("漢字の会社" * 9 + " <hello@acme.example>", "漢字の会社" * 9),
        ("Acme " * 30 + "<hello@acme.example>", ("Acme " * 30).strip()),
        ("x" * 62 + " <hello@acme.example>", "x" * 62),
    ],
)
def test_a_sender_is_read_as_it_was_written(sender: str, name: str) -> None:
    message = compose(content(), by=composer(sender=sender, reply_to=sender))

    for field in ("From", "Reply-To"):
        (address,) = parsed(message)[field].addresses
        assert address.addr_spec == "hello@acme.example"
        # Python 3.11's parser of addresses puts a space where encoded words meet; its older one reads them by the rule.
        written = email.message_from_bytes(message.data, policy=email.policy.compat32)[field]
        phrase = email.utils.parseaddr(written)[0]
        assert str(email.header.make_header(email.header.decode_header(phrase))) == name
        assert address.display_name == name or "?=\r\n =?" in written
    assert max(map(len, head(message))) <= 78


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("Ada Lovelace-King 2", "Ada Lovelace-King 2"),
        # Sendmail puts quotes around an apostrophe that has none, Courier around the others.
        ("Conor O'Neill", '"Conor O\'Neill"'),
        *((f"100 {sign} off", f'"100 {sign} off"') for sign in "%!=/?"),
        ("Acme, Inc.", '"Acme, Inc."'),
        # OpenSMTPD splits a quoted string at a comma behind an escaped quote.
        ('Say "yes", Ada', "=?utf-8?q?Say_=22yes=22=2C_Ada?="),
        ("back\\slash", "=?utf-8?q?back=5Cslash?="),
    ],
)
def test_a_name_is_written_as_no_relay_writes_it_anew(name: str, written: str) -> None:
    """What a relay changes of To or From breaks the signature over it; tests/real_servers holds them to these."""
    to = compose(content()._replace(to_name=name), to="ada@example.net")
    assert f"To: {written} <ada@example.net>" in head(to)


BAD_MAILBOXES = [
    "",
    "Acme",
    "Acme, Inc. <hello@acme.example>",
    "a@acme.example, b@acme.example",
    "Acme <hello@acme.example> x",
    "Acme <hello>",
    "Acme <@acme.example>",
    "Acme <hello@bücher.example>",
    '"a b"@acme.example',
    "friends: a@acme.example;",
    "Acme <hello@acme.example>\r\nBcc: eve@example.net",
    "Ac\nme <hello@acme.example>",
    "=?utf-8?q?a=0Ab?= <hello@acme.example>",
    "=?utf-8?q?a=07b?= <hello@acme.example>",
    "\ud800 <hello@acme.example>",
    "<<>>",
    '"',
    "(",
]


@pytest.mark.parametrize("text", BAD_MAILBOXES)
def test_what_is_not_one_sender_is_refused_as_a_setting(text: str) -> None:
    with pytest.raises(SettingsError) as caught:
        composer(sender=text)
    assert caught.value.where == "[message] from"
    with pytest.raises(SettingsError) as caught:
        composer(reply_to=text)
    assert caught.value.where == "[message] reply_to"


@pytest.mark.parametrize("text", ["", "x", "Acme <a@acme.example>", "a@acme.example\r\nDATA", "a@bücher.example"])
def test_a_bad_return_path_is_refused_as_a_setting(text: str) -> None:
    with pytest.raises(SettingsError) as caught:
        composer(return_path=text)
    assert caught.value.where == "[message] return_path"
