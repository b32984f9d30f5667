"""The names of the columns: the header's cells in, unique names out, and the e-mail column among them.

Raises `ContactsError` for a name that stands there twice, and for an e-mail column that is missing or misspelt; its
message lists the columns there are.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from difflib import get_close_matches

from campaign.contacts.normal_form import trimmed
from campaign.errors import ContactsError
from campaign.visible import visible

_LISTED = 30
_SHOWN = 60


def name_columns(header: Sequence[str], *, where: str) -> tuple[str, ...]:
    """Give every column a name of its own: the header's, trimmed; `column_N` where there is none (N counts from 1)."""
    names = [trimmed(cell) for cell in header]
    twice = [name for name, count in Counter(names).items() if name and count > 1]
    if twice:
        raise ContactsError(
            f"the header has the same column name more than once: {_listing(twice)}",
            where=where,
            fix="give every column a name of its own",
        )
    taken = set(names)
    for index, name in enumerate(names):
        if not name:
            name = f"column_{index + 1}"
            while name in taken:
                name += "_"
            taken.add(name)
            names[index] = name
    return tuple(names)


def find_column(
    columns: Sequence[str], wanted: str, *, where: str, holds_addresses: Callable[[], int | None] = lambda: None
) -> int:
    """Give the index of the column called `wanted`: exactly so, or else the only one that differs in case alone.

    `holds_addresses` is asked only where there is none: it gives the column whose cells are addresses, if one is.
    """
    wanted = trimmed(wanted)
    if wanted in columns:
        return columns.index(wanted)
    folded = [name.casefold() for name in columns]
    if folded.count(wanted.casefold()) == 1:
        return folded.index(wanted.casefold())
    if any("@" in name for name in columns):
        fix = "the first line must name the columns; here it seems to hold somebody's address: put a header above it"
    else:
        fix = _proposal(columns, folded, wanted, holds_addresses())
    raise ContactsError(
        f"there is no column {_shown(wanted)}; the columns are: {_listing(columns)}", where=where, fix=fix
    )


def _proposal(columns: Sequence[str], folded: Sequence[str], wanted: str, found: int | None) -> str:
    """What the cells say goes before what the names say."""
    if found is not None:
        name = _shown(columns[found])
        return f"is it {name}, whose cells are addresses? if so, set contacts.email_column = {name}"
    close = get_close_matches(wanted.casefold(), folded, n=1, cutoff=0.5)
    likely = [columns[folded.index(name)] for name in close] or [name for name in columns if "mail" in name.casefold()]
    guess = f"is it {_shown(likely[0])}? if so, " if likely else ""
    return f"{guess}set contacts.email_column to the column that holds the addresses"


def _listing(names: Sequence[str]) -> str:
    shown = ", ".join(_shown(name) for name in names[:_LISTED])
    return shown if len(names) <= _LISTED else f"{shown} and {len(names) - _LISTED} more"


def _shown(name: str) -> str:
    """Make a name fit for a terminal: short, and with nothing in it that moves the cursor."""
    plain = visible(name)
    return f'"{plain}"' if len(plain) <= _SHOWN else f'"{plain[:_SHOWN]}…"'
