"""One reading of the contacts file and the suppression lists, into the ledger's roster.

Raises ContactsError where a file can't be read as a whole; a fault of one row stands in that row.
"""

import contextlib
import gc
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from campaign.contacts import ContactsFile, contact_key, read_suppressions
from campaign.ledger.faults import transaction
from campaign.ledger.roster import enrol
from campaign.ledger.schema import connect
from campaign.model import Row


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadOrder:
    """What to read, and into which ledger."""

    ledger: Path
    contacts: ContactsFile
    suppress: tuple[Path, ...]
    digest: str
    """What tells, another time, whether the files were read as they are."""
    in_parts: bool
    """Whether others take rows from the roster while it grows."""


def read_into(order: ReadOrder, heard: Callable[[int], None]) -> None:
    """Read the files into the ledger's roster. Raises ContactsError, LedgerError."""
    with contextlib.closing(connect(order.ledger)) as database:
        fill(database, order.contacts, order.suppress, heard, in_parts=order.in_parts)
        with transaction(database):
            facts = [("digest", order.digest), ("reading", 0)]
            database.executemany("INSERT OR REPLACE INTO facts VALUES (?, ?)", facts)


def fill(
    database: sqlite3.Connection,
    contacts: ContactsFile,
    suppress: tuple[Path, ...],
    heard: Callable[[int], None],
    *,
    in_parts: bool = False,
) -> None:
    """Read the files into the roster of an open ledger. Raises ContactsError, LedgerError."""
    chunks = contacts.rows()
    gc.freeze()  # pandas and all the rest stay: the collector need not look at them for every few hundred rows
    suppressed = read_suppressions(suppress, email_column=contacts.email_column)

    def told() -> Iterator[list[Row]]:
        count = 0
        for chunk in chunks:
            yield chunk
            count += len(chunk)
            heard(count)

    enrol(database, contacts.columns, told(), suppressed, contact_key, in_parts=in_parts)
