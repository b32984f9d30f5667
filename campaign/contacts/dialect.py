"""The shape of a CSV file: its delimiter, the names in its header, and the column the addresses stand in.

Takes the first lines of a file as text; gives a `Layout`. The delimiter is the one by which the e-mail column's name
comes out of the header; where several do (a single column), the one that most of the first rows agree with.
`sep=;`, which Excel reads and writes as a first line, is obeyed.
Raises `ContactsError` where there is no header, no e-mail column in it, or a name in it twice.
"""

import csv
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from campaign.contacts.columns import find_column, name_columns
from campaign.contacts.encoding import without_unreadable
from campaign.contacts.normal_form import is_blank, normal_form, trimmed
from campaign.contacts.slips import meant
from campaign.errors import ContactsError

DELIMITERS = (",", ";", "\t", "|")
_is_sep_line = re.compile(r'"?sep=([^\w"\r\n ])"?[\r\n]*', re.IGNORECASE).fullmatch
_is_spaced = re.compile(r'[ \t\u00a0]+"').match
_seems_an_address = re.compile(r"(?:[^@<>]*<)?[^\s@<>]+@[^\s@<>;,]+>?(?:\s*[;,]\s*[^\s@;,]+@[^\s@;,]+)*").fullmatch
"""An address or some, with a name or without: a person sees what the column holds, whether or not it can be mailed."""
_LONGEST_SEEN = 1_000
_SAMPLE_LINES = 200
_SAMPLE_CHARACTERS = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """What the head of the file says about the rest."""

    delimiter: str
    columns: tuple[str, ...]
    email_index: int
    named_width: int
    """Columns up to the last one that has a name: what lies beyond is left off by spreadsheets here and there."""
    header_lines: int
    """Lines before the first that can be a row's."""


@contextmanager
def cells_of_any_size() -> Iterator[None]:
    """Lift the csv module's limit of 128 KiB a cell, which is one for the whole process, and put it back after."""
    before = csv.field_size_limit(2**31 - 1)
    try:
        yield
    finally:
        csv.field_size_limit(before)


def sample_lines(lines: Iterable[str]) -> list[str]:
    """Take enough of the first lines to tell the dialect by: blank ones apart, at least one and at most about 1 MB."""
    sample: list[str] = []
    told = size = 0
    for line in lines:
        sample.append(without_unreadable(line))
        told += bool(line.strip("\r\n"))
        size += len(line)
        if told >= _SAMPLE_LINES or size > _SAMPLE_CHARACTERS:
            break
    return sample


def read_layout(sample: list[str], *, email_column: str, where: str) -> Layout:
    """Find the layout from the first lines of the file."""
    delimiters: tuple[str, ...] = DELIMITERS
    before = _count_blank(sample)
    if before < len(sample) and (sep := _is_sep_line(sample[before])):
        delimiters = (sep.group(1),)
        before += 1 + _count_blank(sample[before + 1 :])
    sample = sample[before:]
    if not sample:
        fix = f'its first line must name the columns, "{email_column}" among them'
        raise ContactsError("the file is empty", where=where, fix=fix)
    where = f"{where}, line {before + 1}"
    with cells_of_any_size():
        delimiter = max(delimiters, key=lambda candidate: _merit(sample, candidate, email_column))
        header, lines = _read_header(sample, delimiter, where=where)
        columns = name_columns(header, where=where)

        def holds_addresses() -> int | None:
            return _most_addresses(list(csv.reader(sample[lines:], delimiter=delimiter)), len(columns))

        email_index = find_column(columns, email_column, where=where, holds_addresses=holds_addresses)
    return Layout(
        delimiter=delimiter,
        columns=columns,
        email_index=email_index,
        named_width=max(n for n, name in enumerate(columns, 1) if trimmed(header[n - 1]) or n == 1),
        header_lines=before + lines,
    )


def _count_blank(lines: list[str]) -> int:
    """Count the blank lines at the start."""
    return next((count for count, line in enumerate(lines) if line.strip("\r\n")), len(lines))


def _merit(sample: list[str], delimiter: str, email_column: str) -> tuple[int, float, int]:
    """Weigh how well a delimiter explains the sample: the e-mail column found, rows as wide as the header, columns."""
    records = [record for record in csv.reader(sample, delimiter=delimiter) if record]
    names = [trimmed(name) for name in records[0]]
    folded = (name.casefold() for name in names)
    found = 2 if email_column in names else int(email_column.casefold() in folded)
    widths = Counter(len(record) for record in records[1:])
    agreement = widths[len(names)] / max(1, widths.total())
    if not found:  # Any delimiter that isn't there agrees with itself: the widest header is the better guess.
        return found, len(names), 0
    return found, agreement, len(names)


def _read_header(sample: list[str], delimiter: str, *, where: str) -> tuple[list[str], int]:
    """Read the header strictly: a quote that is open in it would take the whole file along."""
    reader = csv.reader(sample, delimiter=delimiter, strict=True)
    try:
        header = next(reader)
    except csv.Error:
        header = []
    if not header or (reader.line_num > 1 and any("@" in name for name in header)):
        raise ContactsError(
            "the header has a quotation mark that is not closed where its name ends",
            where=where,
            fix="close it, or take the quotation marks out of the header",
        )
    if any(_is_spaced(name) for name in header):
        raise ContactsError(
            "there is a space between a delimiter and a quotation mark in the header, so the mark counts as text",
            where=where,
            fix="take out the spaces before quotation marks, in the header and in the rows",
        )
    return header, reader.line_num


def _most_addresses(records: list[list[str]], width: int) -> int | None:
    """Give the column of which at least half of the cells that say something seem to be addresses, untidy ones too: the
    one with the most.
    """
    addresses, others = Counter[int](), Counter[int]()
    for record in records:
        for index, cell in enumerate(record[:width]):
            if len(cell) <= _LONGEST_SEEN and _seems_an_address(meant(normal_form(cell)[0])):
                addresses[index] += 1
            else:
                others[index] += not is_blank(cell)
    found = max(range(width), key=lambda index: addresses[index])
    return found if addresses[found] > 0 and addresses[found] >= others[found] else None
