"""Rows that somebody names: "1,5,7", "1-3,9".

In: what was written, and the contacts file. Out: its rows, in its order, read no further than the last one that is
named. Raises UsageError for what names no rows, and for a row that the file has not.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

from campaign.contacts import ContactsFile
from campaign.errors import UsageError
from campaign.model import Row

_PART = re.compile(r"\s*(\d{1,9})\s*(?:-\s*(\d{1,9})\s*)?")
_FIX = "write the numbers of rows, 1 for the first one after the header: --rows 1,5,7 or --rows 1-3,9"


@dataclass(frozen=True, slots=True, kw_only=True)
class RowChoice:
    """Which rows. Each is a span from its first to its last."""

    spans: tuple[tuple[int, int], ...]

    @classmethod
    def parse(cls, text: str, *, where: str) -> "RowChoice":
        """Read what was written. Raises UsageError."""
        spans = []
        for part in text.split(","):
            found = _PART.fullmatch(part)
            if found is None:
                raise UsageError(f"{part.strip()[:40]!r} is not a row, nor several", where=where, fix=_FIX)
            first, last = int(found[1]), int(found[2] or found[1])
            if not 1 <= first <= last:
                what = "rows are counted from 1" if not first else f"{first}-{last} counts down"
                raise UsageError(what, where=where, fix=_FIX)
            spans.append((first, last))
        return cls(spans=tuple(spans))

    def __contains__(self, number: int) -> bool:
        return any(first <= number <= last for first, last in self.spans)

    @property
    def count(self) -> int:
        """How many rows are named."""
        total, seen = 0, 0
        for first, last in sorted(self.spans):
            total += max(0, last - max(first, seen + 1) + 1)
            seen = max(seen, last)
        return total

    def of(self, contacts: ContactsFile, *, where: str) -> list[Row]:
        """Give the rows. Raises UsageError where the file ends before the last of them, ContactsError."""
        last = max(end for _, end in self.spans)
        found, seen = [], 0
        for row in rows_of(contacts, first_chunk=last):
            seen = row.number
            if seen in self:
                found.append(row)
            if seen == last:
                return found
        rows = "1 row" if seen == 1 else f"{seen:,} rows"
        raise UsageError(f"there is no row {last}: {contacts.path.name} has {rows}", where=where, fix=_FIX)


def rows_of(contacts: ContactsFile, *, first_chunk: int) -> Iterator[Row]:
    """Give the file's rows, so many of them at a time. Raises ContactsError."""
    return chain.from_iterable(contacts.rows(chunk=max(1, min(first_chunk, 5_000))))
