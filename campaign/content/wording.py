"""Words for a name that isn't there: what was named and what there is in, a sentence and what to do out.

"there is no column 'frist_name'; did you mean 'first_name'?". The same whether it is found before the first row
(`lint`) or while rendering (`faults`). Raises nothing.
"""

import re
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from functools import lru_cache

CORRECT_TEMPLATE = "correct the template"
_DIGITS = re.compile(r"\d+")
LINK_NAMES = ("url", "expires_at", "issued_at")
CAMPAIGN_NAMES = ("name",)
KEY = "key"
"""What a contact has besides its columns: `contact.key`."""
VARIABLES = ("contact", "link", "campaign", "unsubscribe_url")


def no_column(name: str, columns: Sequence[str]) -> tuple[str, str]:
    """The contacts file has no such column."""
    return (
        f"there is no column {name!r}" + _meant(name, columns),
        f"{CORRECT_TEMPLATE} or the file; the columns are {listed(columns)}",
    )


def no_variable(name: str, columns: Sequence[str], known: Sequence[str] = VARIABLES) -> tuple[str, str]:
    """Templates have no such variable."""
    if name == "unsubscribe_url" and name not in known:
        return "unsubscribe_url is not set", "set message.unsubscribe_url, or test `unsubscribe_url is defined`"
    if name in known:
        how = "import its macro `with context`, or hand over what it needs"
        return f"there is no variable {name!r} in this place", f"{CORRECT_TEMPLATE}: {how}"
    if name in columns:
        return f"there is no variable {name!r}; did you mean {written(name)}?", CORRECT_TEMPLATE
    return (
        f"there is no variable {name!r}" + _meant(name, known),
        f"{CORRECT_TEMPLATE}; the variables are {listed(known)}",
    )


def no_attribute(owner: str, name: str) -> tuple[str, str]:
    """A link or a campaign (`owner` says which) has nothing of that name."""
    known = LINK_NAMES if owner == "link" else CAMPAIGN_NAMES
    return f"a {owner} has no {name!r}" + _meant(name, known), f"{CORRECT_TEMPLATE}; a {owner} has {listed(known)}"


def no_tool(kind: str, name: str, known: Sequence[str]) -> tuple[str, str]:
    """Jinja2 has no such filter or test (`kind` says which)."""
    return f"there is no {kind} {name!r}" + _meant(name, known), CORRECT_TEMPLATE


def not_printable(name: str) -> tuple[str, str]:
    """A contact, a link or the campaign, where one of its names should be."""
    hint = {"contact": "contact.COLUMN", "link": "link.url", "campaign": "campaign.name"}[name]
    return f"{name} can't be printed whole: write {hint}", CORRECT_TEMPLATE


def written(column: str) -> str:
    """Write a column as a template does."""
    return f"contact.{column}" if column.isidentifier() else f"contact[{column!r}]"


def way_out(column: str, *, in_url: bool) -> str:
    """Say what to do about an empty cell. `in_url`: where a friendly word makes no sense."""
    instead = "none" if in_url else "friend"
    return f"fill it in, or write {{{{ {written(column)} | default({instead!r}) }}}} (default('') leaves the gap)"


def is_empty(column: str) -> str:
    """Say that a cell is."""
    return f"{column if column.isidentifier() else repr(column)} is empty"


def listed(names: Iterable[str]) -> str:
    """Write names one after the other, the first twenty."""
    shown = [repr(name) for name in names]
    return ", ".join(shown[:20]) + (f" and {len(shown) - 20} more" if len(shown) > 20 else "")


def misspelt_columns(asked: Iterable[str], columns: Sequence[str]) -> list[tuple[str, str]]:
    """Find the names that templates ask for under `default` or `if`, where a column that there is was probably meant:
    each with that column. Names that differ in a number alone (`line_1`, `line_2`) are two.
    """
    plain = {_plain(one): one for one in reversed([*columns, "email", KEY])}
    found = []
    for name in sorted({*asked} - {*plain.values(), *columns}):
        near = next(iter(get_close_matches(_plain(name), plain, n=1, cutoff=0.8)), None)
        if near is not None and (near == _plain(name) or _DIGITS.sub("", near) != _DIGITS.sub("", _plain(name))):
            found.append((name, plain[near]))
    return found


def _meant(name: str, known: Sequence[str]) -> str:
    close = _closest(name, tuple(known))
    return f"; did you mean {close!r}?" if close else ""


@lru_cache(maxsize=256)
def _closest(name: str, known: tuple[str, ...]) -> str | None:
    """Find what `name` was meant to be."""
    plain = {_plain(one): one for one in reversed(known)}
    close = get_close_matches(_plain(name), plain, n=1)
    return plain[close[0]] if close else None


def _plain(name: str) -> str:
    return re.sub(r"[\W_]+", "", name.lower()) or name
