"""One line of a suppression list: its entries, or why it has none that could be used.

Takes a line, and the e-mail column where the list has one; gives a `ListLine`. Raises nothing.
A line is an entry as a whole, or else in pieces, or else wherever there is something with an @-sign in it.
"""

import csv
import re
from collections.abc import Iterator
from typing import NamedTuple

from campaign.contacts.addresses import ascii_domain_of, contact_key, plain_address, read_address
from campaign.contacts.dialect import DELIMITERS, cells_of_any_size
from campaign.contacts.normal_form import ODD_SPACE, PLAIN_SPACE, is_blank, normal_form, trimmed
from campaign.contacts.slips import meant

EMAIL_NAMES = frozenset(
    {"email", "emailaddress", "emailaddr", "emailid", "mail", "mailaddress", "useremail", "contactemail"}
)
_find_addresses = re.compile(r"[^\s,;:|<>()\[\]\"@]+@[^\s,;:|<>()\[\]\"'@]+").findall
_split_pieces = re.compile(r"[,;\t|\r\n]").split
_is_domain = re.compile(r"\*?@([^\s@*]+)").fullmatch
_odd_space = re.compile(f"[{ODD_SPACE}]")
_means_at = re.compile(r"[@\uff20\ufe6b]|[(\[{]\s*at\s*[)\]}]|\sat\s", re.IGNORECASE).search
_NO_DELIMITERS = str.maketrans(dict.fromkeys([*DELIMITERS, '"'], ""))
_NOTHING = "no address in it"
_BARE_DOMAIN = "no address in it; a whole domain is written with an @-sign before it"


class Column(NamedTuple):
    """Where a CSV has its addresses."""

    delimiter: str
    place: int


class Entry(NamedTuple):
    """Somebody, or a domain. More than one key where more than one address may be meant."""

    keys: tuple[str, ...]
    is_domain: bool = False
    mended: bool = False


class ListLine(NamedTuple):
    """What a line has given. There may be entries and a fault: one of two addresses is none."""

    entries: tuple[Entry, ...] = ()
    fault: str = ""


def read_line(line: str, column: Column | None) -> ListLine:
    """Read a line that is not blank."""
    if column is not None:
        cells = _split(line, column.delimiter)
        cell = cells[column.place] if column.place < len(cells) else ""
        found = _read_text(cell)
        if found.entries and not (column.place == 0 and "#" in line and _is_comment(line)):
            return found
    if _is_comment(line):
        # Whoever is really called so, is not mailed either.
        entry = _entry(line)[0]
        return ListLine(entries=() if entry is None else (entry,))
    if column is None:
        return _read_text(line)
    rest = _search(line)
    return rest if rest.entries else ListLine(fault=found.fault)


def says_nothing(line: str) -> bool:
    """Whether the line is blank, or has only delimiters and quotation marks."""
    return "@" not in line and is_blank(line.translate(_NO_DELIMITERS))


def find_header(line: str, names: frozenset[str]) -> Column | None:
    """Give the e-mail column, if this line is a header that names one."""
    for delimiter in DELIMITERS:
        header = [bare_name(name) for name in _split(line, delimiter)]
        index = next((index for index, name in enumerate(header) if name in names), None)
        if index is not None:
            return Column(delimiter, index)
    return None


def is_title(line: str) -> bool:
    """Whether the line does not even try to be an address."""
    return _means_at(line) is None


def holds_address(record: str, column: Column) -> bool:
    """Whether this text, of several lines, is one record of a CSV with an address in its place."""
    with cells_of_any_size():
        try:
            records = list(csv.reader(record.splitlines(keepends=True), delimiter=column.delimiter, strict=True))
        except csv.Error:
            return False
    return len(records) == 1 and len(records[0]) > column.place and _entry(records[0][column.place])[0] is not None


def bare_name(name: str) -> str:
    """Give a column's name without case, spaces and punctuation: E-Mail is email."""
    return re.sub(r"[\W_]", "", trimmed(name).casefold())


def _read_text(text: str) -> ListLine:
    """Read a cell, or a line of a list without columns."""
    if is_blank(text):
        return ListLine(fault="the e-mail address is missing")
    entry, fault = _entry(text)
    if entry is not None:
        return ListLine(entries=(entry,))
    entries: list[Entry] = []
    faults: list[str] = []
    for piece in _split_pieces(text):
        if is_blank(piece):
            continue
        entry, why = _entry(piece)
        found = (entry,) if entry is not None else _search(piece).entries
        entries += found
        if not found and _means_at(piece) and len(piece.split()) == 1:
            faults.append(why)
    if entries:
        return ListLine(entries=tuple(entries), fault=faults[0] if faults else "")
    if "@" in text:
        return ListLine(fault=fault)
    return ListLine(fault=_BARE_DOMAIN if ascii_domain_of(text.strip()) else _NOTHING)


def _search(text: str) -> ListLine:
    """Take every address that stands anywhere in the text."""
    found = [_entry(token)[0] for token in _find_addresses(text)]
    return ListLine(entries=tuple(entry for entry in found if entry is not None))


def _entry(text: str) -> tuple[Entry | None, str]:
    """Read text that is an entry as a whole; or say why it is none."""
    text = text.strip(PLAIN_SPACE).strip('"')
    if text[:2] != "*@" and (address := plain_address(text)) is not None:
        return Entry(keys=(contact_key(address),)), ""
    plain, mends = normal_form(text)
    if domain := _is_domain(meant(plain)):
        name = ascii_domain_of(domain[1])
        if name is None:
            return None, "the domain after the @-sign is none"
        return Entry(keys=(f"@{name}",), is_domain=True, mended=bool(mends)), ""
    keys: dict[str, None] = {}
    reason = ""
    mended = False
    for reading in _readings(text, plain):
        try:
            address, mends = read_address(reading)
            keys[contact_key(address)] = None
            mended = mended or bool(mends) or reading is not text
        except ValueError as error:
            reason = reason or str(error)
    return (Entry(keys=tuple(keys), mended=mended), "") if keys else (None, reason)


def _readings(text: str, plain: str) -> Iterator[str]:
    """As it is written; and as it may be meant."""
    yield text
    if (likely := meant(plain)) != plain:
        yield likely
    if _odd_space.search(plain):
        yield _odd_space.sub("", plain)


def _is_comment(line: str) -> bool:
    return trimmed(line).lstrip('"').startswith("#")


def _split(line: str, delimiter: str) -> list[str]:
    if '"' not in line:
        return line.rstrip("\r\n").split(delimiter)
    with cells_of_any_size():
        return next(csv.reader([line], delimiter=delimiter), [])
