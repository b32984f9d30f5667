"""Where a browser goes with a URL: anything in, a host out. Raises nothing; looks nothing up.

A browser takes a backslash for a slash, and leaves out tabs and line breaks (WHATWG URL, section 4.4). Neither belongs
in a URL, and with them the host could be another one than it seems: such a URL is none.
"""

import re
from urllib.parse import urlsplit


def browser_host(target: object) -> str:
    """Give the host, with its port where that is not 443; "" where it is no https URL."""
    if not isinstance(target, str) or re.search(r"[\\\s\x00-\x20]", target):
        return ""
    try:
        parts = urlsplit(target)
        port = parts.port
        host = (parts.hostname or "").encode("idna").decode("ascii") if parts.scheme == "https" else ""
    except (ValueError, UnicodeError):
        return ""
    return f"{host}:{port}" if host and port not in (None, 443) else host
