"""Lists of `tag=value` with semicolons between, as DKIM keys and DMARC policies are written: RFC 6376 section 3.2.

In: a record's text. Out: its tags, and what is wrong with it. Raises nothing.
"""

import re
from dataclasses import dataclass

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class TagList:
    """A record taken apart."""

    tags: dict[str, str]
    """Values by name, in the order of the record; names as written (they tell upper case from lower)."""
    faults: tuple[str, ...]
    """What could not be read, each in a few words."""


def parse_tags(text: str) -> TagList:
    """Take a record apart. Of a tag that stands twice the first value counts, and it is a fault."""
    tags: dict[str, str] = {}
    faults = []
    pieces = [piece.strip() for piece in text.split(";")]
    if pieces[-1] == "":  # one semicolon at the end is allowed
        pieces.pop()
    for piece in pieces:
        name, equals, value = (part.strip() for part in piece.partition("="))
        if not piece:
            faults.append("two semicolons with nothing between them")
        elif not equals or _NAME.fullmatch(name) is None:
            faults.append(f'"{piece[:60]}" is no tag=value')
        elif name in tags:
            faults.append(f"{name}= stands in it twice")
        else:
            tags[name] = value
    return TagList(tags=tags, faults=tuple(faults))
