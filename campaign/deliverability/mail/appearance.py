"""How the text of each element looks, as far as that is certain: colour, background, size, weight, and whether it is
there to be seen at all.

A document and what CSS declares in, an `Appearance` for each element out. None means: not known here, so nothing is
said of it. The light scheme begins with black on white, as mail programs do. Raises nothing.

Limits: what lies over what by position, opacity or an image can't be known; neither can a link's colour that is nowhere
set, nor anything that nobody set in the dark scheme, since every mail program has its own for these.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from campaign.deliverability.mail.colors import (
    BLACK,
    WHITE,
    Color,
    background_color,
    css_color,
    has_image,
    html_color,
)
from campaign.deliverability.mail.document import Document

_LENGTH = re.compile(r"(\d*\.?\d+)(px|pt|em|rem|%)?")
_KEYWORDS = {"xx-small": 9, "x-small": 10, "small": 13, "medium": 16, "large": 18, "x-large": 24, "xx-large": 32}
"""Pixels, CSS Fonts 4 section 2.5."""
_SCALE = {"h1": 2.0, "h2": 1.5, "h3": 1.17, "h4": 1.0, "h5": 0.83, "h6": 0.67, "small": 0.83, "big": 1.2}
"""HTML Living Standard 15.3, the rendering that browsers begin with."""
_BOLD = frozenset({"h1", "h2", "h3", "h4", "h5", "h6", "b", "strong", "th"})
_BOLD_FROM = 700
_FONT_SIZES = (10, 13, 16, 18, 24, 32, 48)
"""Pixels of <font size="1"> to "7"."""
_UNCLEAR = ("mix-blend-mode", "filter", "-webkit-text-fill-color", "background-clip", "-webkit-background-clip", "mask")
_LEGIBLE = 1.0
"""Pixels: text of this size, or less, is not meant to be seen."""
_NOTHING: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Appearance:
    """How text directly in an element looks."""

    color: Color | None
    background: Color | None
    size: float | None
    """Pixels."""
    bold: bool | None
    removed: bool
    """Whether the element and all in it is taken out of sight, as preheaders are."""

    @property
    def hidden(self) -> bool:
        """Whether nobody is meant to see the text. A child, or an image, may have a size of its own all the same."""
        return self.removed or (self.size is not None and self.size <= _LEGIBLE)


class Appearances(dict[Any, Appearance]):
    """That of each element; of one that is not in it nothing is known."""

    def is_removed(self, element: Any) -> bool:
        """Whether an element, and all in it, is taken out of sight."""
        return element in self and self[element].removed

    def is_hidden(self, element: Any) -> bool:
        """Whether nobody is meant to see the text that stands directly in an element."""
        return element in self and self[element].hidden


def appearances(document: Document, styles: Mapping[Any, Mapping[str, str]], *, dark: bool) -> Appearances:
    """Work it out for every element."""
    found = Appearances()
    canvas = Appearance(
        color=None if dark else BLACK, background=None if dark else WHITE, size=16.0, bold=False, removed=False
    )
    for element in document.elements:
        parent = element.getparent()
        above = canvas if parent is None else found.get(parent, canvas)
        found[element] = _appearance(element, styles.get(element, _NOTHING), above)
    return found


def _appearance(element: Any, style: Mapping[str, str], above: Appearance) -> Appearance:
    size = _size(element, style, above.size)
    background = _background(element, style, above.background)
    color = _color(element, style, above.color)
    opacity = style.get("opacity", "1")
    unclear = opacity not in ("1", "1.0", "100%") or any(style.get(name, "none") != "none" for name in _UNCLEAR)
    if color is not None and color.alpha < 1:
        color = None if background is None else color.over(background)
    return Appearance(
        color=None if unclear else color,
        background=None if unclear or style.get("position") in ("absolute", "fixed") else background,
        size=size,
        bold=_bold(element, style, above.bold),
        removed=above.removed or _is_removed(element, style),
    )


def _color(element: Any, style: Mapping[str, str], inherited: Color | None) -> Color | None:
    value = style.get("color")
    if value is not None:
        return inherited if value in ("inherit", "unset", "currentcolor") else css_color(value)
    attribute = element.get("text") if element.tag == "body" else None
    if element.tag == "font":
        attribute = element.get("color")
    if attribute:
        return html_color(attribute)
    return None if element.tag == "a" and element.get("href") is not None else inherited


def _background(element: Any, style: Mapping[str, str], below: Color | None) -> Color | None:
    if has_image(style.get("background-image", "")) or element.get("background"):
        return None
    value, attribute = style.get("background-color"), element.get("bgcolor")
    if value is None and not attribute:
        return below
    if value == "inherit":
        return None
    color = background_color(value) if value is not None else html_color(attribute)
    if color is None or color.alpha == 1:
        return color
    return None if below is None else color.over(below)


def _size(element: Any, style: Mapping[str, str], inherited: float | None) -> float | None:
    value = style.get("font-size")
    if value is None:
        step = (element.get("size") or "").strip() if element.tag == "font" else ""
        if len(step) == 1 and step in "1234567":
            return _FONT_SIZES[int(step) - 1]
        scale = _SCALE.get(element.tag, 1.0)
        return None if inherited is None else inherited * scale
    if value in _KEYWORDS:
        return _KEYWORDS[value]
    found = _LENGTH.fullmatch(value)
    if found is None:
        return inherited if value == "inherit" else None
    number, unit = float(found[1]), found[2]
    if unit in ("em", "%"):
        return None if inherited is None else inherited * (number if unit == "em" else number / 100)
    return number * {"pt": 4 / 3, "rem": 16.0}.get(unit or "", 1.0)


def _bold(element: Any, style: Mapping[str, str], inherited: bool | None) -> bool | None:
    value = style.get("font-weight")
    if value is None:
        return True if element.tag in _BOLD else inherited
    if value.isdecimal() and len(value) < 5:
        return int(value) >= _BOLD_FROM
    return {"bold": True, "bolder": True, "normal": False, "lighter": False, "inherit": inherited}.get(value)


def _is_removed(element: Any, style: Mapping[str, str]) -> bool:
    return (
        style.get("display") == "none"
        or style.get("visibility") in ("hidden", "collapse")
        or element.get("hidden") is not None
        or _is_zero(style.get("opacity"))
        or (style.get("overflow") == "hidden" and (_is_zero(style.get("max-height")) or _is_zero(style.get("height"))))
    )


def _is_zero(value: str | None) -> bool:
    found = None if value is None else _LENGTH.fullmatch(value)
    return found is not None and float(found[1]) == 0
