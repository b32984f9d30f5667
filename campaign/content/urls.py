"""`| urlencode` for templates: what Jinja2's does, and for an e-mail address in a tenth of the time.

Nearly every unsubscribe URL holds one, so it is written once per message.
"""

import re
from typing import Any

from jinja2.filters import do_urlencode

_PLAIN = re.compile(r"[A-Za-z0-9_.~/@+-]*").fullmatch
"""What `urllib.parse.quote` leaves as it is (RFC 3986 section 2.3, and the slash), the at sign and the plus."""


def urlencode(value: Any) -> str:
    """Percent-encode text, or make a query of pairs."""
    if value.__class__ is str and _PLAIN(value) is not None:
        encoded: str = value.replace("@", "%40").replace("+", "%2B")
        return encoded
    return do_urlencode(value)
