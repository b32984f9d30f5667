"""Bounces that follow no standard, read by flufl.bounce (extra `bounces`): hints for a person.

In: a mail's octets. Out: the addresses that, as it looks, can't be reached. Raises nothing, NotInstalledError aside.
What the library finds is found by phrases, in a text that anybody can write: of itself it proves nothing.

Only the beginning of a mail is looked at, its lines cut: a bounce says at once what is the matter, and neither nesting
nor a long line may take minutes. A mail with more multiparts than reports have is not looked at.
"""

import logging
import re
from email import message_from_bytes
from email.policy import compat32

_LOOKED_AT = 64 * 1024
_LONGEST_LINE = 998
"""RFC 5322 section 2.1.1."""
_MOST_NESTED = 20
_LONG = re.compile(rb"[^\n]{%d,}" % (_LONGEST_LINE + 1))
_FOLDED = re.compile(rb"^Content-[^\n:]{1,30}:[^\n]*(?:\n[ \t][^\n]*)+", re.IGNORECASE | re.MULTILINE)
_MULTIPARTS = re.compile(rb"multipart/|message/rfc822", re.IGNORECASE)
_CALLED_BOUNCE = re.compile(
    r"undeliver|returned mail|returned to sender|delivery (?:status|failure|has failed|problem)|mail delivery|"
    r"failure notice|nicht zustellbar|unzustellbar|non remis|non recapitabile|no entregado",
    re.IGNORECASE,
)
_MAILERS = ("mailer-daemon@", "postmaster@", "mail-daemon@", "<>")


class NotInstalledError(Exception):
    """The library is not there."""


def looks_like_bounce(sender: str, subject: str) -> bool:
    """Whether From and Subject, in plain text, are those of a bounce: who has no library hears of these."""
    return any(mailer in sender.lower() for mailer in _MAILERS) and _CALLED_BOUNCE.search(subject) is not None


def unreachable(octets: bytes) -> list[str]:
    """Give addresses that fail for good, in order; none where it looks like no bounce. Raises NotInstalledError."""
    try:
        from flufl.bounce import scan_message
    except ImportError:
        raise NotInstalledError from None
    logging.getLogger("flufl.bounce").disabled = True  # it logs every step, and what it stumbles over with a traceback
    looked_at = beginning(octets)
    if len(_MULTIPARTS.findall(looked_at)) > _MOST_NESTED:
        return []
    try:
        found = scan_message(message_from_bytes(looked_at, policy=compat32))
        return sorted(address.decode("utf-8", "replace").strip() for address in found)
    except Exception:  # from anywhere in the library and in the parser, over what a stranger has made up
        return []


def beginning(octets: bytes) -> bytes:
    """Give what is looked at. The standard library counts the quotation marks of a Content-Type again at each of its
    semicolons, so folding makes no field of that kind longer than a line.
    """
    return _FOLDED.sub(_cut, _LONG.sub(_cut, octets[:_LOOKED_AT]))


def _cut(found: re.Match[bytes]) -> bytes:
    return found[0][:_LONGEST_LINE]
