"""A contacts file, opened: what is known of it as a whole, and its rows as often as they are asked for.

Takes a path and the name of the e-mail column; gives a `ContactsFile`. Opening reads the file through once (twice where
it has quotation marks), in constant memory, so that whatever is wrong with the whole is known before the first row.
Raises `ContactsError`.
"""

import hashlib
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path

from campaign.contacts.chosen_encoding import chosen_encoding
from campaign.contacts.dialect import Layout, cells_of_any_size, read_layout, sample_lines
from campaign.contacts.encoding import Encoding, detect_encoding, open_text, reading
from campaign.contacts.normal_form import Mend, is_blank
from campaign.contacts.quoting import QuotedLines
from campaign.contacts.sample import Sample, sample_cells
from campaign.errors import ContactsError
from campaign.model import Row


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactsFile:
    """One CSV of contacts, checked as a whole."""

    path: Path
    columns: tuple[str, ...]
    """The header's names, trimmed, in order; `column_N` for one without a name."""
    email_column: str
    """As the header writes it."""
    encoding: str
    """For people: "UTF-8", "Windows-1252"."""
    delimiter: str
    size_bytes: int
    is_empty: bool
    """Whether it has no rows at all."""
    sample: tuple[Sample, ...]
    """Where the encoding is a guess, some cells by which a person sees whether it is right."""
    _encoding: Encoding = field(repr=False)
    _layout: Layout = field(repr=False)
    _spans_lines: bool = field(repr=False)
    _misquoted: bool = field(repr=False)
    identity: tuple[int, ...] = field(repr=False)
    """What tells whether it is still the same file, unchanged: `identity_of`."""
    is_settled: bool = field(repr=False)
    """Whether every change since it was opened shows in that."""
    asked_encoding: str | None = field(repr=False)
    """The codec that was asked for, if one was."""
    known_digest: str | None = field(default=None, repr=False)
    """As `digest` would give it, if it is known already."""

    def rows(self, chunk: int = 5_000, *, mended: Counter[Mend] | None = None) -> Iterator[list[Row]]:
        """Read the file anew, and give its rows in order, in lists of at most `chunk`; fewer where rows are large.

        One `Row` for every record after the header, blank lines apart. `mended` counts addresses by what was mended in
        them. Raises `ContactsError` if the file is no longer the one that was opened.
        """
        # pandas takes a third of a second to import, which opening a file or parsing an address need not wait for.
        from campaign.contacts.reader import read_rows

        if self.identity[_SAME_CONTENT] != identity_of(self.path)[_SAME_CONTENT]:
            raise ContactsError(
                "the file has changed since it was opened",
                where=str(self.path),
                fix="run again, on the file as it is",
            )
        if self.is_empty:
            return iter(())
        return read_rows(
            self.path,
            self._encoding,
            self._layout,
            chunk=_bounded(chunk, self.size_bytes // self._encoding.lines, len(self.columns)),
            spans_lines=self._spans_lines,
            misquoted=self._misquoted,
            mended=Counter() if mended is None else mended,
        )

    def digest(self) -> str:
        """Give the SHA-256 of the file's bytes, in hex."""
        if self.known_digest is not None:
            return self.known_digest
        with reading(self.path) as file:
            return hashlib.file_digest(file, "sha256").hexdigest()


def with_digest(contacts: ContactsFile) -> ContactsFile:
    """Give the same file with its digest known. Raises ContactsError."""
    return replace(contacts, known_digest=contacts.digest())


def open_contacts(
    path: Path,
    *,
    email_column: str,
    encoding: str | None = None,
    fallback: str | None = None,
    allow_empty: bool = False,
) -> ContactsFile:
    """Open the contacts file at `path`, whose addresses stand in `email_column`.

    `encoding` is the codec to read it by; without one, the encoding is found, with `fallback` (or Windows-1252) for
    what is no Unicode. With `allow_empty`, a file without even a header is one without rows.
    """
    where = str(path)
    now, identity = time.time_ns(), identity_of(path)
    found = (
        detect_encoding(path, fallback=fallback or "cp1252") if encoding is None else chosen_encoding(path, encoding)
    )
    with open_text(path, found) as text:
        lines = sample_lines(text)
    if allow_empty and all(map(is_blank, lines)):
        layout = Layout(delimiter=",", columns=(email_column,), email_index=0, named_width=1, header_lines=0)
    else:
        layout = read_layout(lines, email_column=email_column, where=where)
    with open_text(path, found) as text:
        rows = islice(text, layout.header_lines, None)
        is_empty = all(_says_nothing(cell) for line in rows for cell in line.split(layout.delimiter))
    sample: tuple[Sample, ...] = ()
    if found.guessed:
        with open_text(path, found) as text:
            sample = sample_cells(islice(text, layout.header_lines, None), layout)
    quoted = QuotedLines(
        delimiter=layout.delimiter, width=len(layout.columns), email_index=layout.email_index, where=where
    )
    misquoted = False
    if found.has_quotes:
        with open_text(path, found) as text, cells_of_any_size():
            for _ in quoted.pass_through(islice(text, layout.header_lines, None), first=layout.header_lines + 1):
                if quoted.faults:
                    quoted.faults.clear()
                    misquoted = True
    return ContactsFile(
        path=path,
        columns=layout.columns,
        email_column=layout.columns[layout.email_index],
        encoding=found.label,
        delimiter=layout.delimiter,
        size_bytes=identity[_SIZE],
        is_empty=is_empty,
        sample=sample,
        _encoding=found,
        _layout=layout,
        _spans_lines=quoted.spans_lines,
        _misquoted=misquoted,
        identity=identity,
        is_settled=now - identity[_CHANGED] > _TICK,
        asked_encoding=encoding,
    )


def _says_nothing(cell: str) -> bool:
    """Whether a cell is blank, as it stands in the file: with quotation marks around it or not."""
    bare = cell.rstrip("\r\n")
    return is_blank(bare[1:-1] if len(bare) > 1 and bare[0] == bare[-1] == '"' else bare)


_CHUNK_BYTES = 8 << 20
_CHUNK_CELLS = 250_000


def _bounded(chunk: int, bytes_per_line: int, width: int) -> int:
    """Rows to hold at a time, so that neither long nor wide rows fill the memory."""
    return max(1, min(chunk, _CHUNK_BYTES // max(1, bytes_per_line), _CHUNK_CELLS // width))


_SIZE, _CHANGED = 2, 4
_SAME_CONTENT = slice(2, 4)
_TICK = 2_000_000_000
"""Nanoseconds: no file system's clock goes slower."""


def identity_of(path: Path) -> tuple[int, ...]:
    """Give device and number of the file, its size in bytes, and when its content, and anything about it, last changed
    (nanoseconds). Raises ContactsError.
    """
    with reading(path):
        status = path.stat()
        return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns
