"""Text that a spreadsheet shows and never calculates, and the way back (OWASP, "CSV Injection").

Takes any text and gives text. Raises nothing. An apostrophe stands where a formula would begin; no other character is
touched, so what was guarded comes back as it was. Limits: whether a text was guarded, it does not say itself.
"""

import re

_BEGINS = r"[\s\"']*[=+\-@\uff1d\uff0b\uff0d\uff20]"
_FORMULA = re.compile(rf"(^|[;\t\r\n])(?={_BEGINS})")
"""Where a spreadsheet would begin to calculate: at the start of a cell, which in half of Europe a semicolon ends."""
_GUARDED = re.compile(rf"(^|[;\t\r\n])'(?={_BEGINS})")


def harmless(text: str) -> str:
    """Guard text against being taken for a formula."""
    if text[:1].isalnum() and text.isprintable() and ";" not in text:
        return text
    return _FORMULA.sub(r"\1'", text)


def unguarded(text: str) -> str:
    """Give the text that `harmless` made this of."""
    return _GUARDED.sub(r"\1", text) if "'" in text else text
