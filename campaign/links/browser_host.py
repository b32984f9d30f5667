"""Where a browser goes with a URL: anything in, a host out. Raises nothing; looks nothing up.

A browser takes a backslash for a slash, and leaves out tabs and line breaks (WHATWG URL, section 4.4). Neither belongs
in a URL, and with them the host could be another one than it seems: such a URL is none. Nor is one with a character
that Python's IDNA (of 2003) reads as others, and browsers as itself: the two would look up different names.
"""

import re
from urllib.parse import urlsplit

_DEVIANT = re.compile("[\u00df\u03c2\u1e9e\u200c\u200d]")
"""UTS 46, section 7: sharp s, final sigma and the joiners; and the capital sharp s, on which versions differ."""


def browser_host(target: object) -> str:
    """Give the host, with its port where that is not 443; "" where it is no https URL."""
    if not isinstance(target, str) or re.search(r"[\\\s\x00-\x20]", target):
        return ""
    try:
        parts = urlsplit(target)
        port = parts.port
        if _DEVIANT.search(parts.netloc):
            return ""
        host = (parts.hostname or "").encode("idna").decode("ascii") if parts.scheme == "https" else ""
    except (ValueError, UnicodeError):
        return ""
    return f"{host}:{port}" if host and port not in (None, 443) else host
