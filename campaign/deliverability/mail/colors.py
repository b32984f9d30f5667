"""Colours as CSS and HTML write them, and how far apart two of them are (WCAG 2.2, "contrast ratio").

Text in, a `Color` out, or None where what is written can't be known here: variables, other colour spaces, mistakes.
"""

import re
from typing import NamedTuple

from tinycss2 import color4, parse_component_value_list  # type: ignore[import-untyped]

_HEX = re.compile(r"[0-9a-f]{3}|[0-9a-f]{6}", re.IGNORECASE)
_SRGB = ("srgb", "hsl", "hwb")
_OPEN = re.compile(r"url\(|gradient\(|image\(|image-set\(|element\(|paint\(")


class Color(NamedTuple):
    """Red, green, blue and opacity, each from 0 to 1."""

    red: float
    green: float
    blue: float
    alpha: float = 1.0

    def over(self, below: "Color") -> "Color":
        """Give the colour that is seen where this one lies over an opaque one."""
        return Color(
            *(mine * self.alpha + theirs * (1 - self.alpha) for mine, theirs in zip(self[:3], below[:3], strict=True))
        )

    def __str__(self) -> str:
        return "#" + "".join(f"{round(part * 255):02x}" for part in self[:3])


WHITE, BLACK, TRANSPARENT = Color(1, 1, 1), Color(0, 0, 0), Color(0, 0, 0, 0)


def css_color(value: str) -> Color | None:
    """Read a colour of CSS."""
    try:
        found = color4.parse_color(value)
    except (ValueError, TypeError, AttributeError, RecursionError):
        return None
    if found is None or isinstance(found, str) or found.space not in _SRGB:
        return None
    srgb = found if found.space == "srgb" else found.to("srgb")
    parts = [*srgb.coordinates, srgb.alpha]
    return Color(*(min(max(float(part), 0.0), 1.0) for part in parts))


def html_color(value: str) -> Color | None:
    """Read a colour of an attribute, where the # may be missing."""
    value = value.strip()
    return css_color(f"#{value}" if _HEX.fullmatch(value) else value)


def background_color(value: str) -> Color | None:
    """Read the colour out of `background` or `background-color`; TRANSPARENT where it names none."""
    if "var(" in value:
        return None
    if not (_OPEN.search(value) or " " in value.strip()):
        return TRANSPARENT if value in ("none", "initial", "unset", "revert", "0") else css_color(value)
    found = TRANSPARENT
    for token in parse_component_value_list(value):
        if token.type in ("ident", "hash", "function"):
            found = css_color(token.serialize()) or found
    return found


def has_image(value: str) -> bool:
    """Tell whether `background` or `background-image` has an image, or may have one."""
    return "var(" in value or _OPEN.search(value) is not None


def contrast(one: Color, other: Color) -> float:
    """From 1, which can't be told apart, to 21, which is black on white."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(color: Color) -> float:
    """WCAG 2.2, "relative luminance"."""
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in color[:3])
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
