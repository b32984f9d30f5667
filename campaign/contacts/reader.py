"""The rows of a contacts file: its lines through pandas, each record a `Row` with its faults.

Takes a file that has been opened and checked (encoding, layout, quotes); gives lists of rows, in constant memory.
Everything stays the string it is. pandas' python engine tells a short row from one with empty cells, and hands over a
row that is too long, so that none is dropped or filled in silently. A record in which nothing shows is a blank line,
and empty cells beyond the header are nothing.
Raises `ContactsError` if the file changes under its hands.

    whole lines ─▶ pandas ─▶ cells ─▶ Row
        └── marks: what was wrong with a line before it was a row

Limits: one chunk is in memory at a time; a single cell must fit.
"""

import csv
import io
import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # pandas' linear algebra would start threads, only to spin
import pandas as pd

from campaign.contacts.addresses import plain_address, read_address
from campaign.contacts.dialect import Layout, cells_of_any_size
from campaign.contacts.encoding import UNREADABLE, Encoding, open_text, without_unreadable
from campaign.contacts.normal_form import Mend, is_blank
from campaign.contacts.quoting import QuotedLines
from campaign.errors import ContactsError
from campaign.model import Row


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _LastOfMany:
    """The last cell that fits, of a row with more cells than the header.

    No string, and equal to nothing else: pandas puts one object in the place of all that are equal in a column.
    """

    text: str
    found: int
    """Cells in the row."""
    breaks: int
    """Line ends in this cell and in those that were cut off."""


class _Lines(io.TextIOBase):
    """Lines for pandas, which wants a file but only ever iterates over it."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines = lines

    def __iter__(self) -> Iterator[str]:  # type: ignore[override]  # An iterator is enough, and C all the way down.
        return self._lines


def read_rows(
    path: Path,
    encoding: Encoding,
    layout: Layout,
    *,
    chunk: int,
    spans_lines: bool,
    misquoted: bool,
    mended: Counter[Mend],
) -> Iterator[list[Row]]:
    """Give the file's rows in lists of at most `chunk`; count in `mended` what was mended in how many addresses."""
    first = layout.header_lines + 1
    marks: dict[int, str] = {}
    with open_text(path, encoding) as text:
        lines: Iterator[str] = islice(text, layout.header_lines, None)
        if misquoted:
            quoted = QuotedLines(
                delimiter=layout.delimiter, width=len(layout.columns), email_index=layout.email_index, where=str(path)
            )
            marks = quoted.faults
            lines = quoted.pass_through(lines, first=first)
        if encoding.has_nul or encoding.has_unreadable:
            lines = _readable(lines, encoding.label, marks, first=first)
        number, line = 1, first
        email_index = layout.email_index
        for table in _tables(lines, layout, chunk, path):
            rows = []
            for cells in table:
                breaks = _count_breaks(cells) if spans_lines else 0
                if type(cells[-1]) is str and not marks and (email := plain_address(cells[email_index])) is not None:
                    rows.append(Row(number, line, tuple(cells), email, None))
                    number += 1
                elif cells[0] is not None:
                    row = _unusual_row(cells, number, line, layout, _mark(marks, line, breaks), mended)
                    if row is not None:
                        rows.append(row)
                        number += 1
                line += 1 + breaks
            if rows:
                yield rows


def _tables(lines: Iterator[str], layout: Layout, chunk: int, path: Path) -> Iterator[list[Any]]:
    """Give chunks of records, each as wide as the header: missing cells are None, a blank line is all None."""
    width = len(layout.columns)

    def shorten(record: list[str]) -> list[Any]:
        rest = record[width - 1 :]
        if all(not cell or (cell.isspace() and not _count_breaks([cell])) for cell in rest[1:]):
            return record[:width]
        return [*record[: width - 1], _LastOfMany(text=rest[0], found=len(record), breaks=_count_breaks(rest))]

    # pandas learns the width from the first record, so it gets one of the right width, which is dropped again.
    yardstick = layout.delimiter.join(["."] * width) + "\n"
    try:
        with cells_of_any_size():
            frames = pd.read_csv(
                _Lines(chain([yardstick], lines)),
                engine="python",
                sep=layout.delimiter,
                header=None,
                names=range(width),
                dtype=object,
                keep_default_na=False,
                na_filter=False,
                skip_blank_lines=False,
                on_bad_lines=shorten,
                iterator=True,
            )
            frames.get_chunk(1)
        while True:
            with cells_of_any_size():
                try:
                    frame = frames.get_chunk(chunk)
                except StopIteration:
                    return
            yield frame.to_numpy().tolist()
    except (csv.Error, pd.errors.ParserError) as error:
        raise ContactsError(
            f"the file could not be read to its end: {error}",
            where=str(path),
            fix="run again; if it was written to meanwhile, wait until it is complete",
        ) from None


def _readable(lines: Iterator[str], label: str, marks: dict[int, str], *, first: int) -> Iterator[str]:
    """Give the lines with U+FFFD for what can't be read, and mark those that had any."""
    for number, line in enumerate(lines, first):
        if "\0" in line:
            marks.setdefault(number, f"line {number} has a NUL character")
            line = without_unreadable(line)
        elif UNREADABLE in line:
            marks.setdefault(number, f"line {number} has bytes that are not {label}")
            line = without_unreadable(line)
        yield line


def _unusual_row(
    cells: list[Any], number: int, line: int, layout: Layout, mark: str, mended: Counter[Mend]
) -> Row | None:
    """None where nothing shows: a blank line, with or without delimiters."""
    fault: str | None = mark or None
    last = cells[-1]
    if type(last) is not str:
        found = _even_out(cells, last)
        if found > len(cells) or found < layout.named_width:
            fault = fault or _ragged(line, found, len(cells))
    if not mark and not isinstance(last, _LastOfMany) and all(map(is_blank, cells)):
        return None
    email: str | None = None
    try:
        email, mends = read_address(cells[layout.email_index])
        mended.update(mends)
    except ValueError as error:
        fault = fault or str(error)
    return Row(number=number, line=line, cells=tuple(cells), email=email, fault=fault)


def _even_out(cells: list[Any], last: _LastOfMany | None) -> int:
    """Make plain strings of a ragged row's cells; give how many it had."""
    if isinstance(last, _LastOfMany):
        cells[-1] = last.text
        return last.found
    found = cells.index(None)
    cells[found:] = [""] * (len(cells) - found)
    return found


def _ragged(line: int, found: int, expected: int) -> str:
    cells = "1 cell" if found == 1 else f"{found} cells"
    return f"line {line} has {cells}, where the header has {expected}"


def _mark(marks: dict[int, str], line: int, breaks: int) -> str:
    """Take out what is marked of the lines of a record; the first mark tells enough."""
    found = [marks.pop(number) for number in range(line, line + breaks + 1) if number in marks]
    return found[0] if found else ""


def _count_breaks(cells: list[Any]) -> int:
    """Count the line ends within a record, which all stand in quoted cells: CRLF is one."""
    breaks = 0
    for cell in cells:
        if isinstance(cell, _LastOfMany):
            breaks += cell.breaks
        elif cell is not None and ("\n" in cell or "\r" in cell):
            breaks += cell.count("\n") + cell.count("\r") - cell.count("\r\n")
    return breaks
