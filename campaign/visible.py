r"""Other people's words as a person can see them: what has no shape of its own, or changes how the rest is read, is
spelt out, as in \u202e or \x1b.

Takes any text: a server's reply, a contact's cell, the name of a file. Gives printable text. Raises nothing. Spelt out
are control characters (C0, C1, ESC among them), those of text direction (Unicode Standard Annex 9), zero-width ones,
separators of lines, lone surrogates, and what Unicode has not assigned: all that `str.isprintable` does not count as
printable, spaces of other widths apart. Limits: letters that look like others, or are blank by design, are letters.

Where such words go to a log, addresses are taken out of them (`without_addresses`).
"""

import re
from collections.abc import Callable
from functools import lru_cache

_SPACES = "\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"
"""General category Zs, but for the space itself."""
_CHARACTER = re.compile(r"[^ -~]")
_ADDRESS = re.compile(r"(?:[^\s<>()\[\]\"',;:=]|(?<=\w)['=](?=\w))+@[^\s<>()\[\]\"',;:]+")
"""An apostrophe (o'brien@) or an equals sign (anna=x@) is of the address where letters stand on both sides of it."""
_MASK = "(address)"


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


def without_addresses(text: str, email: str = "", *, meant: Callable[[str], bool] = lambda _: True) -> str:
    """Give the text without addresses, or without those that are `meant`. `email`: somebody's whose mailbox alone
    (`User anna is unknown`) is one, too.
    """
    if "@" in text:
        text = _ADDRESS.sub(lambda found: _MASK if meant(found[0].rstrip(".")) else found[0], text)
    mailbox = email.rpartition("@")[0]
    if len(mailbox) > 1:
        text = re.sub(rf"(?<!\w){re.escape(mailbox)}(?!\w)", _MASK, text, flags=re.IGNORECASE)
    return text


@lru_cache(maxsize=1024)
def _spelt(character: str, spaces: bool) -> str:
    if character.isprintable() or (character in _SPACES and not spaces):
        return character
    return character.encode("unicode_escape").decode("ascii")
