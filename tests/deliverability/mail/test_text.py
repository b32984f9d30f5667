"""What is found in the plain text and in the subject of a message, and what must not be."""

import pytest

from campaign.deliverability.mail.text import subject_rules
from tests.deliverability.mail.documents import TEXT, text_rules


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (TEXT, set()),
        ("", {"text_empty"}),
        ("Sign in:\n\nhttps://acme.example/a-very-long-address-that-says-nothing\n", {"text_empty"}),
        ("请点击链接登录您的账户", set()),
        (f"{TEXT}<br>", {"text_markup"}),
        (f'{TEXT}<a href="https://acme.example">in</a>', {"text_markup"}),
        (f"{TEXT}</TD >", {"text_markup"}),
        (f"{TEXT}&nbsp;&amp;", {"text_markup"}),
        (f"{TEXT} &#8217;", {"text_markup"}),
        (f"{TEXT} <https://acme.example> <a@acme.example> 1 < 2 > 0 <3 -> <b@x> AT&T R&D; <name>", set()),
        (f"{TEXT} https://acme.example/?a=1&copy=2&lt=3", set()),
        (f"{TEXT} {{{{ contact.name }}}}", {"placeholder"}),
        (f"{TEXT} {{% endif %}}", {"placeholder"}),
        (f"{TEXT} {{ x }} {{}} %}}", set()),
        (f"{TEXT} {{{{amazonSESUnsubscribeUrl}}}} {{{{{{ pm:unsubscribe }}}}}}", set()),
    ],
)
def test_plain_text(text: str, found: set[str]) -> None:
    assert text_rules(text) == found


def test_of_a_text_made_from_the_html_only_its_emptiness_is_told() -> None:
    """The rest is the HTML's, and told of it."""
    assert text_rules("{{ x }} <br>", is_own=False) == {"text_empty"}
    assert text_rules(f"{TEXT} {{{{ x }}}} <br>", is_own=False) == set()


@pytest.mark.parametrize(
    ("subject", "found"),
    [
        ("Your order A-1001 is ready", set()),
        ("x" * 70, set()),
        ("x" * 71, {"subject_long"}),
        ("YOUR ORDER IS READY", {"subject_capitals"}),
        ("FAQ 2026", set()),
        ("您的订单已准备好，请登录查看详情", set()),
        ("It is ready!", set()),
        ("Ready! Steady! Go!", {"subject_exclamation"}),
        ("Ready!!", {"subject_exclamation"}),
        ("Re: your order", {"subject_reply"}),
        ("FWD: your order", {"subject_reply"}),
        ("Reminder: your order", set()),
        ("Regarding your order: it is ready", set()),
        ("Hello {{ contact.name }}", {"placeholder"}),
    ],
)
def test_subject(subject: str, found: set[str]) -> None:
    assert {rule.name for rule in subject_rules(subject)} == found
