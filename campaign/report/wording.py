"""A server's words without what differs from one contact to the next: the same refusal reads alike a thousand times.

Takes a reason and the address it is about; gives the reason with "…" in place of addresses, URLs, host names, queue
ids and numbers. Enhanced status codes (RFC 3463) stay: they say what kind of refusal it is. Raises nothing.

Limits: it goes by how words look. What a server makes up in plain words (a name, say) is left; `reasons` sees to that.
"""

import re
from functools import lru_cache

OPEN = "…"
"""Stands for what differs."""

_LONGEST = 1_000
_DIFFERING = re.compile(
    r"""
    (?P<kept> (?<![\w.]) [245] \. \d{1,3} \. \d{1,3} (?![\w.]*\w) )             # an enhanced status code
    | \b (?:https?|ftp):// [^\s<>"']+ | \b www\. [^\s<>"']+
    | (?<! [^\s<>@"'():,;\[\]] ) [^\s<>@"'():,;\[\]]+ @ (?: \[ [^\s\]]* \] | [^\s<>@"'():,;\[\]]+ )
    | (?<![\w:]) (?: IPv6: )? (?: [0-9a-f]{0,4} : ){2,7} [0-9a-f]{0,4} (?![\w:])    # also a time of day
    | (?<!\w) [\w-]* \d (?: [\w.:/+-]* \w )?                                      # a number, a date, an id with a digit
    | (?<!\w) (?-i: (?= \w* [a-z] ) (?= \w* [A-Z] ) ) [bcdfghjklmnpqrstvwxyz]{8,} (?!\w)  # an id without a digit
    """,
    re.VERBOSE | re.IGNORECASE,
)
_HOST = re.compile(r"(?<![\w.@-])(?:[a-z0-9_](?:[\w-]*[a-z0-9])?\.)+[a-z](?:[a-z0-9-]*[a-z0-9])(?![\w@-])", re.I)
_SEVERAL = re.compile(rf"{OPEN}(?:[\s,;:/.-]*{OPEN})+")


@lru_cache(maxsize=1024)
def without_what_differs(words: str, *, of_server: bool) -> str:
    """Give the words with what differs left open. Host names only in a server's: in ours, a dot may be a setting's."""
    text = _DIFFERING.sub(lambda found: found["kept"] or OPEN, words[:_LONGEST])
    if of_server:
        text = _HOST.sub(OPEN, text)
    return " ".join(_SEVERAL.sub(OPEN, text).split())


def without_names(words: str, email: str) -> str:
    """Give the words without the address's own parts, however they stand in them."""
    local, _, domain = email.rpartition("@")
    for name in (email, domain, local, local.partition("+")[0]):
        if len(name) > 1 and name.lower() in words.lower():
            words = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", OPEN, words, flags=re.IGNORECASE)
    return words
