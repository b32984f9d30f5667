"""The files that a ledger consists of: the one with its name, and those beside it."""

import os
from pathlib import Path

from campaign.errors import LedgerError
from campaign.ledger.sqlite_errors import damaged

_HEADER = 100
"""Bytes of an SQLite file's header: what has fewer was cut short."""


def wal_file(ledger: Path) -> Path:
    """Say where SQLite keeps a ledger's WAL."""
    return Path(f"{ledger}-wal")


def generation_file(ledger: Path) -> Path:
    """Say where a ledger's generation stands."""
    return Path(f"{ledger}-generation")


def journal_file(ledger: Path) -> Path:
    """Say where SQLite keeps what it needs to undo a change, before the ledger has a WAL."""
    return Path(f"{ledger}-journal")


def refuse_links(ledger: Path) -> None:
    """Raise LedgerError where a link has the name of a file beside the ledger: SQLite would write through it."""
    for beside in (wal_file(ledger), journal_file(ledger), Path(f"{ledger}-shm"), generation_file(ledger)):
        if beside.is_symlink():
            raise LedgerError(
                "beside the ledger stands a symbolic link, where only a file of its own can be",
                where=str(beside),
                fix="find out who has put it there, and remove it; set ledger.path to move the ledger",
            )


def size_of(path: Path) -> int:
    """Bytes; 0 where there is no such file. Raises LedgerError where that can't be seen."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
    except OSError as error:
        raise LedgerError(
            f"the ledger can't be opened: {error.strerror}", where=str(path), fix="check its folder, and your rights"
        ) from None


def is_at_rest(ledger: Path) -> bool:
    """Whether nobody can be using it: in a folder that can't be written, SQLite can't make the files by which it would
    notice others.
    """
    return not os.access(ledger.parent, os.W_OK) and not size_of(wal_file(ledger))


def refuse_a_stump(ledger: Path) -> None:
    """Raise LedgerError for an empty file, or a few bytes: SQLite takes it for a new ledger, and deletes its WAL. And
    for a last page that is not whole, where no WAL can have all of it: SQLite takes what is missing for zeros.

    Not for a ledger whose making was cut off: SQLite undoes that, and nobody can have been mailed before it had a
    generation.
    """
    if size_of(journal_file(ledger)) and not size_of(generation_file(ledger)):
        return
    size, wal = size_of(ledger), size_of(wal_file(ledger))
    if 0 < size < _HEADER or (size == 0 and wal) or (not wal and size % _page_size(ledger)):
        raise damaged(ledger, f"it was cut down to {size} {'byte' if size == 1 else 'bytes'}")


def _page_size(ledger: Path) -> int:
    """Bytes (sqlite.org/fileformat2.html, section 1.3.2); 1 for what is no SQLite file, or can't be read."""
    try:
        with ledger.open("rb") as file:
            header = file.read(_HEADER)
    except OSError:
        return 1
    return (int.from_bytes(header[16:18], "big") or 1) if header.startswith(b"SQLite format 3\0") else 1
