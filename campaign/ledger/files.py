"""The files that a ledger consists of: the one with its name, and those beside it."""

from pathlib import Path

from campaign.errors import LedgerError
from campaign.ledger.faults import damaged

_HEADER = 100
"""Bytes of an SQLite file's header: what has fewer was cut short."""


def wal_file(ledger: Path) -> Path:
    """Say where SQLite keeps a ledger's WAL."""
    return Path(f"{ledger}-wal")


def generation_file(ledger: Path) -> Path:
    """Say where a ledger's generation stands."""
    return Path(f"{ledger}-generation")


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


def refuse_a_stump(ledger: Path) -> None:
    """Raise LedgerError for an empty file, or a few bytes: SQLite takes it for a new ledger, and deletes its WAL."""
    size = size_of(ledger)
    if 0 < size < _HEADER or (size == 0 and size_of(wal_file(ledger))):
        raise damaged(ledger, f"it was cut down to {size} {'byte' if size == 1 else 'bytes'}")
