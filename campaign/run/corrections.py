"""Which rows go again: what failed, what was asked for, what an operator corrected in a results file.

Raises ResultsError for a results file of another campaign, ContactsError for one that can't be read.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path

from campaign.contacts import ContactsFile, contact_key, open_contacts, parse_address
from campaign.errors import ResultsError
from campaign.ledger.interface import RunLedger
from campaign.ledger.sql.row_matching import same_message
from campaign.ledger.values import SpreadsheetChange
from campaign.model import Row
from campaign.results import EVIDENCE, FEEDBACK, SERVER, harmless, our_columns, result_names, unguarded
from campaign.settings import ContactsSettings

_NAMED = 3
_SHOWN = 30
_MOMENT = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00"
_MADE_BY_US = {
    "attempts": re.compile(r"\d{1,9}").fullmatch,
    "smtp_code": re.compile(r"\d{3}").fullmatch,
    "enhanced_status": re.compile(r"[245]\.\d{1,3}\.\d{1,3}").fullmatch,
    "message_id": re.compile(r"<[0-9a-f]{32}@[^@<>\s]+>").fullmatch,
    "settled_at": re.compile(_MOMENT).fullmatch,
    "link_expires_at": re.compile(_MOMENT).fullmatch,
    "link_fingerprint": re.compile(r"[0-9a-f]{12}").fullmatch,
}
"""How the cells of our own columns look that are not empty."""
_AT_ONCE = 10_000
"""Message-IDs to look up in one pass over the ledger."""


def apply_corrections(
    ledger: RunLedger, source: Path, *, settings: ContactsSettings, message_id: Callable[[str], str]
) -> list[str]:
    """Lay a corrected results file over the roster, and choose its rows. Gives what an operator would want to know.
    Raises ResultsError.
    """
    corrected = open_contacts(source, email_column=settings.email_column, fallback=settings.encoding)
    owners: dict[str, str] = {}
    read = _Cells(ledger, corrected)
    foreign = _foreign_ids(corrected, read, message_id)
    while some := dict(islice(foreign, _AT_ONCE)):
        found = ledger.owners_of(some, message_id)
        unknown = next(((one, where) for one, where in some.items() if one not in found), None)
        if unknown is not None:
            raise _not_ours(*unknown, source)
        owners.update(found)
    ours = ledger.reader.columns()
    servers = _has_ours(corrected.columns, ours, SERVER)
    later = _has_ours(corrected.columns, ours, FEEDBACK, EVIDENCE)
    names = zip(result_names(ours, servers=servers, later=later), ours, strict=True)
    left = ledger.correct(
        corrected.columns,
        read.rows(),
        email_column=corrected.email_column,
        ignored=our_columns(servers=servers, later=later),
        key=contact_key,
        owners=owners,
        renamed={
            spelt: column
            for name, column in names
            if name is not None
            for spelt in (name, harmless(name))
            if spelt != column
        },
        where=str(source),
    )
    return list(_traces(corrected, left, source))


def _has_ours(given: Sequence[str], columns: Sequence[str], *names: str) -> bool:
    """Whether columns of these names in a results file would be ours, which not every such file has: those of the
    contacts have another name there then.
    """
    renamed = dict(zip(columns, result_names(columns, servers=True, later=True), strict=True))
    return all(renamed.get(name) is None or renamed[name] in given for name in names)


def _not_ours(message_id: str, where: str, source: Path) -> ResultsError:
    place = f"{source}, {where}"
    if not _MADE_BY_US["message_id"](message_id):
        return ResultsError(
            "a Message-ID has been altered, so whose row it is can't be told: a spreadsheet may have done it",
            where=place,
            fix="`campaign results` writes the results anew; correct a copy of them with a text editor, or in a "
            "spreadsheet into which every column was imported as text",
        )
    return ResultsError(
        "these are the results of another campaign: their Message-IDs are not this one's",
        where=place,
        fix="give the results file that belongs to this campaign's name",
    )


def _traces(corrected: ContactsFile, left: Sequence[SpreadsheetChange], source: Path) -> Iterator[str]:
    """Say what a spreadsheet has done to the file."""
    if left:
        cells = "1 cell" if len(left) == 1 else f"{len(left):,} cells"
        named = "; ".join(
            f"row {row.number} (line {row.line}), {column}: {_short(given)} for {_short(before)}"
            for row, column, before, given in left[:_NAMED]
        )
        yield (
            f"{source.name} has been through a spreadsheet, which changed {cells}, left as they were: {named}"
            + ("; and more" if len(left) > _NAMED else "")
        )
        return
    where = next(_altered(corrected), None)
    if where is not None:
        yield (
            f"{source.name} has been through a spreadsheet: {where} is not what we wrote there. Look whether it has "
            "changed numbers or dates in your own columns, too"
        )


def _altered(corrected: ContactsFile) -> Iterator[str]:
    """Cells of our own columns that are not as we write them."""
    places = [
        (index, column, _MADE_BY_US[column]) for index, column in enumerate(corrected.columns) if column in _MADE_BY_US
    ]
    for row in _rows(corrected.rows() if places else ()):
        for index, column, is_ours in places:
            if row.cells[index] and not is_ours(row.cells[index]):
                yield f"{column} in row {row.number} (line {row.line})"


def _short(cell: str) -> str:
    return repr(cell if len(cell) <= _SHOWN else f"{cell[:_SHOWN]}…")


class _Cells:
    """The rows of a results file, with the cells that were guarded against spreadsheets as they were before."""

    def __init__(self, ledger: RunLedger, corrected: ContactsFile) -> None:
        self._file = corrected
        self._email = corrected.columns.index(corrected.email_column)
        self._guarded = ledger.results_were_guarded()
        self._as_they_are: set[str] = set()
        """Cells of the contacts that look guarded, and never were."""
        if self._guarded:
            self._as_they_are = {cell for cell in ledger.cells_with_apostrophe() if unguarded(cell) != cell}

    def rows(self) -> Iterator[Row]:
        """Read the file."""
        for chunk in self._file.rows():
            yield from map(self._bared, chunk) if self._guarded else chunk

    def _bared(self, row: Row) -> Row:
        if not any("'" in cell for cell in row.cells):
            return row
        cells = tuple(cell if cell in self._as_they_are else unguarded(cell) for cell in row.cells)
        if cells[self._email] == row.cells[self._email]:
            return row._replace(cells=cells)
        try:
            fault = row.fault if row.email is not None else None  # what was wrong with the address was the apostrophe
            return row._replace(cells=cells, email=parse_address(cells[self._email]), fault=fault)
        except ValueError as error:
            return row._replace(cells=cells, email=None, fault=row.fault or str(error))


def _foreign_ids(corrected: ContactsFile, read: _Cells, message_id: Callable[[str], str]) -> Iterator[tuple[str, str]]:
    """The Message-IDs that are not what the row's address would have: of a corrected address, or of another campaign.
    Each comes with the name of its row.
    """
    if "message_id" not in corrected.columns:
        return
    place = corrected.columns.index("message_id")
    for row in read.rows():
        given = row.cells[place]
        if given and (row.email is None or not same_message(message_id(row.email), given)):
            yield given, f"row {row.number} (line {row.line})"


def _rows(chunks: Iterable[list[Row]]) -> Iterator[Row]:
    for chunk in chunks:
        yield from chunk
