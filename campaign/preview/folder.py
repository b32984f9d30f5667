"""The preview's folder on disk: whose it is, what its files are called, and which rows it holds so far.

`rows.jsonl` has one line for each row, written as it comes: so memory stays flat, a run that was cut short loses
nothing, and the next one knows exactly which files are a preview's own. `OSError` is the caller's to translate.
"""

import contextlib
import json
import os
import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from campaign.errors import ResultsError
from campaign.private_files import append, create, make_folder, read

MARK = '<meta name="generator" content="campaign preview">'
"""Stands near the start of every `index.html` of ours."""
INDEX = "index.html"

_ROWS = "rows.jsonl"
_NAME = re.compile(r"\d{4,}-[a-z0-9_][a-z0-9._-]*\Z")


class GalleryRow(NamedTuple):
    """One contact in the gallery's list, in the order in which the page's script reads it."""

    number: int
    email: str
    status: str
    subject: str
    detail: str
    name: str
    """Of its files, without the suffix; empty where there is no message."""
    expires: str
    line: str = ""
    """Of the contacts file, on which the row begins; empty where it is not known."""
    cells: str = ""
    """Of a row without a message: on each line a mark ("!" for one to look at), a column and its cell, tabs between."""


def claim(folder: Path, *, keep: bool) -> None:
    """Make the folder ours: create it, or empty it of our own pages; leave every other file alone."""
    if folder.exists() and not folder.is_dir():
        raise ResultsError(
            "the preview needs a folder, and this is a file", where=str(folder), fix="name another folder"
        )
    make_folder(folder)
    if next(folder.iterdir(), None) is None:
        return
    if not (folder / INDEX).is_file() or not is_ours(folder):
        raise ResultsError(
            "the folder holds files that are not a preview's, so nothing was written into it",
            where=str(folder),
            fix="name a new folder, or an empty one",
        )
    if keep:
        return
    for row in read_rows(folder):
        for path in message_files(folder, row):
            path.unlink(missing_ok=True)
    rows_file(folder).unlink(missing_ok=True)


def is_ours(folder: Path) -> bool:
    """Whether the folder's index is one that we have written."""
    return MARK.encode() in _head(folder / INDEX)


def rows_file(folder: Path) -> Path:
    """Say where the rows stand."""
    return folder / _ROWS


def message_files(folder: Path, row: GalleryRow) -> tuple[Path, ...]:
    """Give a row's files; none for a name that is no message's: the list is a file like any other, and shall not make
    us delete others.
    """
    return tuple(folder / f"{row.name}{suffix}" for suffix in (".eml", ".html")) if _NAME.match(row.name) else ()


def withdraw(folder: Path) -> None:
    """Take away a folder of ours that nothing was ever added to. One that holds anything else stays."""
    with contextlib.suppress(OSError):
        if {path.name for path in folder.iterdir()} <= {INDEX}:
            (folder / INDEX).unlink(missing_ok=True)
            folder.rmdir()


def append_row(folder: Path, row: GalleryRow) -> None:
    """Add a row; it is the system's to write out when it likes."""
    with append(folder / _ROWS) as rows:
        rows.write(b"\n" + json.dumps(row).encode("ascii"))  # in front: a torn line takes no other with it


def read_rows(folder: Path) -> Iterator[GalleryRow]:
    """Give the rows added so far; a line that a crash cut short is left out."""
    try:
        rows = read(folder / _ROWS)
    except FileNotFoundError:
        return
    with rows:
        for line in rows:
            try:
                number, *words = json.loads(line)
                yield GalleryRow(int(number), *map(str, words))
            except (ValueError, TypeError):
                continue


def write_new(folder: Path, number: int, email: str, message: bytes) -> str:
    """Write the `.eml` under a name that no file has yet, and give the name: what comes twice overwrites nothing."""
    base = name = file_name(number, email)
    copy = 1
    while True:
        try:
            if os.path.lexists(folder / f"{name}.html"):
                raise FileExistsError
            with create(folder / f"{name}.eml") as eml:
                eml.write(message)
        except FileExistsError:
            copy += 1
            name = f"{base}-{copy}"
        else:
            return name


def _head(index: Path) -> bytes:
    with read(index) as file:
        return file.read(512)


def file_name(number: int, email: str) -> str:
    """`NNNN-local`: ASCII letters, digits, dot, hyphen and underscore only, whatever the address is."""
    local = unicodedata.normalize("NFKD", email.rpartition("@")[0] or email).encode("ascii", "ignore").decode().lower()
    return f"{number:04d}-{re.sub(r'[^a-z0-9_]+|[.]{2,}', '-', local)[:40].strip('._-') or 'contact'}"
