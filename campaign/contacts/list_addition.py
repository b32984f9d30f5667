"""People added to a suppression list: a CSV with `email,reason,date`, or whatever list is there already.

In: a path, and who is to be on the list, why and since when. Out: a list that `SuppressionLists` reads, written whole
beside the old one, synced and renamed, or not at all. What stands in it stays as it is, octet for octet; its encoding,
line ends, delimiter and columns are kept (a Ctrl-Z at its end is not), and so is its mode;
nobody who is on it is added again. Several campaigns may add to one list at once: each waits for the other, by a lock
of the folder, and looks at the list as it is then. Raises `ContactsError` for a list that can't be read, added to or
written.

Limits: whoever edits the list meanwhile knows nothing of that lock, and where a folder can't be locked nobody waits. A
list without a header gets addresses alone. An entry for a whole domain does not count as the person's own.
"""

import csv
import fcntl
import io
import itertools
import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import date
from pathlib import Path
from typing import BinaryIO, NamedTuple

from campaign.contacts.addresses import contact_key
from campaign.contacts.dialect import cells_of_any_size
from campaign.contacts.encoding import Encoding, detect_encoding, open_text, without_unreadable
from campaign.contacts.list_line import EMAIL_NAMES, Column, bare_name, find_header
from campaign.contacts.suppression import SuppressionLists
from campaign.errors import ContactsError
from campaign.private_files import replacing, resolved

HEADER = ("email", "reason", "date")
_HIGHEST_HEADER = 20
_BLOCK = 1 << 20


class Addition(NamedTuple):
    """Somebody who must not be mailed."""

    email: str
    reason: str
    day: date


class ListToAddTo:
    """A suppression list, as it is before anything is added; there may be none yet."""

    def __init__(self, path: Path, *, email_column: str = "email") -> None:
        """Find out whether people can be added to it. Raises ContactsError."""
        self.path = resolved(path)
        self._names = EMAIL_NAMES | {bare_name(email_column)}
        self._email_column = email_column
        self._find()
        try:
            with _explained(self.path), replacing(self.path):
                raise _OnlyTriedError  # and the file vanishes
        except _OnlyTriedError:
            pass

    def _find(self) -> None:
        self._encoding: Encoding | None = None
        self._column: Column | None = None
        self._columns: list[str] = []
        self._line_end = "\n"
        with _explained(self.path):
            self._is_new = not self.path.exists() or (self.path.is_file() and not self.path.stat().st_size)
        if not self._is_new:
            self._look()

    def missing(self, people: Iterable[Addition]) -> list[Addition]:
        """Give those of them who are not on the list, each once, the first of theirs. Raises ContactsError."""
        wanted: dict[str, Addition] = {}
        for one in people:
            wanted.setdefault(contact_key(one.email), one)
        if not self._is_new and wanted:
            for entry in self._entries():
                wanted.pop(entry, None)
        return list(wanted.values())

    def add(self, people: Iterable[Addition]) -> int:
        """Add those of them who are not on it; gives how many. Where there is no list yet, there is one then, though
        nobody be on it: settings may name it already. Raises ContactsError; then it is as it was.
        """
        with _explained(self.path), _alone_in(self.path.parent):
            self._find()  # others may have added to it since
            missing = self.missing(people)
            if missing or self._is_new:
                self._write(missing)
        return len(missing)

    def _write(self, missing: list[Addition]) -> None:
        text = self._lines(missing)
        try:
            octets = text.encode("utf-8" if self._encoding is None else self._encoding.codec)
        except UnicodeEncodeError:
            raise ContactsError(
                "an address can't be written in the encoding of this suppression list",
                where=str(self.path),
                fix="save the list as UTF-8, and run the same command again",
            ) from None
        with _explained(self.path), replacing(self.path, durable=True) as file:
            self._copy_to(file)
            file.write(octets)

    def _look(self) -> None:
        """Find its encoding, its header and its line ends; it must have an address or a header."""
        self._encoding = detect_encoding(self.path)
        with open_text(self.path, self._encoding) as text:
            for raw in itertools.islice(text, _HIGHEST_HEADER):
                line = without_unreadable(raw)
                self._line_end = line[len(line.rstrip("\r\n")) :] or self._line_end
                self._column = find_header(line, self._names)
                if self._column is not None:
                    with cells_of_any_size():
                        cells = next(csv.reader([line.rstrip("\r\n")], delimiter=self._column.delimiter), [])
                    self._columns = cells + [""] * (self._column.place + 1 - len(cells))
                    return
        for _ in self._entries():  # raises where there is no address in it
            return

    def _entries(self) -> Iterator[str]:
        lists = SuppressionLists([self.path], email_column=self._email_column, lenient=self._column is not None)
        return (entry.key for entry in lists.entries())

    def _lines(self, people: Iterable[Addition]) -> str:
        written = io.StringIO()
        if self._is_new:
            self._columns, self._column = list(HEADER), Column(",", 0)
            written.write(",".join(HEADER) + self._line_end)
        if self._column is None:
            return "".join(f"{one.email}{self._line_end}" for one in people)
        writer = csv.writer(written, delimiter=self._column.delimiter, lineterminator=self._line_end)
        named = [bare_name(name) for name in self._columns]
        for one in people:
            cells = {"reason": one.reason, "date": one.day.isoformat()}
            row = [cells.get(name, "") for name in named]
            row[self._column.place] = one.email
            writer.writerow(row)
        return written.getvalue()

    def _copy_to(self, file: BinaryIO) -> None:
        """Copy what stands in it, with an end to its last line, and with the mode that lets others read it."""
        if self._is_new:
            return
        assert self._encoding is not None
        end = self._line_end.encode(self._encoding.codec)
        last = "\n".encode(self._encoding.codec), "\r".encode(self._encoding.codec)
        left, tail = self._encoding.end, b""
        with self.path.open("rb") as old:
            os.fchmod(file.fileno(), stat.S_IMODE(os.fstat(old.fileno()).st_mode))
            while block := old.read(_BLOCK if left is None else min(_BLOCK, left)):
                file.write(block)
                tail = (tail + block)[-4:]
                left = None if left is None else left - len(block)
        if tail and not tail.endswith(last):
            file.write(end)


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        with suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


class _OnlyTriedError(Exception):
    """Whether it could be written is known now."""


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ContactsError(
            f"this suppression list can't be written: {error.strerror}",
            where=str(path),
            fix="name a file in a folder that you may write in; what is on record is added when the same is run again",
        ) from None
