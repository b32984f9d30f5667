"""SQL and its parameters as the rooms of the ledger write them → as psycopg takes them. Raises nothing.

Marks for parameters are SQLite's (`?`, `:name`); `sending_word()` becomes the word itself; hints of SQLite's for its
indexes are left out. NUL, which no text of PostgreSQL's can hold, becomes U+FFFD.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from campaign.ledger.database import Parameters

_MARK = re.compile(r"'(?:[^']|'')*'|(\?)|(?<!:):([a-z_]+)|(%)|( NOT INDEXED| INDEXED BY \w+)|(sending_word\(\))")
"""Outside of literals: the marks of parameters, what psycopg takes for one, what only SQLite understands, our word."""


@lru_cache(maxsize=1024)
def translated(sql: str, sending_word: str) -> str:
    """Give a statement as psycopg takes it."""

    def mark(found: "re.Match[str]") -> str:
        if found[1]:
            return "%s"
        if found[2]:
            return f"%({found[2]})s"
        if found[3]:
            return "%%"
        if found[5]:
            return f"'{sending_word}'"
        return "" if found[4] else found[0].replace("%", "%%")

    return _MARK.sub(mark, sql)


def without_nuls(parameters: Parameters) -> Parameters:
    """Leave out what no text of PostgreSQL's can hold."""
    if isinstance(parameters, Mapping):
        return {name: without_nul(value) for name, value in parameters.items()}
    return [without_nul(value) for value in parameters]


def without_nul(value: Any) -> Any:
    """The same of one value."""
    return value.replace("\0", "\ufffd") if isinstance(value, str) and "\0" in value else value
