"""Where the header says how to unsubscribe, whoever reads the message sees it, too."""

import pytest

from tests.deliverability.mail.documents import TEXT, document, rules

URL = "https://acme.example/u?e=ada%40x.example&l=1"
FOUND = {"unsubscribe_hidden"}


def html_rules(body: str, *, url: str | None = URL, mailto: str | None = None) -> set[str]:
    return rules(document(body), f"{TEXT} {URL}", unsubscribe_url=url, unsubscribe_mailto=mailto or "u@acme.example")


@pytest.mark.parametrize(
    "body",
    [
        '<a href="https://acme.example/u?e=ada%40x.example&amp;l=1">No more</a>',
        '<a href="https://acme.example/preferences">x</a>',
        '<a href="https://acme.example/x">Abmelden</a>',
        '<a href="https://acme.example/x">Se désabonner</a>',
        '<a href="https://acme.example/x">配信停止</a>',
        '<p>To unsubscribe, <a href="https://acme.example/x">click here</a></p>',
        '<a href="https://acme.example/x"><img src="cid:x" alt="Unsubscribe"></a>',
        '<a href="MAILTO:U@acme.example?subject=stop">x</a>',
        '<td style="font-size:0"><a href="https://acme.example/unsubscribe"><img src="cid:x" alt="x"></a></td>',
        '<td style="font-size:0"><p style="font-size:14px"><a href="https://acme.example/unsubscribe">x</a></p></td>',
        "<p>Write to u@acme.example</p>",
        '<a href="{{amazonSESUnsubscribeUrl}}">x</a>',
        "<p>{{{ pm:unsubscribe }}}</p>",
        '<a href="%unsubscribe_url%">x</a>',
    ],
)
def test_a_way_that_can_be_seen_is_enough(body: str) -> None:
    assert html_rules(body) == set()


@pytest.mark.parametrize(
    "body",
    [
        "",
        "<p>You can unsubscribe.</p>",
        f'<div style="display:none"><a href="{URL.replace("&", "&amp;")}">Unsubscribe</a></div>',
        '<span style="font-size:1px"><a href="https://acme.example/x">Unsubscribe</a></span>',
        f"<!-- {URL} unsubscribe -->",
        '<a href="https://acme.example/x">Read on</a>',
    ],
)
def test_one_that_cannot_be_seen_or_followed_is_not(body: str) -> None:
    assert html_rules(body) == FOUND


def test_the_text_is_held_against_it_as_well() -> None:
    body = '<a href="https://acme.example/x">Unsubscribe</a>'
    for text, found in ((TEXT, FOUND), (f"{TEXT} {URL}", set()), (f"{TEXT} Unsubscribe: https://x.example", set())):
        assert rules(document(body), text, unsubscribe_url=URL) == found
    assert rules("", TEXT, unsubscribe_url=URL) == FOUND


def test_without_the_header_nothing_is_asked_for() -> None:
    assert rules(document(), TEXT) == set()
