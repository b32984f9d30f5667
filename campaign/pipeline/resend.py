"""Which rows go again: what failed, what was asked for, what an operator corrected in a results file.

Raises ResultsError for a results file of another campaign, ContactsError for one that can't be read.
"""

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path

from campaign.contacts import ContactsFile, contact_key, open_contacts
from campaign.errors import ResultsError
from campaign.ledger.amend import Amendment
from campaign.ledger.recognition import owners_of, same_message
from campaign.ledger.store import Ledger
from campaign.model import Row
from campaign.results import COLUMNS

_AT_ONCE = 10_000
"""Message-IDs to look up in one pass over the ledger."""


def amend_from(ledger: Ledger, source: Path, *, email_column: str, message_id: Callable[[str], str]) -> int:
    """Lay a corrected results file over the roster. Gives how many contacts it chose. Raises ResultsError."""
    corrected = open_contacts(source, email_column=email_column)
    owners: dict[str, str] = {}
    strangers = _strangers(corrected, message_id)
    while some := dict(islice(strangers, _AT_ONCE)):
        found = owners_of(ledger.database, some, message_id)
        unknown = next((where for one, where in some.items() if one not in found), None)
        if unknown is not None:
            raise ResultsError(
                "these are the results of another campaign: their Message-IDs are not this one's",
                where=f"{source}, {unknown}",
                fix="give the results file that belongs to this campaign's name",
            )
        owners.update(found)
    amendment = Amendment(
        ledger.database,
        corrected.columns,
        email_column=corrected.email_column,
        ignored=COLUMNS,
        key=contact_key,
        owners=owners,
    )
    return amendment.apply(_rows(corrected.rows()))


def _strangers(corrected: ContactsFile, message_id: Callable[[str], str]) -> Iterator[tuple[str, str]]:
    """The Message-IDs that are not what the row's address would have: of a corrected address, or of another campaign.
    Each comes with the name of its row.
    """
    if "message_id" not in corrected.columns:
        return
    place = corrected.columns.index("message_id")
    for row in _rows(corrected.rows()):
        given = row.cells[place]
        if given and (row.email is None or not same_message(message_id(row.email), given)):
            yield given, f"row {row.number} (line {row.line})"


def _rows(chunks: Iterable[list[Row]]) -> Iterator[Row]:
    for chunk in chunks:
        yield from chunk
