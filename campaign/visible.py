r"""Other people's words as a person can see them: what has no shape of its own, or changes how the rest is read, is
spelt out, as in \u202e or \x1b.

Takes any text: a server's reply, a contact's cell, the name of a file. Gives printable text. Raises nothing. Spelt out
are control characters (C0, C1, ESC among them), those of text direction (Unicode Standard Annex 9), zero-width ones,
separators of lines, lone surrogates, and what Unicode has not assigned: all that `str.isprintable` does not count as
printable, spaces of other widths apart. Limits: letters that look like others, or are blank by design, are letters.
"""

import re
from functools import lru_cache

_SPACES = "\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"
"""General category Zs, but for the space itself."""
_CHARACTER = re.compile(r"[^ -~]")


def visible(text: str, *, spaces: bool = False) -> str:
    """Give one line, in which line ends and tabs are spelt out, too; with `spaces`, every space but the common one."""
    if text.isprintable():
        return text
    return _CHARACTER.sub(lambda found: _spelt(found[0], spaces), text)


def visible_lines(text: str) -> str:
    """The same for text of several lines: they stay lines, and tabs stay tabs."""
    if text.isprintable():
        return text
    return _CHARACTER.sub(lambda found: found[0] if found[0] in "\n\t" else _spelt(found[0], False), text)


@lru_cache(maxsize=1024)
def _spelt(character: str, spaces: bool) -> str:
    if character.isprintable() or (character in _SPACES and not spaces):
        return character
    return character.encode("unicode_escape").decode("ascii")
