"""What surrounds the words of a message: language, title, character set; and what mail programs take out of it.

A document in, faults out. Outlook's conditional comments are comments here as everywhere else, so what stands in them
is not looked at; structured data (`application/ld+json`, which Gmail reads) is no script, and a `<style>` that is
empty, since all its rules were inlined, is nothing. Raises nothing.
"""

import re
from collections.abc import Iterator

from campaign.deliverability.mail.addresses import is_font, scheme
from campaign.deliverability.mail.client_support import ELEMENTS
from campaign.deliverability.mail.document import Document, is_within, place
from campaign.deliverability.mail.placeholders import has_placeholder
from campaign.deliverability.mail.rules import (
    CSS_IN_BODY,
    CSS_REMOTE,
    FONT_REMOTE,
    HTML_CHARSET,
    HTML_EMBED,
    HTML_FORM,
    HTML_LANG,
    HTML_SCRIPT,
    HTML_TITLE,
    PLACEHOLDER,
    Fault,
)

_CHARSET = re.compile(r"charset\s*=\s*[\"']?\s*utf-?8", re.IGNORECASE)
_FORM = ("form", "input", "button", "select", "textarea")
_HANDLER = re.compile(r"on[a-z]+")
_BODY = frozenset({"body"})


def structure_faults(document: Document) -> Iterator[Fault]:
    """Go through the document."""
    yield from _head(document)
    for element in document.elements:
        name = element.tag
        if name == "script" and (element.get("type") or "").strip().lower() != "application/ld+json":
            yield Fault(rule=HTML_SCRIPT, place=place(element))
        elif name in _FORM:
            yield Fault(rule=HTML_FORM, place=place(element))
        elif name in ELEMENTS:
            support = ELEMENTS[name]
            words = "" if support is None else f" (not in {support.without})"
            yield Fault(rule=HTML_EMBED, place=f"{place(element)}{words}")
        elif name == "style" and is_within(element, _BODY) and "".join(element.itertext()).strip():
            yield Fault(rule=CSS_IN_BODY, place=place(element))
        elif name == "link" and "stylesheet" in (element.get("rel") or "").lower().split():
            remote = FONT_REMOTE if is_font(element.get("href") or "") else CSS_REMOTE
            yield Fault(rule=remote, place=place(element))
        for attribute, value in element.items():
            leads = attribute in ("href", "action", "src")
            if _HANDLER.fullmatch(attribute) or (leads and scheme(value) in ("javascript", "vbscript")):
                yield Fault(rule=HTML_SCRIPT, place=f"{place(element)}, {attribute}")
    for element, text in document.texts():
        if has_placeholder(text):
            yield Fault(rule=PLACEHOLDER, place=place(element))


def _head(document: Document) -> Iterator[Fault]:
    body = next(document.named("body"), None)
    # Webmail takes <html> and <body> away; so a wrapper's language counts as well as theirs.
    wrappers = [document.root, body, *([] if body is None else [one for one in body if isinstance(one.tag, str)])]
    if not any((one.get("lang") or "").strip() for one in wrappers if one is not None):
        yield Fault(rule=HTML_LANG, place="line 1, <html>")
    if not any("".join(one.itertext()).strip() for one in document.named("title")):
        yield Fault(rule=HTML_TITLE, place="<head>")
    for meta in document.named("meta"):
        kind, content = (meta.get("http-equiv") or "").lower(), meta.get("content") or ""
        declared = meta.get("charset")
        if declared is not None and declared.strip().lower() in ("utf-8", "utf8"):
            return
        if kind == "content-type" and _CHARSET.search(content):
            return
    yield Fault(rule=HTML_CHARSET, place="<head>")
