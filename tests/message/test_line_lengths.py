"""No line that leaves is longer than 900 octets, and an unsubscribe URL that would be is nobody's silent loss.

Relays in use break lines from 990 octets on, where RFC 5322 allows 998 (`campaign.message.headers.LONGEST_LINE`).
"""

from contextlib import suppress
from datetime import UTC, datetime

import pytest

from campaign.content import text_template
from campaign.errors import EmptyCellError, InvalidContactError, SettingsError
from campaign.message import Composer
from campaign.model import Contact, Content
from tests.message.lines import LONGEST_URL, longest_line, url_of

NOW = datetime(2026, 11, 23, 9, 0, 0, tzinfo=UTC)
ANN = Contact(number=7, email="ann@people.example", columns={})


def composer(**given: object) -> Composer:
    settings: dict[str, object] = {
        "campaign": "autumn",
        "sender": "Acme <hello@acme.example>",
        "return_path": "bounces@acme.example",
        "reply_to": None,
        "unsubscribe_mailto": "stop@acme.example",
    }
    return Composer(**(settings | given))  # type: ignore[arg-type]


def content(*text: str, url: str | None = None, subject: str = "Your order") -> Content:
    return Content(subject=subject, text=text, html=(), unsubscribe_url=url)


# Bodies


@pytest.mark.parametrize("known", [False, True])
@pytest.mark.parametrize(
    "chunks",
    [
        ("x" * 900,),
        ("a\n" + "x" * 900 + "\nb",),
        ("x" * 450, "y" * 450),
        ("a\n" + "x" * 450, "y" * 450 + "\n"),
        ("x" * 899, "", "\t"),
    ],
)
def test_900_octets_go_as_7bit_and_one_more_does_not(chunks: tuple[str, ...], known: bool) -> None:
    longer = tuple(chunk.replace("xxx", "xxxx", 1) for chunk in chunks)
    for text, encoding, longest in [(chunks, b"7bit", 900), (longer, b"quoted-printable", 76)]:
        message = composer(constants=text if known else ()).compose(ANN, content(*text), now=NOW)
        head, _, body = message.data.partition(b"\r\n\r\n")
        assert b"Content-Transfer-Encoding: " + encoding in head
        assert longest_line(body) == longest


# Header fields


def test_every_header_field_at_its_longest_stays_under() -> None:
    # Each with the longest address that a path may have (RFC 5321 section 4.5.3.1.3), in the letters that grow most.
    domain = "a" * 50 + ".example"
    longest = "é" * ((254 - len(domain) - 1) // 2) + "@" + domain
    plain = "a" * (254 - len(domain) - 1) + "@" + domain
    name = "漢字 " * 300
    message = composer(
        sender=f"{name} <{plain}>", reply_to=f"{name} <{longest}>", return_path=longest, unsubscribe_mailto=longest
    ).compose(ANN._replace(email=longest), content("a\n", url=url_of(LONGEST_URL), subject="x" * 3000), now=NOW)

    head = message.data.partition(b"\r\n\r\n")[0]
    assert longest_line(head) == 900
    assert sum(len(line) > 300 for line in head.split(b"\r\n")) == 2  # Both of List-Unsubscribe.


def test_a_rows_unsubscribe_url_that_fits_no_line_makes_that_row_invalid_and_says_why() -> None:
    by = composer()
    assert longest_line(by.compose(ANN, content("a", url=url_of(LONGEST_URL)), now=NOW).data) == 900

    with pytest.raises(InvalidContactError) as caught:
        by.compose(ANN, content("a", url=url_of(LONGEST_URL + 1)), now=NOW)

    assert caught.value.what.startswith("the unsubscribe URL has 880 characters; 879 fit")
    assert caught.value.where == "row 7, [message] unsubscribe_url"
    assert "columns" in caught.value.fix
    assert url_of(LONGEST_URL + 1) not in str(caught.value)


def test_an_unsubscribe_mailto_fills_a_line_and_no_more() -> None:
    longest = "mailto:stop@acme.example?subject=".ljust(LONGEST_URL, "x")
    assert longest_line(composer(unsubscribe_mailto=longest).compose(ANN, content("a"), now=NOW).data) <= 900
    with pytest.raises(SettingsError) as caught:
        composer(unsubscribe_mailto=longest + "x")
    assert caught.value.where == "[message] unsubscribe_mailto"


# What the setting itself makes too long


@pytest.mark.parametrize(
    ("source", "shortest"),
    [
        ("https://acme.example/u", 22),
        ("https://acme.example/u?e={{ contact.email }}", 25),
        ("https://acme.example/{{ contact.a }}/{{ contact.b | urlencode }}?x={{ campaign.name }}", 25),
        ("https://a.example/{% if contact.a %}12345{% else %}123{% endif %}", 21),
        ("https://a.example/{% if contact.a %}12345{% endif %}", 18),
        ("https://a.example/{% if contact.a %}12345{% elif contact.b %}1{% else %}123{% endif %}/", 20),
        ("https://a.example/{% if contact.a %}1{% if contact.b %}23{% else %}2{% endif %}{% else %}123{% endif %}", 20),
        ("https://a.example/{% for letter in contact.a %}12345{% endfor %}", 18),
        ("https://a.example/{% filter replace('1', '') %}11111{% endfilter %}", 18),
        ("https://a.example/{% set long %}12345{% endset %}{# 12345 #}{{- contact.a -}}   x", 19),
    ],
)
def test_what_a_setting_always_writes_is_counted_and_no_more(source: str, shortest: int) -> None:
    template = text_template(source, name="message.unsubscribe_url", campaign_name="autumn")
    assert template.shortest == shortest
    for columns in ({"a": "", "b": ""}, {"a": "abc", "b": ""}, {"a": "", "b": "b"}, {"a": "a", "b": "b"}):
        with suppress(EmptyCellError):
            assert len(template(ANN._replace(columns=columns))) >= shortest
    assert len(template(ANN._replace(columns={"a": "a", "b": "b"}))) >= shortest


def test_a_url_too_long_for_whatever_contact_is_the_settings_fault() -> None:
    composer(shortest_unsubscribe_url=LONGEST_URL)
    with pytest.raises(SettingsError) as caught:
        composer(shortest_unsubscribe_url=LONGEST_URL + 1)
    assert caught.value.where == "message.unsubscribe_url"
    assert "880" in caught.value.what and "879" in caught.value.what
    assert caught.value.fix
