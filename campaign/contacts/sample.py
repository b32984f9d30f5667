"""A few cells by which a person sees whether a file was read in the right encoding.

Takes the lines after the header; gives up to three cells with letters beyond ASCII, each with its place. Raises
nothing.
Limits: quotation marks are read leniently, so in a file with misplaced ones the row may be off.
"""

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice

from campaign.contacts.dialect import Layout, cells_of_any_size
from campaign.contacts.encoding import without_unreadable
from campaign.contacts.normal_form import is_blank
from campaign.visible import visible

_CELLS = 3
_LONGEST = 40
_LOOK_ON = 100_000
"""Rows after the first find in which to look for more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One cell."""

    row: int
    """As `Row.number`; 0 is the header."""
    line: int
    column: str
    text: str
    """Fit for a terminal, and cut to a length that is."""

    def __str__(self) -> str:
        place = "header" if not self.row else f"row {self.row} (line {self.line}), {self.column}"
        return f"{place}: {self.text}"


def sample_cells(lines: Iterable[str], layout: Layout) -> tuple[Sample, ...]:
    """Give cells that bring letters which the ones before did not have; not addresses, if there are others."""
    found: list[Sample] = []
    spare: list[Sample] = []
    seen: set[str] = set()
    for index, name in enumerate(layout.columns):
        if _letters(name):
            spare.append(_sample(0, 1, layout, index, name))
    number, line = 0, layout.header_lines + 1
    left = None
    reader = csv.reader((without_unreadable(text) for text in lines), delimiter=layout.delimiter)
    with cells_of_any_size():
        for record in reader:
            here, line = line, layout.header_lines + 1 + reader.line_num
            if all(map(is_blank, record)):
                continue
            number += 1
            for index, cell in enumerate(record[: len(layout.columns)]):
                if cell.isascii():
                    continue
                letters = _letters(cell)
                sample = _sample(number, here, layout, index, cell)
                if letters - seen and index != layout.email_index:
                    seen |= letters
                    found.append(sample)
                    break
                if len(spare) < _CELLS:
                    spare.append(sample)
            if left is None and found:
                left = number + _LOOK_ON
            if len(found) == _CELLS or (left is not None and number >= left):
                break
    return tuple(found or islice(spare, _CELLS))


def _letters(text: str) -> set[str]:
    return {character for character in text if not character.isascii() and character.isalpha()}


def _sample(number: int, line: int, layout: Layout, index: int, cell: str) -> Sample:
    plain = visible(cell.strip())
    text = plain if len(plain) <= _LONGEST else f"{plain[:_LONGEST]}…"
    return Sample(row=number, line=line, column=layout.columns[index], text=text)
