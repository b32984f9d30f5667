"""The contacts file and the suppression lists into the ledger, unless it holds them already.

Raises ContactsError where a file can't be read as a whole; a fault of one row stands in that row.
"""

import gc
import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path

from campaign.contacts import ContactsFile, contact_key, read_suppressions
from campaign.ledger.roster import enrol
from campaign.ledger.store import Ledger
from campaign.model import Row

_FORMAT = "1"
"""Goes up when the same bytes would be read differently."""


def digest(contacts: ContactsFile, suppress: tuple[Path, ...]) -> str:
    """Give what tells whether the files were read before, as they are."""
    parts = [_FORMAT, contacts.email_column, contacts.digest()]
    for path in suppress:
        with path.open("rb") as file:
            parts.append(hashlib.file_digest(file, "sha256").hexdigest())
    return " ".join(parts)


def enrol_contacts(
    ledger: Ledger, contacts: ContactsFile, suppress: tuple[Path, ...], reading: Callable[[int], None]
) -> None:
    """Read everybody into the ledger's roster. `reading` hears the number of rows read so far."""
    suppressed = read_suppressions(suppress, email_column=contacts.email_column)
    mark = digest(contacts, suppress)
    chunks = contacts.rows()
    gc.freeze()  # pandas and all the rest stay: the collector need not look at them for every few hundred rows

    def told(chunks: Iterator[list[Row]]) -> Iterator[list[Row]]:
        count = 0
        for chunk in chunks:
            yield chunk
            count += len(chunk)
            reading(count)

    enrol(ledger.database, contacts.columns, told(chunks), suppressed, contact_key)
    ledger.write_fact("digest", mark)


def is_enrolled(ledger: Ledger, contacts: ContactsFile, suppress: tuple[Path, ...]) -> bool:
    """Whether the roster is these files', unchanged."""
    known = ledger.fact("digest")
    return known is not None and known == digest(contacts, suppress)
