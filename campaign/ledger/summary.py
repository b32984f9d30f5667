"""Questions to the ledger: how many, who, why, when. Reads only; may be asked while a run goes on."""

import sqlite3
from collections.abc import Iterator
from typing import NamedTuple

from campaign.ledger.schema import FINAL_WORD
from campaign.model import Standing, Status

_FROM = "FROM entry LEFT JOIN delivery ON delivery.contact = entry.contact"
_OWN = "entry.status IS NULL OR entry.status = 'suppressed' AND delivery.status IN ('sent', 'in_doubt', 'rejected')"
"""Whether the word on a row comes from its delivery: a duplicate's delivery is another row's."""
_STANDING = f"""
SELECT entry.cells,
    CASE WHEN coalesce(entry.status, '') NOT IN ('invalid', 'duplicate') THEN entry.email END,
    {FINAL_WORD}, {{}}
    CASE WHEN {_OWN} THEN coalesce(delivery.attempts, 0) ELSE 0 END,
    CASE WHEN {_OWN} THEN delivery.smtp_code END,
    CASE WHEN {_OWN} THEN delivery.enhanced END,
    CASE WHEN {_OWN} THEN coalesce(delivery.detail, '') ELSE coalesce(entry.detail, '') END,
    CASE WHEN {_OWN} THEN delivery.settled_at END,
    CASE WHEN {_OWN} THEN delivery.link_expires_at END,
    CASE WHEN {_OWN} THEN delivery.link_fingerprint END
{_FROM}
"""


class Reason(NamedTuple):
    """Why rows have the status they have."""

    status: Status
    smtp_code: int | None
    detail: str
    rows: int


class Person(NamedTuple):
    """A row that somebody should look at."""

    row: int
    email: str
    status: Status
    smtp_code: int | None
    detail: str


def counts(database: sqlite3.Connection) -> dict[Status, int]:
    """Give the number of rows of each status, all statuses present."""
    found = dict(database.execute(f"SELECT {FINAL_WORD}, count(*) {_FROM} GROUP BY 1"))
    return {status: found.get(status, 0) for status in Status}


def standings(database: sqlite3.Connection) -> Iterator[Standing]:
    """Give every row of the contacts file in its order."""
    return map(Standing._make, database.execute(_STANDING.format("") + "ORDER BY entry.row"))


def reasons(database: sqlite3.Connection, *, most: int = 50) -> list[Reason]:
    """Give the commonest reasons of what was not sent."""
    rows = database.execute(
        f"SELECT {FINAL_WORD}, CASE WHEN {_OWN} THEN delivery.smtp_code END, "
        f"CASE WHEN {_OWN} THEN coalesce(delivery.detail, '') ELSE coalesce(entry.detail, '') END, count(*) {_FROM} "
        "GROUP BY 1, 2, 3 HAVING 1 NOT IN ('sent', 'pending') ORDER BY 4 DESC LIMIT ?",
        (most,),
    )
    return [Reason(Status(status), code, detail, count) for status, code, detail, count in rows if status != "sent"]


def people(database: sqlite3.Connection, *, most: int = 200) -> list[Person]:
    """Give the first rows that need a person: rejected, failed, invalid, in doubt."""
    rows = database.execute(
        f"SELECT entry.row, coalesce(entry.email, json_extract(entry.cells, '$[0]'), ''), {FINAL_WORD} AS word, "
        f"CASE WHEN {_OWN} THEN delivery.smtp_code END, "
        f"CASE WHEN {_OWN} THEN coalesce(delivery.detail, '') ELSE coalesce(entry.detail, '') END {_FROM} "
        "WHERE word IN ('rejected', 'failed', 'invalid', 'in_doubt') ORDER BY entry.row LIMIT ?",
        (most,),
    )
    return [Person(row, email, Status(word), code, detail) for row, email, word, code, detail in rows]


def per_minute(database: sqlite3.Connection) -> list[tuple[int, int]]:
    """Give (Unix seconds at the beginning of a minute, messages sent in it), in order."""
    return database.execute(
        "SELECT settled_at / 60 * 60, count(*) FROM delivery WHERE status = 'sent' GROUP BY 1 ORDER BY 1"
    ).fetchall()
