"""A contacts file, opened: what is known of it as a whole, and its rows as often as they are asked for.

Takes a path and the name of the e-mail column; gives a `ContactsFile`. Opening reads the file through once (twice where
it has quotation marks), in constant memory, so that whatever is wrong with the whole is known before the first row.
Raises `ContactsError`.
"""

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from campaign.contacts.dialect import Layout, cells_of_any_size, read_layout, sample_lines
from campaign.contacts.encoding import Encoding, detect_encoding, open_text, reading
from campaign.contacts.quoting import QuotedLines
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
    _encoding: Encoding = field(repr=False)
    _layout: Layout = field(repr=False)
    _spans_lines: bool = field(repr=False)
    _misquoted: bool = field(repr=False)
    _modified: int = field(repr=False)

    def rows(self, chunk: int = 5_000) -> Iterator[list[Row]]:
        """Read the file anew, and give its rows in order, in lists of at most `chunk`; fewer where rows are large.

        One `Row` for every record after the header, blank lines apart. Raises `ContactsError` if the file is no longer
        the one that was opened.
        """
        # pandas takes a third of a second to import, which opening a file or parsing an address need not wait for.
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # its linear algebra would start threads, only to spin
        from campaign.contacts.reader import read_rows

        if (self.size_bytes, self._modified) != _fingerprint(self.path):
            raise ContactsError(
                "the file has changed since it was opened",
                where=str(self.path),
                fix="run again, on the file as it is",
            )
        return read_rows(
            self.path,
            self._encoding,
            self._layout,
            chunk=_bounded(chunk, self.size_bytes // self._encoding.lines, len(self.columns)),
            spans_lines=self._spans_lines,
            misquoted=self._misquoted,
        )

    def digest(self) -> str:
        """Give the SHA-256 of the file's bytes, in hex."""
        with reading(self.path) as file:
            return hashlib.file_digest(file, "sha256").hexdigest()


def open_contacts(path: Path, *, email_column: str) -> ContactsFile:
    """Open the contacts file at `path`, whose addresses stand in `email_column`."""
    where = str(path)
    size, modified = _fingerprint(path)
    encoding = detect_encoding(path)
    with open_text(path, encoding) as text:
        layout = read_layout(sample_lines(text), email_column=email_column, where=where)
    quoted = QuotedLines(
        delimiter=layout.delimiter, width=len(layout.columns), email_index=layout.email_index, where=where
    )
    misquoted = False
    if encoding.has_quotes:
        with open_text(path, encoding) as text, cells_of_any_size():
            lines = islice(text, layout.header_lines, None)
            for _ in quoted.pass_through(lines, first=layout.header_lines + 1):
                if quoted.faults:
                    quoted.faults.clear()
                    misquoted = True
    return ContactsFile(
        path=path,
        columns=layout.columns,
        email_column=layout.columns[layout.email_index],
        encoding=encoding.label,
        delimiter=layout.delimiter,
        size_bytes=size,
        _encoding=encoding,
        _layout=layout,
        _spans_lines=quoted.spans_lines,
        _misquoted=misquoted,
        _modified=modified,
    )


_CHUNK_BYTES = 8 << 20
_CHUNK_CELLS = 250_000


def _bounded(chunk: int, bytes_per_line: int, width: int) -> int:
    """Rows to hold at a time, so that neither long nor wide rows fill the memory."""
    return max(1, min(chunk, _CHUNK_BYTES // max(1, bytes_per_line), _CHUNK_CELLS // width))


def _fingerprint(path: Path) -> tuple[int, int]:
    """Size in bytes and time of the last change in nanoseconds."""
    with reading(path):
        status = path.stat()
        return status.st_size, status.st_mtime_ns
