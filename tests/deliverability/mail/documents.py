"""HTML for the tests: a message against which nothing can be said, to put something into."""

from campaign.deliverability.mail.message import html_faults
from campaign.deliverability.mail.text import text_faults
from tests.campaigns import SmallCampaign
from tests.command_line import template

TEXT = "Hello, and thank you for your order. It is packed and waits for you."


def document(body: str = "", *, css: str = "", head: str = "") -> str:
    """A sound message with something in it."""
    style = f"<style>{css}</style>" if css else ""
    return (
        f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Order</title>{style}{head}</head><body>'
        f'<div style="display:none">Your order is packed.</div>{body}<p>{TEXT}</p></body></html>'
    )


def rules(html: str, text: str = TEXT, **unsubscribe: str | None) -> set[str]:
    """The names of the rules that the HTML breaks."""
    return {fault.rule.name for fault in html_faults(html, text, **unsubscribe)}


def places(html: str) -> list[str]:
    """Where it breaks them."""
    return [fault.place for fault in html_faults(html, TEXT)]


def text_rules(text: str, *, is_own: bool = True) -> set[str]:
    """The names of the rules that a text breaks."""
    return {fault.rule.name for fault in text_faults(text, is_own=is_own)}


def sound_mail(small: SmallCampaign) -> None:
    """Give a campaign templates against which nothing can be said, with a way to unsubscribe where there is one."""
    way = '{% if unsubscribe_url | default %}<a href="{{ unsubscribe_url }}">Unsubscribe</a>{% endif %}'
    text = "Hello {{ contact.name }}, this link signs you in to your account:\n\n{{ link.url }}\n"
    template(
        small,
        body_html=document(f'<p>Hello {{{{ contact.name }}}}</p><a href="{{{{ link.url }}}}">Sign in</a> {way}'),
        body_txt=text + "{% if unsubscribe_url | default %}Unsubscribe: {{ unsubscribe_url }}{% endif %}\n",
    )
