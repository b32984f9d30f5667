"""The rows of an export in CSV, each as an object under the names of its columns.

In: a file in UTF-8, with or without a byte order mark, its columns parted by commas, semicolons or tabs, and their
names in the first line. Out: line and object of each row, names in lower case. A row that does not fit is told with its
line, and costs no other. Raises nothing for what stands in it; OSError where the file can't be opened.
"""

import csv
from collections.abc import Iterator

from campaign.settle.evidence_file import EvidenceFile
from campaign.settle.providers.json_events import Tell

_BOM = "\ufeff"
_SEPARATORS = ",;\t"


def csv_columns(first_line: bytes) -> tuple[str, ...]:
    """Give the names of the columns; none, where this is no such line."""
    separator = _separator(first_line)
    if not separator or len(first_line) > 16_384:
        return ()
    try:
        names = next(csv.reader([_text(first_line)], delimiter=separator), [])
    except csv.Error:
        return ()
    return tuple(name.strip().lower() for name in names)


def csv_objects(file: EvidenceFile, tell: Tell) -> Iterator[tuple[int, dict[str, object]]]:
    """Give the rows."""
    lines = _Lines(file)
    first = next(lines, "")
    columns = csv_columns(first.encode())
    if not columns:
        return
    rows = csv.reader(lines, delimiter=_separator(first.encode()))
    while True:
        begins = lines.number + 1
        try:
            row = next(rows, None)
        except csv.Error as error:
            tell(f"this row can't be read: {error}", begins, _what_to_do(begins, lines.number))
            continue
        if row is None:
            return
        if len(row) == len(columns):
            yield begins, dict(zip(columns, row, strict=True))
        elif row:
            what = f"this row has {len(row)} cells, and the first line names {len(columns)} columns"
            tell(what, begins, _what_to_do(begins, lines.number))


def _what_to_do(begins: int, ends: int) -> str:
    if ends > begins:
        return f"a quotation mark may be missing: what stands up to line {ends} was not read; export it anew"
    return "the others were read; export it anew if it matters"


class _Lines:
    """The file's lines as text, and how many there were."""

    def __init__(self, file: EvidenceFile) -> None:
        self._lines = file.lines()
        self.number = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        self.number, line = next(self._lines)
        return _text(line) + "\n"


def _text(line: bytes) -> str:
    return line.decode("utf-8", "replace").removeprefix(_BOM)


def _separator(first_line: bytes) -> str:
    counted = {one: first_line.count(one.encode()) for one in _SEPARATORS}
    best = max(_SEPARATORS, key=lambda one: counted[one])
    return best if counted[best] else ""
