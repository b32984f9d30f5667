"""The plain text of a message, and its subject: what people and filters read where no HTML is shown.

Strings in, faults out. Raises nothing.
"""

import re
from collections.abc import Iterator

from campaign.deliverability.mail.placeholders import has_placeholder
from campaign.deliverability.mail.rules import (
    PLACEHOLDER,
    SUBJECT_CAPITALS,
    SUBJECT_EXCLAMATION,
    SUBJECT_LONG,
    SUBJECT_REPLY,
    TEXT_EMPTY,
    TEXT_MARKUP,
    Fault,
    Rule,
)

_LEAST = 20
"""Letters without which a text says nothing."""
_LONGEST_SUBJECT = 70
_SHOUTED = 10
"""Letters up to which capitals may be a name: "FAQ", "VAT 2026"."""
_BEGINNING = 10_000
"""Characters in which these letters are to be found."""
_URL = re.compile(r"\bhttps?://\S+|[^\s@]{1,64}@\S+", re.IGNORECASE)
_REPLY = re.compile(r"(re|fwd?|aw)\s?:", re.IGNORECASE)
_TAG = re.compile(
    r"</?(?:a|b|body|br|center|div|em|font|h[1-6]|head|hr|html|i|img|li|ol|p|span|strong|style|sup|table|tbody|td|th|tr"
    r"|u|ul)(?:\s[^<>@]{0,500})?/?>|<!--|<!doctype|&(?:nbsp|amp|lt|gt|quot|apos|copy|mdash|ndash|#\d{2,6}|#x[\da-f]{2,5});",
    re.IGNORECASE,
)


def text_faults(text: str, *, is_own: bool) -> Iterator[Fault]:
    """Go through the plain text. `is_own`: it was written as text, and not made from the HTML."""
    if sum(_weight(letter) for letter in _URL.sub("", text[:_BEGINNING])) < _LEAST:
        yield Fault(rule=TEXT_EMPTY, place="the text")
    if not is_own:
        return
    found = _TAG.search(text)
    if found is not None:
        yield Fault(rule=TEXT_MARKUP, place=f"line {text.count(chr(10), 0, found.start()) + 1}")
    if has_placeholder(text):
        line = next((number for number, line in enumerate(text.splitlines(), 1) if has_placeholder(line)), 1)
        yield Fault(rule=PLACEHOLDER, place=f"line {line}")


def _weight(letter: str) -> int:
    """Count a letter; one of Chinese, Japanese or Korean says as much as three of others."""
    return 0 if not letter.isalpha() else 3 if letter >= "\u2e80" else 1


def subject_rules(subject: str) -> Iterator[Rule]:
    """Give the rules that a subject breaks. Cheap: it is asked for every row."""
    if len(subject) > _LONGEST_SUBJECT:
        yield SUBJECT_LONG
    if subject.isupper() and sum(map(str.isupper, subject)) > _SHOUTED:
        yield SUBJECT_CAPITALS
    if "!" in subject and ("!!" in subject or subject.count("!") > 2):
        yield SUBJECT_EXCLAMATION
    if ":" in subject[:5] and _REPLY.match(subject):
        yield SUBJECT_REPLY
    if has_placeholder(subject):
        yield PLACEHOLDER
