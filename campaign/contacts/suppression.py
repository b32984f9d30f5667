"""Suppression lists: files in, the identity of every address out that must not be mailed.

A list is a CSV with an e-mail column, or text with addresses in it (one a line). Every line is read by itself, and one
without an address in the e-mail column is searched as a whole: to suppress one address too many is a nuisance, one too
few is a broken promise.
Raises `ContactsError` for a list that can't be read, or that has text in it but no address.

Limits: an address that can't be parsed is compared as it is written, in lower case. A whole domain ("@acme.example")
is no address, and suppresses nobody.
"""

import csv
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from campaign.contacts.addresses import ascii_domain_of, contact_key, parse_address
from campaign.contacts.columns import trimmed
from campaign.contacts.dialect import DELIMITERS, cells_of_any_size
from campaign.contacts.encoding import detect_encoding, open_text, without_unreadable
from campaign.errors import ContactsError

_find_addresses = re.compile(r"[^\s,;:|<>()\[\]\"@]+@[^\s,;:|<>()\[\]\"'@]+").findall
_NAMES = frozenset(
    {"email", "emailaddress", "emailaddr", "emailid", "mail", "mailaddress", "useremail", "contactemail"}
)


def read_suppressions(paths: Sequence[Path], *, email_column: str = "email") -> Iterator[str]:
    """Give the `contact_key` of every address in the lists, file by file, in order; repeated where they repeat.

    `email_column` is one more name to know an e-mail column by, beside the usual ones.
    """
    for path in paths:
        yield from _read_list(path, _NAMES | {_bare(email_column)})


def _read_list(path: Path, names: frozenset[str]) -> Iterator[str]:
    encoding = detect_encoding(path)
    column: tuple[str, int] | None = None
    found = unexplained = False
    with open_text(path, encoding) as text:
        for raw in text:
            line = without_unreadable(raw)
            keys = _keys(line, column)
            if keys:
                found = True
                yield from keys
            elif column is None and not found and (column := _find_column(line, names)):
                unexplained = False  # What stood above the header was a title, or "sep=;".
            elif line.strip():
                unexplained = True
    if unexplained and not found:
        raise ContactsError(
            "there is no address in this suppression list",
            where=str(path),
            fix='list one address a line, or call the column of a CSV that holds them "email"',
        )


def _keys(line: str, column: tuple[str, int] | None) -> list[str]:
    """Find the addresses of one line: those in the e-mail column, or else any there are."""
    if "@" not in line:
        return []
    tokens: list[str] = []
    if column:
        cells = _split(line, column[0])
        tokens = _find_addresses(cells[column[1]]) if column[1] < len(cells) else []
    keys = []
    for token in tokens or _find_addresses(line):
        keys.append(_key(token))
        if token.startswith("'"):  # It may be quoted so, or begin so: either is meant.
            keys.append(_key(token.lstrip("'")))
    return keys


def _key(token: str) -> str:
    token = token.rstrip(".")
    try:
        return contact_key(parse_address(token))
    except ValueError:
        local, _, domain = token.rpartition("@")
        return contact_key(f"{local}@{ascii_domain_of(domain) or domain}")


def _find_column(line: str, names: frozenset[str]) -> tuple[str, int] | None:
    """Give delimiter and index of the e-mail column, if this line is a header that names one."""
    for delimiter in DELIMITERS:
        header = [_bare(name) for name in _split(line, delimiter)]
        index = next((index for index, name in enumerate(header) if name in names), None)
        if index is not None:
            return delimiter, index
    return None


def _split(line: str, delimiter: str) -> list[str]:
    with cells_of_any_size():
        return next(csv.reader([line], delimiter=delimiter), [])


def _bare(name: str) -> str:
    """Give a column's name without case, spaces and punctuation: E-Mail is email."""
    return re.sub(r"[\W_]", "", trimmed(name).casefold())
