"""A section of campaign.toml that stands there once for each name: `[limits."gmail.com"]`.

In: its tables as the file has them; out: raw values by name, for pydantic to judge. Raises nothing: what is no name in
quotes, and what is no setting of such a section, is noted as a fault.
"""

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

from campaign.settings.faults import SourceNotes
from campaign.settings.names import NAMED_FIELDS, as_written


def put_by_name(values: dict[str, Any], section: str, tables: Mapping[str, object], notes: SourceNotes) -> None:
    """Take a section that stands there once for each name, into `values`."""
    known = [key.removeprefix(f"{section}.") for key in sorted(NAMED_FIELDS) if key.startswith(f"{section}.")]
    found = values.setdefault(section, {})
    for name, table in tables.items():
        written = as_written(name)
        if not isinstance(table, Mapping):
            domain, setting = ("gmail.com", written) if name in known else (written, "rate")
            fix = f'write [{section}."{domain}"], and {setting} = … below it'
            notes.refuse(f"{section}.{written} belongs to no domain", fix=fix)
            continue
        if any(isinstance(inner, Mapping) for inner in table.values()):  # its dots made tables in tables of it
            example = ".".join([name, *_only_keys(table)])
            fix = f'write it in quotes: [{section}."{example}"]' if example.isprintable() else "take it out"
            notes.refuse(f"[{section}.{written}. …] is no domain in quotes", fix=fix)
            continue
        strange = [key for key in table if key not in known]
        for key in strange:
            near = get_close_matches(key.lower(), known, n=1, cutoff=0.6)
            notes.refuse(
                f'no such setting {as_written(key)} of [{section}."{written}"]'
                + (f"; did you mean {near[0]}?" if near else ""),
                fix=f"write {near[0]}, or take it out" if near else f"take it out; there are {' and '.join(known)}",
            )
        rest = {key: value for key, value in table.items() if key in known}
        if rest or not strange:
            found[name] = rest


def _only_keys(table: object) -> list[str]:
    """The names of tables that have nothing in them but the next: "com" of [gmail.com]."""
    names = []
    while isinstance(table, Mapping) and len(table) == 1 and isinstance(next(iter(table.values())), Mapping):
        (key, table) = next(iter(table.items()))
        names.append(key)
    return names
