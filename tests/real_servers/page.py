"""campaign/guide/relays.md: its tables, which the tests write.

A table stands between `<!-- NAME -->` and `<!-- end -->`. A row is known by its server, without the version, and by its
other cells up to the table's key; rows that a run did not try stay as they are.
"""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

PAGE = Path(__file__).parents[2] / "campaign" / "guide" / "relays.md"
KEYS = {"results": 3, "pipelining": 1, "in_flight": 1, "dsn": 1}
"""How many cells tell the rows of a table from each other."""


def rows_of(table: str) -> list[tuple[str, ...]]:
    """Give the rows of a table on the page."""
    _, lines, _ = _parts(PAGE.read_text("utf-8"), table)
    return [tuple(cell.strip() for cell in line.strip("|").split("|")) for line in lines[2:]]


def write_findings(findings: Mapping[str, Sequence[tuple[str, ...]]]) -> None:
    """Put what was found in the place of what the page says."""
    for table, found in findings.items():
        text = PAGE.read_text("utf-8")
        before, lines, after = _parts(text, table)
        rows = {_key(row, table): row for row in [*rows_of(table), *found]}
        body = [f"| {' | '.join(row)} |" for _, row in sorted(rows.items(), key=lambda item: item[0])]
        PAGE.write_text(before + "\n".join([*lines[:2], *body]) + after, "utf-8")


def _parts(text: str, table: str) -> tuple[str, list[str], str]:
    """What stands before the table, its lines, and what stands behind it."""
    found = re.search(rf"(?s)(.*<!-- {table} -->\n)(.*?)(\n<!-- end -->.*)", text)
    assert found is not None, f"there is no table {table} in {PAGE}"
    return found[1], found[2].splitlines(), found[3]


def _key(row: tuple[str, ...], table: str) -> tuple[str, ...]:
    return (row[0].rpartition(" ")[0], *row[1 : KEYS[table]])
