"""Unsubscribing: what is offered, on one line, and what is refused."""

import pytest

from campaign.errors import InvalidContactError, SettingsError
from campaign.message import ContactKeys
from tests.message.messages import BREAKS, compose, composer, content, head, parsed


def test_a_long_unsubscribe_url_is_neither_encoded_nor_broken() -> None:
    url = "https://acme.example/unsubscribe?e=ada%40example.net&c=" + "x1-" * 250
    message = compose(
        content(unsubscribe_url=url), by=composer(unsubscribe_mailto="mailto:u@acme.example?subject=stop")
    )

    assert f"\r\nList-Unsubscribe: <{url}>,\r\n <mailto:u@acme.example?subject=stop>\r\n".encode() in message.data
    assert parsed(message)["List-Unsubscribe"] == f"<{url}>, <mailto:u@acme.example?subject=stop>"


@pytest.mark.parametrize(
    ("url", "mailto", "field", "one_click"),
    [
        (None, None, None, None),
        (None, "u@acme.example", "<mailto:u@acme.example>", None),
        ("https://acme.example/", None, "<https://acme.example/>", "List-Unsubscribe=One-Click"),
        ("HTTPS://acme.example/", None, "<HTTPS://acme.example/>", "List-Unsubscribe=One-Click"),
        ("http://acme.example/", None, "<http://acme.example/>", None),
        (
            "http://acme.example/",
            "a/b&c%d@acme.example",
            "<http://acme.example/>, <mailto:a%2Fb%26c%25d@acme.example>",
            None,
        ),
        (None, "zoë@acme.example", "<mailto:zo%C3%AB@acme.example>", None),
    ],
)
def test_one_click_is_offered_where_there_is_an_https_url(
    url: str | None, mailto: str | None, field: str | None, one_click: str | None
) -> None:
    read = parsed(compose(content(unsubscribe_url=url), by=composer(unsubscribe_mailto=mailto)))

    assert read["List-Unsubscribe"] == field
    assert read["List-Unsubscribe-Post"] == one_click


def test_a_mail_that_unsubscribes_says_whose_it_is() -> None:
    keys = ContactKeys(b"s" * 32)
    key = keys("ada@example.net")
    alone = parsed(compose(content(), by=composer(unsubscribe_mailto="u@acme.example", key_of=keys)))
    assert alone["List-Unsubscribe"] == f"<mailto:u@acme.example?subject=unsubscribe%20{key}>"

    url = "https://acme.example/u"
    both = parsed(
        compose(content(unsubscribe_url=url), by=composer(unsubscribe_mailto="a&b@acme.example", key_of=keys))
    )
    assert both["List-Unsubscribe"] == f"<{url}>, <mailto:a%26b@acme.example?subject=unsubscribe%20{key}>"
    assert both["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_a_whole_uri_has_a_subject_of_the_operators_own() -> None:
    uri = "mailto:u@acme.example?subject=stop"
    read = parsed(compose(content(), by=composer(unsubscribe_mailto=uri, key_of=ContactKeys(None))))
    assert read["List-Unsubscribe"] == f"<{uri}>"


def test_the_longest_address_with_its_key_stays_within_a_line() -> None:
    """RFC 5321 section 4.5.3.1: 64 octets left of the @, 254 in all; each of them may be written in three."""
    address = f"{'é' * 32}@{'x.' * 91}example"
    message = compose(content(), by=composer(unsubscribe_mailto=address, key_of=ContactKeys(None)))
    assert len(address.encode()) == 254
    assert max(map(len, head(message))) < 900


def test_an_unsubscribe_url_fills_a_line_and_no_more() -> None:
    longest = "https://acme.example/" + "x" * (900 - len("List-Unsubscribe: <https://acme.example/>,"))
    by = composer(unsubscribe_mailto="u@acme.example")

    assert max(map(len, head(compose(content(unsubscribe_url=longest), by=by)))) == 900
    with pytest.raises(InvalidContactError, match="880"):
        compose(content(unsubscribe_url=longest + "x"), by=by)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "https://",
        "acme.example/u",
        "mailto:u@acme.example",
        "javascript:alert(1)",
        "https://acme.example/u?e=zoë",
        "https://acme.example/u?e=a b",
        "https://acme.example/u?e=<a>",
        "https://acme.example/>, <mailto:eve@example.net",
        " https://acme.example/",
        *(f"https://acme.example/u{mark}Bcc: eve@example.net" for mark in ["\t", *BREAKS]),
        *(f"https://acme.example/u{mark}" for mark in ["\t", *BREAKS]),
    ],
)
def test_an_unsubscribe_url_that_would_need_encoding_is_refused_and_not_quoted(url: str) -> None:
    with pytest.raises(InvalidContactError, match="unsubscribe URL") as caught:
        compose(content(unsubscribe_url=url))

    assert "unsubscribe_url" in caught.value.where
    assert "urlencode" in caught.value.fix
    assert len(url) < 10 or url not in str(caught.value)


@pytest.mark.parametrize(
    "text", ["", "x", "u@acme.example?subject=x", "mailto:zoë@x", "mailto:a b@x", "u@x\r\nBcc: e@x"]
)
def test_a_bad_unsubscribe_address_is_refused_as_a_setting(text: str) -> None:
    with pytest.raises(SettingsError) as caught:
        composer(unsubscribe_mailto=text)
    assert caught.value.where == "[message] unsubscribe_mailto"
