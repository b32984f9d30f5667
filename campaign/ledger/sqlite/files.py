"""The files that a ledger consists of: the one with its name, and those beside it."""

import os
import sys
from pathlib import Path

from campaign.errors import LedgerError
from campaign.ledger.database import damaged
from campaign.private_files import planted_fault

_BEGINNINGS = (
    b"\x37\x7f\x06\x82",  # a WAL, by its checksums' byte order: sqlite.org/fileformat2.html, section 4.1
    b"\x37\x7f\x06\x83",
    b"\xd9\xd5\x05\xf9",  # a rollback journal: section 3
    (3007000).to_bytes(4, sys.byteorder),  # a WAL index: sqlite.org/walformat.html, section 2.1
    b"\0\0\0\0",  # one of them, not begun or at its end
    b"",
)
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


def moved_file(ledger: Path) -> Path:
    """Say what a ledger's file is called once all of it is in a database."""
    return Path(f"{ledger}-moved")


def refuse_planted(ledger: Path) -> None:
    """Raise LedgerError where what has the ledger's name is no plain file, or where a link, a FIFO or a stranger's file
    has that of a file beside it: SQLite would write through it, or wait for good.
    """
    try:
        if ledger.exists() and not ledger.is_file():
            raise _planted("in the ledger's place stands no plain file", ledger)
        for beside in (wal_file(ledger), journal_file(ledger), Path(f"{ledger}-shm"), generation_file(ledger)):
            fault = planted_fault(beside)
            if not fault and beside.exists() and beside.stat().st_nlink > 1 and not _is_of_a_ledger(beside):
                fault = "a file with a second name (a hard link)"
            if fault:
                raise _planted(f"beside the ledger stands {fault}, where only a file of its own can be", beside)
    except OSError:  # its folder can't be looked into: whoever opens the ledger says so
        return


def _is_of_a_ledger(path: Path) -> bool:
    """Whether a file with a second name, which a backup may have given it, is one of those that SQLite writes over."""
    with path.open("rb") as file:
        return file.read(4) in _BEGINNINGS or path.name.endswith("-generation")  # that is never written over


def _planted(what: str, where: Path) -> LedgerError:
    fix = "find out who has put it there, and remove it; set ledger.path to move the ledger"
    return LedgerError(what, where=str(where), fix=fix)


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
