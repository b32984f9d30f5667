"""Questions to the ledger: how many, who, why, when. Reads only, also while a run goes on. Raises LedgerError."""

import contextlib
import sqlite3
from collections import Counter
from collections.abc import Iterator

from campaign.ledger.schema import RESULT_ROWS, WORD, name_sending
from campaign.ledger.sqlite_errors import explained
from campaign.ledger.tally import SENDING, by_status, tally
from campaign.model import ResultRow, RowReason, RowToCheck, Status

_DETAIL = "coalesce(own.detail, entry.detail, '')"
_RESULT_ROW = f"""
SELECT entry.cells, CASE WHEN entry.status IS NULL OR entry.status = 'suppressed' THEN entry.email END, {WORD},
    coalesce(own.attempts, 0), own.smtp_code, own.enhanced, {_DETAIL}, own.settled_at, own.link_expires_at,
    own.link_fingerprint, %s
{RESULT_ROWS} ORDER BY entry.row
"""


def counts(database: sqlite3.Connection) -> dict[Status, int]:
    """Give the number of rows of each status, all statuses present."""
    with explained(database):
        (sending,) = database.execute("SELECT sending_word()").fetchone()
        return by_status(tally(database), Status(sending))


def being_sent(database: sqlite3.Connection) -> int:
    """Give the number of messages that are being sent while a run goes on: claimed, without an outcome. From now on,
    their rows are `pending` on this connection.
    """
    name_sending(database, Status.PENDING)
    return _with_delivery(database, SENDING)


def deliveries(database: sqlite3.Connection) -> Counter[Status]:
    """Give how many messages ever had these outcomes, whether or not their contacts still stand in the file: `sent`,
    and `in_doubt` (without those that are being sent).
    """
    return Counter({word: _with_delivery(database, word) for word in (Status.SENT, Status.IN_DOUBT)})


def _with_delivery(database: sqlite3.Connection, wanted: str) -> int:
    with explained(database):
        return sum(rows for (_, word), rows in tally(database).items() if word == wanted)


def result_rows(database: sqlite3.Connection) -> Iterator[ResultRow]:
    """Give every row of the contacts file in its order."""
    with explained(database):
        # Of a ledger that no run of this version has opened, only that it has no such column can be said.
        known = any(column[1] == "server" for column in database.execute("PRAGMA table_info(delivery)"))
        yield from map(ResultRow._make, database.execute(_RESULT_ROW % ("own.server" if known else "NULL")))


@contextlib.contextmanager
def snapshot(database: sqlite3.Connection) -> Iterator[None]:
    """Let all questions that are asked meanwhile be answered from one moment, so that their numbers agree."""
    with explained(database):
        database.execute("BEGIN")
        try:
            yield
        finally:
            database.execute("ROLLBACK")


def reasons(database: sqlite3.Connection) -> Iterator[RowReason]:
    """Give the reason of every row that was not sent; of pending ones, what the server said last, if it said so."""
    with explained(database):
        for word, *rest in database.execute(  # as the rows come: SQLite would sort millions of reasons in memory
            f"SELECT {WORD} AS word, own.smtp_code, own.enhanced, {_DETAIL} AS why, coalesce(entry.email, '') "
            f"{RESULT_ROWS} WHERE word <> 'sent' AND NOT (word = 'pending' AND why = '')"
        ):
            yield RowReason(Status(word), *rest)


def people(database: sqlite3.Connection, *, most: int = 200) -> list[RowToCheck]:
    """Give the first rows that need a person: rejected, failed, invalid, in doubt."""
    with explained(database):
        rows = database.execute(
            f"SELECT entry.row, entry.line, coalesce(entry.email, json_extract(entry.cells, '$[0]'), ''), "
            f"{WORD} AS word, own.smtp_code, own.enhanced, {_DETAIL} {RESULT_ROWS} "
            "WHERE word IN ('rejected', 'failed', 'invalid', 'in_doubt') ORDER BY entry.row LIMIT ?",
            (most,),
        ).fetchall()
    return [RowToCheck(row, line, email, Status(word), *rest) for row, line, email, word, *rest in rows]


def first_and_last(database: sqlite3.Connection) -> tuple[int, int] | None:
    """Give when the first and the last message was accepted (Unix seconds); None where none was."""
    with explained(database):
        first, last = database.execute(
            f"SELECT min(own.settled_at), max(own.settled_at) {RESULT_ROWS} WHERE own.status = 'sent'"
        ).fetchone()
    return None if first is None else (first, last)


def accepted(database: sqlite3.Connection, *, since: int, width: int) -> list[tuple[int, int]]:
    """Give (Unix seconds, messages accepted) for each stretch of `width` seconds from `since` on in which any was."""
    with explained(database):
        found = Counter(  # SQLite would sort them
            place
            for (place,) in database.execute(
                f"SELECT (own.settled_at - ?) / ? {RESULT_ROWS} WHERE own.status = 'sent'", (since, width)
            )
        )
    return [(since + width * place, count) for place, count in sorted(found.items())]
