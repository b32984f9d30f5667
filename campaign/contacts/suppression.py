"""Suppression lists: files in, everybody out who must not be mailed, and every line that could not be used.

A list is a CSV with an e-mail column, or text with addresses in it (one a line). "@acme.example" and "*@acme.example"
stand for everybody at exactly that domain. Every line is read by itself (`list_line`), and one without an address in
the e-mail column is searched as a whole: to suppress one address too many is a nuisance, one too few a broken promise.
So a line that can't be used is counted, and the first few are kept. None is a blank line, a comment ("#"), a header, or
a part of a longer record whose address was found.
Raises `ContactsError` for a list that can't be read, or that has text in it but no address.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from campaign.contacts.encoding import detect_encoding, open_text, without_unreadable
from campaign.contacts.list_line import (
    EMAIL_NAMES,
    Column,
    bare_name,
    find_header,
    holds_address,
    is_title,
    read_line,
    says_nothing,
)
from campaign.errors import ContactsError

_NAMED = 5
_HIGHEST_HEADER = 20
"""Lines that may stand above a header."""
_LONGEST_RECORD = 200
"""Lines after which a quotation mark that was left open counts as a slip."""


class Suppression(NamedTuple):
    """One entry of a list."""

    key: str
    """The `contact_key` of an address, or a domain in ASCII with an @-sign before it."""
    list: str
    """The name of the file."""
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ListReport:
    """What was read in one list."""

    name: str
    entries: int
    domains: int
    """Of the entries."""
    mended: int
    """Of the entries."""
    unusable: int
    """Lines."""
    first: tuple[tuple[int, str], ...]
    """The first unusable lines: number, and what is wrong."""


class SuppressionLists:
    """Lists to be read. `email_column` is one more name to know an e-mail column by, beside the usual ones."""

    def __init__(self, paths: Sequence[Path], *, email_column: str = "email", lenient: bool = False) -> None:
        """`lenient`: a list without any address is no error."""
        self._paths = paths
        self._names = EMAIL_NAMES | {bare_name(email_column)}
        self._lenient = lenient
        self.reports: list[ListReport] = []
        """One for each list that has been read to its end."""

    def entries(self) -> Iterator[Suppression]:
        """Give every entry, file by file, in order; repeated where they repeat. Raises `ContactsError`."""
        self.reports.clear()
        shared = [path.name for path in self._paths]
        for path in self._paths:
            name = path.name if shared.count(path.name) == 1 else str(path)
            reading = _ListReading(path, name, self._names)
            yield from reading.entries()
            report = reading.report()
            if report.unusable and not report.entries and not self._lenient:
                raise ContactsError(
                    "there is no address in this suppression list",
                    where=str(path),
                    fix='list one address a line, or call the column of a CSV that holds them "email"',
                )
            self.reports.append(report)


def read_suppressions(paths: Sequence[Path], *, email_column: str = "email") -> Iterator[str]:
    """Give the key of every entry of the lists."""
    for entry in SuppressionLists(paths, email_column=email_column).entries():
        yield entry.key


class _ListReading:
    """One list on its way."""

    def __init__(self, path: Path, name: str, names: frozenset[str]) -> None:
        self._path = path
        self._name = name
        self._names = names
        self._column: Column | None = None
        self._entries = self._domains = self._mended = self._unusable = 0
        self._first: list[tuple[int, str]] = []
        self._above: list[tuple[int, str]] = []
        """What stands above the first entry, and may be a header."""
        self._is_headed = False
        self._record: list[tuple[int, str, str]] = []
        """The lines of a record whose quotation mark is open: number, text, and why it can't be used ("": it was)."""

    def entries(self) -> Iterator[Suppression]:
        name = self._name
        with open_text(self._path, detect_encoding(self._path)) as text:
            for number, raw in enumerate(text, 1):
                line = without_unreadable(raw)
                if says_nothing(line):
                    continue
                found = read_line(line, self._column)
                for entry in found.entries:
                    self._entries += 1
                    self._domains += entry.is_domain
                    self._mended += entry.mended
                    for key in entry.keys:
                        yield Suppression(key, name, number)
                if found.entries:
                    self._settle_above()
                self._follow(line, number, found.fault)
        self._settle_above()
        self._close_record()

    def report(self) -> ListReport:
        return ListReport(
            name=self._name, entries=self._entries, domains=self._domains, mended=self._mended,
            unusable=self._unusable, first=tuple(self._first),
        )  # fmt: skip

    def _follow(self, line: str, number: int, fault: str) -> None:
        """A record may go over several lines, of which one has the address."""
        odd = self._column is not None and line.count('"') % 2 == 1
        if self._record or odd:
            closes = bool(self._record) and odd
            self._record.append((number, line, fault))
            if closes or len(self._record) >= _LONGEST_RECORD:
                self._close_record()
        elif fault:
            self._without(line, number, fault)

    def _close_record(self) -> None:
        record, self._record = self._record, []
        if self._column is None or holds_address("".join(line for _, line, _ in record), self._column):
            return
        for number, line, fault in record:
            if fault:
                self._without(line, number, fault)

    def _without(self, line: str, number: int, fault: str) -> None:
        """Find out what a line is that could not be used."""
        header = find_header(line, self._names)
        if header is not None:
            self._column = header
            self._above.clear()  # what stood above the header was a title, or "sep=;"
        elif not self._is_headed and not self._entries and self._column is None:
            self._above.append((number, "" if is_title(line) else fault))
            if len(self._above) > _HIGHEST_HEADER:
                self._settle_above()
        else:
            self._count(number, fault)

    def _settle_above(self) -> None:
        """Without a header of ours, the first line may be one in words that we don't know; it says no address."""
        self._is_headed = True
        above, self._above = self._above, []
        is_header = self._entries > 0 or len(above) > _HIGHEST_HEADER
        for index, (number, fault) in enumerate(above):
            if fault or index or not is_header:
                self._count(number, fault or "no address in it")

    def _count(self, number: int, fault: str) -> None:
        self._unusable += 1
        if len(self._first) < _NAMED:
            self._first.append((number, fault))
