"""Addresses in a message: what kind each is, and as much of it as may be shown.

A URL as an attribute has it in, plain words out. Raises nothing. Of a URL no query, fragment or user is shown: there
are links in a message that sign somebody in, or out.
"""

import re
from urllib.parse import urlsplit

from campaign.visible import visible

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_FONTS = re.compile(r"//fonts\.|/fonts?[/.?]", re.IGNORECASE)
_SHOWN = 40
_SPACE = re.compile(r"[ \t\r\n\f]")
_EDGES = " \t\r\n\f"
"""What browsers take off both ends (WHATWG URL)."""


def trimmed(url: str) -> str:
    """Give a URL without the white space around it."""
    return url.strip(_EDGES)


def scheme(url: str) -> str:
    """Give a URL's scheme in lower case, or ""."""
    found = _SCHEME.match(trimmed(url))
    return "" if found is None else found[1].lower()


def is_malformed(url: str) -> bool:
    """Tell whether an http or https URL has no host, or white space inside."""
    url = trimmed(url)
    try:
        return not urlsplit(url).hostname or _SPACE.search(url) is not None
    except ValueError:
        return True


def is_font(url: str) -> bool:
    """Tell whether a style sheet is there for its fonts, by its address: `https://fonts.…`."""
    return _FONTS.search(url) is not None


def shown(url: str) -> str:
    """Say what leads where: the host of a whole URL, the path of a relative one; "" where there is nothing."""
    url = trimmed(url)
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return f"{scheme(url)}:…"
    if host:
        more = "/…" if len(parts.path) > 1 or parts.query else ""
        return visible(f"{parts.scheme}://{host}{more}" if parts.scheme else f"//{host}{more}", spaces=True)
    if parts.scheme:
        return f"{visible(parts.scheme)}:…"
    if url.startswith("#"):
        return "#…" if len(url) > 1 else "#"
    path = re.split(r"[?#;@]", url, maxsplit=1)[0]
    return visible(path[:_SHOWN] + ("…" if len(path) > _SHOWN or path != url else ""), spaces=True)
