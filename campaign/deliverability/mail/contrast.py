"""Text that can hardly be read: its colour too near to its background's, in the light scheme or in the dark one.

WCAG 2.2, success criterion 1.4.3, level AA: 4.5:1; 3:1 for large text, which has 24 px, or 18.66 px and is bold. What
is not certain is taken for well: text whose colours are not both known, and unknown sizes for large ones. So are text
without a letter or a digit, which decorates, and what is hidden, as preheaders are. Raises nothing.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from campaign.deliverability.mail.appearance import Appearance
from campaign.deliverability.mail.colors import contrast
from campaign.deliverability.mail.document import Document, place
from campaign.deliverability.mail.rules import CONTRAST, Fault

_NORMAL, _LARGE = 4.5, 3.0
_LARGE_SIZE, _LARGE_BOLD_SIZE = 24.0, 18.66
"""Pixels: 18 and 14 points."""
_UNSEEN = frozenset({"option", "textarea", "button", "select"})
"""Controls have colours of the mail program's own."""


def contrast_faults(document: Document, looks: Mapping[Any, Appearance], scheme: str) -> Iterator[Fault]:
    """Go through all text; `scheme` ("dark") is said of what is found there, unless it is "". A pair of colours is
    told once.
    """
    told = set()
    for element, text in document.texts():
        look = looks.get(element)
        if look is None or look.hidden or look.color is None or look.background is None or element.tag in _UNSEEN:
            continue
        if not any(map(str.isalnum, text)):
            continue
        wanted = _LARGE if _is_large(look) else _NORMAL
        ratio = contrast(look.color, look.background)
        if ratio >= wanted or (look.color, look.background) in told:
            continue
        told.add((look.color, look.background))
        shown = int(ratio * 10) / 10  # cut and not rounded: 4.49 is not 4.5
        where = f", {scheme} scheme" if scheme else ""
        words = f"{look.color} on {look.background} is {shown:g}:1, and {wanted:g}:1 is wanted{where}"
        yield Fault(rule=CONTRAST, place=f"{place(element)}: {words}")


def _is_large(look: Appearance) -> bool:
    if look.size is None or look.size >= _LARGE_SIZE:
        return True
    return look.size >= _LARGE_BOLD_SIZE and look.bold is not False
