"""Colour for the words that a line begins with: on a terminal, and nowhere else. The words alone carry the meaning.

Takes lines as they are said; gives them with ANSI colour (ECMA-48, SGR) where the stream shows it: not in a file or a
pipe, not with NO_COLOR (no-color.org), not on a terminal that says it is dumb. Raises nothing.
"""

import os
import re
from typing import TextIO

_GREEN, _YELLOW, _RED = "32", "33", "1;31"
_TONES = {
    "ok": _GREEN,
    "note": _YELLOW,
    "note:": _YELLOW,
    "?": _YELLOW,
    "WRONG": _RED,
    "error:": _RED,
    "sent": _GREEN,
    "pending": _YELLOW,
    "in_doubt": _YELLOW,
    "bounced": _RED,
    "rejected": _RED,
    "failed": _RED,
    "invalid": _RED,
}
_STYLES = {_GREEN: "green", _YELLOW: "yellow", _RED: "bold red"}
_MARK = re.compile(r"^(ok|note|WRONG|\?)(?= +\S)|^(?:error|note):(?= )", re.MULTILINE)
_COUNT = re.compile(r"^  (sent|bounced|pending|in_doubt|rejected|failed|invalid)(?= +[\d,]+  )", re.MULTILINE)


def coloured(text: str, stream: TextIO) -> str:
    """Colour the words that begin its lines, if the stream shows colour."""
    if not shows_colour(stream):
        return text
    text = _MARK.sub(lambda found: _paint(found[0]), text)
    return _COUNT.sub(lambda found: f"  {_paint(found[1])}", text)


def shows_colour(stream: TextIO) -> bool:
    """Whether colour on this stream would be seen, and is wanted."""
    if os.environ.get("NO_COLOR") or os.environ.get("TERM", "") in ("", "dumb"):
        return False
    try:
        return stream.isatty()
    except ValueError:  # it has been closed
        return False


def style_of(word: str) -> str:
    """Give the same tone for a status as rich calls it; none for other words."""
    return _STYLES.get(_TONES.get(word, ""), "")


def _paint(word: str) -> str:
    return f"\x1b[{_TONES[word]}m{word}\x1b[0m"
