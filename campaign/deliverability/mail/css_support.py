"""CSS that large mail programs drop, where something on the page rests on it. What holds for elements in, faults out.

What stands under a condition (`@media`, `@supports`) is an improvement for those who have it, and left alone; so is a
rule that fits no element. What programs drop, and the source of it, stands in `client_support`. Raises nothing.
"""

import re
from collections.abc import Iterator
from typing import Any

from campaign.deliverability.mail.addresses import is_font
from campaign.deliverability.mail.cascade import Cascade, Declaration
from campaign.deliverability.mail.client_support import (
    BACKGROUND_IMAGE,
    FUNCTIONS,
    GMAIL_STYLE_LIMIT,
    PROPERTIES,
    VALUES,
    Support,
)
from campaign.deliverability.mail.colors import has_image
from campaign.deliverability.mail.document import place
from campaign.deliverability.mail.rules import CSS_LENGTH, CSS_REMOTE, CSS_SUPPORT, FONT_REMOTE, Fault

_NONE = frozenset({"none", "initial", "unset", "inherit", "auto", "normal", "0", "revert"})
_FUNCTION = re.compile(r"\b([a-z]+)\(")
_NO_LAYOUT = frozenset({"color", "background", "background-color", "border-color"})
"""Where a function may be lost and the words are still in their place; a colour by var() is not."""


def css_faults(css: Cascade, *, has_vml: bool) -> Iterator[Fault]:
    """Go through what is declared. `has_vml`: the message has Outlook's own markup, by which it gets backgrounds."""
    told = set()
    for element, declaration in css.declared:
        if (
            css.light[element].get("display") == "none"
        ):  # all programs obey that, and nothing is lost of what isn't there
            continue
        for words, support in _dropped(element, declaration, has_vml):
            if words not in told:
                told.add(words)
                yield Fault(rule=CSS_SUPPORT, place=f"{place(element)}: {words} (not in {support.without})")
    for path, prelude, style in css.at_rules:
        name = path.rpartition("/")[2]
        if name == "font-face":
            yield Fault(rule=FONT_REMOTE, place=f"{place(style)}, @font-face")
        elif path == "import":
            yield Fault(rule=FONT_REMOTE if is_font(prelude) else CSS_REMOTE, place=f"{place(style)}, @import")
        if path.startswith("media/"):
            # github.com/hteumeuleu/caniemail issue 144, a maintainer's word.
            yield Fault(rule=CSS_SUPPORT, place=f"{place(style)}: @{name} within @media (Gmail drops all of <style>)")
    if css.style_length > GMAIL_STYLE_LIMIT:
        yield Fault(rule=CSS_LENGTH, place=f"{css.style_length:,} bytes")


def _dropped(element: Any, declaration: Declaration, has_vml: bool) -> Iterator[tuple[str, Support]]:
    name, value, _ = declaration
    if (name, value) in VALUES and not (name == "float" and element.get("align")):  # which does the same in Outlook
        yield f"{name}:{value}", VALUES[name, value]
    if name in PROPERTIES and (value not in _NONE or (name == "margin-inline" and value == "auto")):  # which centres
        yield name, PROPERTIES[name]
    if name == "background-image" and not has_vml and has_image(value) and "url(" in value:
        yield "background-image", BACKGROUND_IMAGE
    for function in set(_FUNCTION.findall(value)) & FUNCTIONS.keys():
        if function == "var" or name not in _NO_LAYOUT:
            yield f"{function}()", FUNCTIONS[function]
