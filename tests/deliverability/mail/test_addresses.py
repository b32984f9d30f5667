"""Of an address no more is shown than tells where it is: no query, no fragment, no user, no rest of a path."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign.deliverability.mail.addresses import is_malformed, scheme, shown


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("https://acme.example/sso?token=s3cret#x", "https://acme.example/…"),
        ("HTTPS://User:s3cret@Acme.example:8080/", "https://acme.example"),
        ("https://acme.example?s3cret", "https://acme.example/…"),
        ("//acme.example/s3cret", "//acme.example/…"),
        ("mailto:s3cret@acme.example", "mailto:…"),
        ("terms.html?s3cret", "terms.html…"),
        ("/" + "x" * 50, "/" + "x" * 39 + "…"),
        ("#s3cret", "#…"),
        ("https://[1/s3cret", "https:…"),
        ("https://acme\u202e.example/", "https://acme\\u202e.example"),
        ("", ""),
    ],
)
def test_shown(url: str, words: str) -> None:
    assert shown(url) == words


@given(st.text(max_size=40))
def test_whatever_an_address_is_nothing_is_raised_and_one_line_is_shown(url: str) -> None:
    for prefix in ("", "https://", "https://x.example/", "//"):
        assert shown(prefix + url).isprintable()
        assert is_malformed(prefix + url) in (True, False)
        assert scheme(prefix + url) == scheme(prefix + url).lower()
