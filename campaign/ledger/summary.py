"""Questions to the ledger: how many, who, why, when. Reads only, also while a run goes on. Raises LedgerError."""

import sqlite3
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from campaign.ledger.faults import explained
from campaign.ledger.schema import STANDINGS, WORD, name_sending
from campaign.model import Standing, Status

_DETAIL = "coalesce(own.detail, entry.detail, '')"
_STANDING = f"""
SELECT entry.cells, CASE WHEN entry.status IS NULL OR entry.status = 'suppressed' THEN entry.email END, {WORD},
    coalesce(own.attempts, 0), own.smtp_code, own.enhanced, {_DETAIL}, own.settled_at, own.link_expires_at,
    own.link_fingerprint
{STANDINGS} ORDER BY entry.row
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
    with explained(database):
        found = Counter(word for (word,) in database.execute(f"SELECT {WORD} {STANDINGS}"))  # SQLite would sort them
    return {status: found[status.value] for status in Status}


def being_sent(database: sqlite3.Connection) -> int:
    """Give the number of messages that are being sent while a run goes on: claimed, without an outcome. From now on,
    their rows are `pending` on this connection.
    """
    name_sending(database, Status.PENDING)
    with explained(database):
        (count,) = database.execute("SELECT count(*) FROM delivery WHERE status = 'sending'").fetchone()
    return int(count)


def deliveries(database: sqlite3.Connection) -> Counter[Status]:
    """Give how many messages ever had these outcomes, whether or not their contacts still stand in the file: `sent`,
    and `in_doubt` (without those that are being sent).
    """
    with explained(database):
        rows = database.execute(
            "SELECT status, count(*) FROM delivery WHERE status IN ('sent', 'in_doubt') GROUP BY status"
        )
        return Counter({Status(word): count for word, count in rows})


def standings(database: sqlite3.Connection) -> Iterator[Standing]:
    """Give every row of the contacts file in its order."""
    with explained(database):
        yield from map(Standing._make, database.execute(_STANDING))


def reasons(database: sqlite3.Connection, *, most: int = 50) -> list[Reason]:
    """Give the commonest reasons of what was not sent."""
    with explained(database):
        rows = database.execute(
            f"SELECT {WORD} AS word, own.smtp_code, {_DETAIL} AS detail, count(*) {STANDINGS} "
            "WHERE word NOT IN ('sent', 'pending') GROUP BY 1, 2, 3 ORDER BY 4 DESC, 1, 2, 3 LIMIT ?",
            (most,),
        ).fetchall()
    return [Reason(Status(word), code, detail, count) for word, code, detail, count in rows]


def people(database: sqlite3.Connection, *, most: int = 200) -> list[Person]:
    """Give the first rows that need a person: rejected, failed, invalid, in doubt."""
    with explained(database):
        rows = database.execute(
            f"SELECT entry.row, coalesce(entry.email, json_extract(entry.cells, '$[0]'), ''), {WORD} AS word, "
            f"own.smtp_code, {_DETAIL} {STANDINGS} "
            "WHERE word IN ('rejected', 'failed', 'invalid', 'in_doubt') ORDER BY entry.row LIMIT ?",
            (most,),
        ).fetchall()
    return [Person(row, email, Status(word), code, detail) for row, email, word, code, detail in rows]


def first_and_last(database: sqlite3.Connection) -> tuple[int, int] | None:
    """Give when the first and the last message was accepted (Unix seconds); None where none was."""
    with explained(database):
        first, last = database.execute(
            "SELECT min(settled_at), max(settled_at) FROM delivery WHERE status = 'sent'"
        ).fetchone()
    return None if first is None else (first, last)


def per_minute(database: sqlite3.Connection) -> list[tuple[int, int]]:
    """Give (Unix seconds at the beginning of a minute, messages sent in it), in order."""
    with explained(database):
        return database.execute(
            "SELECT settled_at / 60 * 60, count(*) FROM delivery WHERE status = 'sent' GROUP BY 1 ORDER BY 1"
        ).fetchall()
