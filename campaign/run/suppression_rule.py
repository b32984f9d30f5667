"""Who of those that came back, complained or asked to be left alone belongs on a suppression list, and why.

Whoever complained or unsubscribed does. A bounce does where it says that the address is no good, and not where it says
that time ran out, a mailbox was full, or our mail was not liked: that is no reason to mail somebody never again. By the
enhanced status code (RFC 3463 section 3); where that says little, or there is none, by the reply code (RFC 5321 section
4.2.3) and the words. Takes what the ledger has on record; gives `Addition`s. Raises nothing.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime

from campaign.contacts.list_addition import Addition
from campaign.ledger.values import CameBack
from campaign.worker.policy.phrases import CLIENT, LISTED, NOT_FOR_US

_is_no_good = re.compile(r"5\.(?:1\.(?:[1-6]|10)|2\.[01]|4\.4)").fullmatch
"""No such mailbox, domain or host of it: X.1.1 to X.1.6, X.1.10 (a null MX, RFC 7505), X.4.4 (unable to route). A
mailbox that is disabled: X.2.0, X.2.1. Not so X.1.7 to X.1.9, which are about the sender, X.2.2 (full), X.2.3 and X.3.4
(too big), the rest of X.4 (networks, and time that ran out), X.5, X.6 (our message), and X.7 (policy).
"""
_says_little = re.compile(r"5\.(?:0\.\d+|1\.0)").fullmatch
"""Undefined: here the words have to decide."""
_CODES = frozenset({550, 551, 553, 556})
"""No such mailbox, not here, a name that is not allowed, no mail at that domain (RFC 7504). Not so 552 (full, or too
big) and 554 (whatever there is).
"""
_is_about_us = re.compile(
    rf"{NOT_FOR_US}|{LISTED}|{CLIENT}|polic|denied|dmarc|spf\b|dkim|full|quota", re.IGNORECASE
).search
"""550 is said for policy as well."""


def additions(records: Iterable[CameBack]) -> Iterator[Addition]:
    """Give whom to suppress."""
    for one in records:
        if one.feedback:
            word, _, day = one.feedback.partition(" ")
            yield Addition(one.email, word, _day(day) or _utc_day(one.moment))
        elif one.bounced and is_no_good(one.code, one.enhanced, one.detail):
            yield Addition(one.email, f"bounced {one.enhanced or one.code}", _utc_day(one.moment))


def is_no_good(code: int | None, enhanced: str | None, words: str) -> bool:
    """Whether a permanent failure with these codes and words is the address's own."""
    if enhanced and not _says_little(enhanced):
        return _is_no_good(enhanced) is not None
    return (bool(enhanced) or code in _CODES) and not _is_about_us(words)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _utc_day(moment: int) -> date:
    return datetime.fromtimestamp(moment, UTC).date()
