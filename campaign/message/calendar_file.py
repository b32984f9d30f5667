"""What mail has to say of a calendar's file: its METHOD, and line ends as RFC 5545 wants them.

In: the text of an `.ics` file. Out: the `method` parameter without which no mail program offers to accept an invitation
(RFC 6047 section 2.4), and the text for the wire. Raises nothing.
"""

import re

_FOLD = re.compile(r"\r?\n[ \t]")
"""RFC 5545 section 3.1."""
_METHOD = re.compile(r"^METHOD(?:;[^:\r\n]*)?:[ \t]*([A-Za-z0-9-]{1,40})[ \t]*\r?$", re.MULTILINE | re.IGNORECASE)
_COMPONENT = re.compile(r"^BEGIN:(?!VCALENDAR)", re.MULTILINE | re.IGNORECASE)
_begins = re.compile(r"\ufeff?\s*BEGIN:VCALENDAR\s", re.IGNORECASE).match


def is_calendar(text: str) -> bool:
    """Tell whether it is what the name says."""
    return _begins(text) is not None


def method_of(text: str) -> str | None:
    """Give its METHOD in capitals, `REQUEST` say; None for a calendar that is only to be looked at (RFC 5546)."""
    unfolded = _FOLD.sub("", text)
    component = _COMPONENT.search(unfolded)
    found = _METHOD.search(unfolded, 0, component.start() if component else len(unfolded))
    return found[1].upper() if found else None


def with_line_ends(text: str) -> str:
    """Give it with CRLF at the end of each line, as it must be, and without a byte order mark, as editors leave it."""
    return re.sub(r"\r\n|\r|\n", "\r\n", text.removeprefix("\ufeff").lstrip())
