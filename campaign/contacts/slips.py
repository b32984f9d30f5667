"""What a likely slip in an address looks like, in words; and the address that was probably meant.

An address in normal form in; why it is none, or what was meant by it, out. Raises nothing.
Limits: a slip that makes another valid address (gmial.com) can't be told.
"""

import re
from unicodedata import normalize

_APOSTROPHES = "\u2018\u2019\u201a\u201b\u2032\u02bc\u02b9\u00b4\u02c8\uff07"
_QUOTES = "\u201c\u201d\u201e\u201f\u00ab\u00bb\u2039\u203a\u300c\u300d\uff02"
_DASHES = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d"
_PLAIN = str.maketrans(
    dict.fromkeys(_APOSTROPHES, "'") | dict.fromkeys(_DASHES, "-") | dict.fromkeys(_QUOTES, '"') | {"\ufe6b": "@"}
)
_wide = re.compile("[\uff01-\uff5e\ufe6b]")
_ideographic_dot = re.compile("[\u3002\uff61]")
ODD = re.compile(f"[{_APOSTROPHES}{_QUOTES}{_DASHES}\uff01-\uff5e\ufe6b\u3002\uff61]")


def meant(address: str) -> str:
    """Give the address with plain apostrophes, hyphens, letters, dots and @-sign in place of those that look alike, and
    without quotation marks around it. What has none of them comes back as it is.
    """
    plain = _wide.sub(lambda found: normalize("NFKC", found.group()), address.translate(_PLAIN))
    plain = _ideographic_dot.sub(".", plain)
    return plain.strip("\"' ")


def named(address: str) -> str:
    """Name the slip in an address that would otherwise pass, or fail for a reason that is hard to read; "" if none."""
    domain = address.rpartition("@")[2]
    if address[:1] == "'":
        if address[-1:] == "'":
            return "the address stands between apostrophes: take them out"
        return "the address begins with an apostrophe, as spreadsheets write it before text: take it out"
    if not address.isascii():
        if found := _first(_QUOTES, address):
            return f"the address has a typographic quotation mark ({found}): take it out"
        if found := _first(_APOSTROPHES, address):
            return f"the address has a typographic apostrophe ({found}): type a plain one (')"
        if found := _first(_DASHES, address):
            return f"the address has a typographic dash ({found}): type a plain hyphen (-)"
        if match := _wide.search(address):
            return _in_full_width(match.group())
        if "@" in address and (match := _ideographic_dot.search(domain)) and _ideographic_dot.sub("", domain).isascii():
            return f"the domain has a wide dot ({match.group()}): type a plain one (.)"
    if "," in domain and "@" in address and address.count("@") == 1:
        return "the domain has a comma in it: is it to be a dot?"
    return ""


def _in_full_width(character: str) -> str:
    plain = normalize("NFKC", character)
    if plain == "@":
        return "the @-sign is a wide one, which mail does not know: type a plain @"
    kind = "dot" if plain == "." else "letter" if plain.isalpha() else "digit" if plain.isdigit() else "character"
    return f"the address has a full-width {kind} ({character}): type a plain one ({plain})"


def _first(characters: str, text: str) -> str:
    return next((character for character in text if character in characters), "")
