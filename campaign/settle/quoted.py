"""What another server, or a provider, said: as it may be kept. On one line, not too long, without links, tokens and
addresses, since a server may quote the message that it refuses.

In: any text. Out: what goes into the ledger and the results as the reason of a row. Raises nothing.
"""

import re

from campaign.visible import visible, without_addresses

_LONGEST = 400
_REST = r"(?:\s{1,8}[\w+/=%.:&?-]{16,})*"
"""A link that lines were folded in goes on after a space."""
_LINK = re.compile(rf"\S{{0,40}}?(?:https?:|ftp:|://)\S*{_REST}|\bwww\.\S*{_REST}", re.IGNORECASE)
_TOKEN = re.compile(rf"\b[\w+/=%-]{{0,200}}(?:eyJ|aHR0c)\S*{_REST}|[\w+/=%.-]{{60,}}{_REST}|\S{{80,}}")
"""A JSON Web Token begins with {" in base64url (RFC 7515 section 3.1), a link in base64 with `http`; and no word has
sixty letters.
"""
_may_have_one = re.compile(r"https?:|ftp:|://|www\.|eyj|ahr0c|\S{60}", re.IGNORECASE).search
"""Few have: most say "250 Ok", and there are many."""
_CODES = re.compile(
    r"(?:smtp ?; ?)?(?P<code>[245]\d\d)?[ -]?(?P<enhanced>[245]\.\d{1,3}\.\d{1,3})?(?![\d.]) ?", re.IGNORECASE
)
"""With what a reply begins (RFC 5321 section 4.2, RFC 2034), and a DSN's quote of one (RFC 3464 section 2.3.6)."""


def quoted(text: str) -> str:
    """Give the text so."""
    text = text[: 4 * _LONGEST]
    if _may_have_one(text):
        text = _TOKEN.sub("[left out]", _LINK.sub("[link]", text))
    return visible(without_addresses(text))[:_LONGEST]


def without_codes(words: str, code: int | None, enhanced: str) -> str:
    """Give a server's words without the codes that stand in fields of their own, and are shown in front of them."""
    found = _CODES.match(words)
    if found is None or not any(found.groups()):
        return words
    theirs = found["code"] in (None, str(code)) and found["enhanced"] in (None, enhanced)
    return (words[found.end() :] or words) if theirs else words
