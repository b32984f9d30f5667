"""What the two kinds of reports have in common: multipart/report (RFC 6522), and groups of fields in a body.

Raises nothing. A report may lie in another mail, one level deep: a gateway has put its banner around it, or somebody
has forwarded it as an attachment. It counts like one that came by itself, which whoever has forwarded it could have
written as well: what identifies a message is known to few.
"""

import re
from itertools import islice

from campaign.settle.mail.parse import Part, parse

_MOST_GROUPS = 100
_EMPTY_LINES = re.compile(rb"\n[ \t]*\n\s*")


def report_in(mail: Part) -> tuple[Part, Part]:
    """Give the report that a mail is or has, and the mail that it came as; the mail twice where there is none."""
    if mail.media_type in ("multipart/mixed", "multipart/related"):
        for part in mail.parts():
            if part.media_type == "multipart/report":
                return part, mail
            if part.media_type in ("message/rfc822", "message/global"):
                inner = parse(part.text())
                if inner.media_type == "multipart/report":
                    return inner, inner
    return mail, mail


def is_report(mail: Part, kind: str) -> bool:
    """Whether it is a report of that report-type; where it does not say so, by the part that such a one has."""
    if mail.media_type != "multipart/report":
        return False
    if said := mail.parameter("report-type"):
        return said == kind
    return any(part.media_type in (f"message/{kind}", f"message/global-{kind}") for part in mail.parts())


def groups(body: bytes) -> list[Part]:
    """Give groups of fields that empty lines part, as in message/delivery-status (RFC 3464 section 2.1)."""
    text = body.replace(b"\r\n", b"\n").strip(b"\n")
    return [parse(group + b"\n\n") for group in islice(_EMPTY_LINES.split(text, _MOST_GROUPS), _MOST_GROUPS)]
