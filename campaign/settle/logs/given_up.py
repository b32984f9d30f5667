"""What a server said when it gave a message up: the codes in its words, and the words as they may be kept.

In: the end of a log line, that may quote the next server's reply. Out: reply code, enhanced status code (RFC 3463),
words. Raises nothing. A code counts only if it says "for good" (5xx, 5.x.x): a message may be given up after days of
temporary refusals, and the last of those would be quoted.
"""

import re
from typing import NamedTuple

from campaign.settle.quoted import quoted

_MOST = 4096
"""Characters of the words that are looked at."""
_reply = re.compile(r"(?:^|: )(5\d\d)(?:[ -](5\.\d{1,3}\.\d{1,3})(?![.\d]))?(?=[\s:\"-]|$)").search
"""A final reply (RFC 5321 section 4.2), at the beginning of the words or behind a colon."""
_enhanced = re.compile(r"5\.\d{1,3}\.\d{1,3}").fullmatch


class GivenUp(NamedTuple):
    """Why."""

    code: int | None
    enhanced: str
    detail: str


def read(words: str, *, enhanced: str = "") -> GivenUp:
    """Read the words. `enhanced`: the code that the server itself gives beside them."""
    words = words[:_MOST].strip()
    reply = _reply(words)
    own = enhanced if _enhanced(enhanced) else ""
    quoted_code = (reply[2] or "") if reply else ""
    return GivenUp(int(reply[1]) if reply else None, own or quoted_code, quoted(words))
