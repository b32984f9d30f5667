"""Which rows go again: what failed, what was asked for, what an operator corrected in a results file.

Raises ResultsError for a results file of another campaign, ContactsError for one that can't be read.
"""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from campaign.contacts import contact_key, open_contacts
from campaign.errors import ResultsError
from campaign.ledger.amend import Amendment, foreign
from campaign.ledger.store import Ledger
from campaign.model import Row
from campaign.results import COLUMNS


def amend_from(ledger: Ledger, source: Path, *, email_column: str, message_id: Callable[[str], str]) -> int:
    """Lay a corrected results file over the roster. Gives how many rows it chose. Raises ResultsError."""
    corrected = open_contacts(source, email_column=email_column)
    ids = _foreign_looking(corrected.columns, _rows(corrected.rows()), message_id)
    stranger = foreign(ledger.database, ids, message_id) if ids else None
    if stranger is not None:
        raise ResultsError(
            "these are the results of another campaign: their Message-IDs are not this one's",
            where=f"{source}, {stranger[1]}",
            fix="give the results file that belongs to this campaign's name",
        )
    amendment = Amendment(
        ledger.database,
        corrected.columns,
        email_column=corrected.email_column,
        ignored=COLUMNS,
        key=contact_key,
    )
    return amendment.apply(_rows(corrected.rows()))


def _foreign_looking(columns: tuple[str, ...], rows: Iterable[Row], message_id: Callable[[str], str]) -> dict[str, str]:
    """The Message-IDs that are not what the row's address would have: of a corrected address, or of another campaign."""
    if "message_id" not in columns:
        return {}
    place = columns.index("message_id")
    return {
        row.cells[place]: f"row {row.number} (line {row.line})"
        for row in rows
        if row.cells[place] and (row.email is None or message_id(row.email) != row.cells[place])
    }


def _rows(chunks: Iterable[list[Row]]) -> Iterator[Row]:
    for chunk in chunks:
        yield from chunk
