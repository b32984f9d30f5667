"""HTML for the tests: a message against which nothing can be said, to put something into."""

from campaign.deliverability.mail.message import html_faults, plain_faults

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
    return {fault.rule.name for fault in plain_faults(text, is_own=is_own)}
