"""How deep the elements of an HTML document stand in each other, before it is handed to a parser that is not ours.

Those in C and Rust call themselves for each level: at some ten thousand of them the process ends (SIGSEGV), and with it
a run that would come to the same row again. Text in, yes or no out. Raises nothing. Limits: an estimate by the tags;
what is closed by the next one of its kind (`<p>`, `<li>`, `<td>`) is not counted, nor is its own depth.
"""

import re

MOST = 512
"""Levels. Browsers flatten what is deeper (WebKit, and Chromium after it, have this very number)."""

_TAG = re.compile(r"<(/?)([a-z][^\s/>]*)[^>]*?(/?)>", re.IGNORECASE)
_VOID = "area base br col embed hr img input link meta param source track wbr"
"""HTML Living Standard 13.1.2: these have no end."""
_CLOSED_BY_THE_NEXT = "p li dt dd option optgroup tr td th thead tbody tfoot colgroup caption rt rp"
"""The same, 13.1.2.4: their end may be left out."""
_NOT_COUNTED = frozenset(f"{_VOID} {_CLOSED_BY_THE_NEXT}".split())


def is_too_deep(html: str) -> bool:
    """Tell whether elements stand more than `MOST` deep in each other."""
    if html.count("<") <= MOST:
        return False
    depth = 0
    for end, name, at_once in _TAG.findall(html):
        if name.lower() in _NOT_COUNTED or (at_once and ":" in name):  # <v:fill/>: Outlook's own, in comments
            continue
        depth = max(0, depth - 1) if end else depth + 1
        if depth > MOST:
            return True
    return False
