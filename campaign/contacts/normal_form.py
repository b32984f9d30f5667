"""The one normal form of an address as it is written: for contacts and suppression lists alike.

Text in; the same text without what can mean nothing in an address, and what was mended, out. Raises nothing.

Taken out wherever they stand: characters that show nothing (Unicode's Default_Ignorable_Code_Point: zero width, byte
order and bidirectional marks, soft hyphens, variation selectors). The two joiners stay between letters beyond ASCII,
where Persian and the Indic scripts spell with them (RFC 5892, appendix A). Taken off the ends: white space of any kind,
control characters, "mailto:" (RFC 6068) and a ";", "," or "." that a list or a sentence has left behind.

Limits: a control character or white space within is left, since a letter may have been lost there.
"""

import re
from enum import StrEnum
from unicodedata import category
from urllib.parse import unquote


class Mend(StrEnum):
    """What was mended, in words that follow a number of addresses."""

    INVISIBLE = "with invisible characters or no-break spaces, taken out"
    MAILTO = 'with "mailto:", taken off'
    END = 'with a ";", "," or "." at the end, taken off'


_IGNORABLE = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffc\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
_invisible = re.compile(f"[{_IGNORABLE}]+")
_joiners = re.compile("[\u200c\u200d]+")
ODD_SPACE = "\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000"
"""The inside of a regular expression's brackets: white space that looks like a plain space, or like nothing."""
_odd_space_at_the_at = re.compile(f"[{ODD_SPACE}]+(?=@)|(?<=@)[{ODD_SPACE}]+")
_mailto = re.compile(r"mailto:", re.IGNORECASE)
_CONTROLS = "".join(map(chr, [*range(1, 0x20), 0x7F]))
PLAIN_SPACE = " \t\n\v\f\r"
_shows = re.compile(f"[^\\s\x01-\x1f\x7f{_IGNORABLE}\u200c\u200d]").search


def normal_form(text: str) -> tuple[str, frozenset[Mend]]:
    """Give the text in normal form (whose normal form is itself), and what was mended. Plain white space at the ends is
    taken off without a word.
    """
    mends: set[Mend] = set()
    before = None
    while text != before:
        before = text
        text = text.strip(PLAIN_SPACE)
        seen = _without_invisible(text)
        if seen != text:
            mends.add(Mend.INVISIBLE)
            text = seen
        if _mailto.match(text):
            mends.add(Mend.MAILTO)
            text = text[len("mailto:") :]
            query = text.find("?", max(text.find("@"), 0))
            text = unquote(text if query < 0 else text[:query])
        bare = text.rstrip(";,. \t")
        if bare != text.rstrip():
            mends.add(Mend.END)
            text = bare
    return text, frozenset(mends)


def trimmed(text: str) -> str:
    """Give text without white space, control characters and invisible ones at its ends."""
    first = _shows(text)
    if first is None:
        return ""
    end = len(text)
    while not _shows(text[end - 1]):
        end -= 1
    return text[first.start() : end]


def is_blank(text: str) -> bool:
    """Whether nothing of the text shows."""
    return _shows(text) is None


def _without_invisible(text: str) -> str:
    text = text.strip(_CONTROLS)
    if text.isascii():
        return text
    text = _joiners.sub(_spelling_joiners, _invisible.sub("", text))
    return _odd_space_at_the_at.sub("", text).strip()


def _spelling_joiners(found: re.Match[str]) -> str:
    """Keep joiners between two letters beyond ASCII."""
    text = found.string
    before, after = text[found.start() - 1 : found.start()], text[found.end() : found.end() + 1]
    return found.group() if _spells(before) and _spells(after) else ""


def _spells(character: str) -> bool:
    return bool(character) and not character.isascii() and category(character)[0] in "LM"
