"""Questions to the ledger: how many, who, why, when. Reads only, also while a run goes on. Raises LedgerError."""

import contextlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from campaign.ledger.cells import decode_cells
from campaign.ledger.database import Database
from campaign.ledger.sql.later_counts import LEFT_AT
from campaign.ledger.sql.later_words import BY_PROOF, has_any
from campaign.ledger.sql.tally import SENDING, by_status, tally
from campaign.ledger.sql.words import RESULT_ROWS, WORD
from campaign.model import Status
from campaign.result_rows import FinalWord, ResultRow, RowReason, RowToCheck

WaitsFor = Callable[[str, str], str]
_MANY = 20_000
"""Rows that are handed on at a time."""
_DETAIL = "coalesce(own.detail, entry.detail, '')"
_RESULT_ROW = f"""
SELECT entry.cells, CASE WHEN entry.status IS NULL OR entry.status = 'suppressed' THEN entry.email END, {WORD},
    coalesce(own.attempts, 0), own.smtp_code, own.enhanced, {_DETAIL}, own.settled_at, own.link_expires_at,
    own.link_fingerprint, {{server}}, {{later}}
{RESULT_ROWS} {{joined}} ORDER BY entry.row
"""
_REASONS = f"""
SELECT {WORD}, own.smtp_code, own.enhanced, {_DETAIL}, coalesce(entry.email, ''){{cells}}
{RESULT_ROWS} WHERE {WORD} <> 'sent'
"""
"""As the rows come: SQLite would sort millions of reasons in memory."""
_SAID_SOMETHING = f" AND NOT ({WORD} = 'pending' AND {_DETAIL} = '')"
_SAID = ResultRow._fields.index("detail")
_LATER = "later_word.feedback, later_word.evidence"
_JOINED = """
LEFT JOIN later_word ON later_word.contact = entry.contact AND (entry.status IS NULL OR entry.status = 'suppressed')
"""


def counts(database: Database) -> dict[Status, int]:
    """Give the number of rows of each status, all statuses present."""
    with database.explained():
        (sending,) = database.execute("SELECT sending_word()").fetchone()
        return by_status(tally(database), Status(sending))


def being_sent(database: Database) -> int:
    """Give the number of messages that are being sent while a run goes on: claimed, without an outcome. From now on,
    their rows are `pending` on this connection.
    """
    database.name_sending(Status.PENDING)
    return _with_delivery(database, SENDING)


def deliveries(database: Database) -> Counter[Status]:
    """Give how many messages ever had these outcomes, whether or not their contacts still stand in the file: `sent`,
    and `in_doubt` (without those that are being sent). Outcomes of runs: what was proved later is not counted.
    """
    with database.explained():
        rows = Counter[str]()
        for (_, word), number in tally(database).items():
            rows[Status.SENT if word == Status.BOUNCED else word] += number
        for fact, number in database.execute("SELECT name, value FROM facts WHERE name LIKE ?", (f"{BY_PROOF} %",)):
            rows[fact.removeprefix(f"{BY_PROOF} ")] -= int(number)
    return Counter({word: rows[word] for word in (Status.SENT, Status.IN_DOUBT)})


def _with_delivery(database: Database, wanted: str) -> int:
    with database.explained():
        return sum(rows for (_, word), rows in tally(database).items() if word == wanted)


def has_later_words(database: Database) -> bool:
    """Whether any row has feedback, or evidence that its word rests on."""
    with database.explained():
        return has_any(database)


def result_rows(database: Database, *, waits_for: WaitsFor | None = None) -> Iterator[ResultRow]:
    """Give every row of the contacts file in its order. `waits_for` says what a pending one waits for, by its cells and
    its address: that is given behind what the server said last.
    """
    with database.explained():
        # Of a ledger that no run of this version has opened, only that it has no such column can be said.
        known = "server" in database.columns_of("delivery")
        question = _RESULT_ROW.format(
            server="own.server" if known else "NULL",
            **({"later": _LATER, "joined": _JOINED} if has_any(database) else {"later": "NULL, NULL", "joined": ""}),
        )
        with database.streamed(question) as found:
            yield from map(ResultRow._make, found if waits_for is None else _explained(found, waits_for))


def reasons(database: Database, *, waits_for: WaitsFor | None = None) -> Iterator[RowReason]:
    """Give the reason of every row that was not sent; of pending ones, what the server said last, if it said so, and
    what they wait for, if `waits_for` says so.
    """
    question = _REASONS.format(cells="" if waits_for is None else ", entry.cells")
    with (
        database.explained(),
        database.streamed(question if waits_for is not None else question + _SAID_SOMETHING) as found,
    ):
        if waits_for is None:
            yield from (RowReason(Status(word), *rest) for word, *rest in found)
            return
        for word, code, enhanced, said, email, cells in found:
            why = _why(said, waits_for(cells, email)) if word == Status.PENDING else said
            if why or word != Status.PENDING:
                yield RowReason(Status(word), code, enhanced, why, email)


def _explained(rows: Iterable[tuple[Any, ...]], waits_for: WaitsFor) -> Iterator[tuple[Any, ...]]:
    """Result rows as they come, with what the pending ones wait for."""
    for row in rows:
        if row[2] == "pending":
            yield (*row[:_SAID], _why(row[_SAID], waits_for(row[0], row[1] or "")), *row[_SAID + 1 :])
        else:
            yield row


def _why(said: str, waits_for: str) -> str:
    return f"{said}; {waits_for}".strip("; ")


def people(database: Database, *, most: int = 200) -> list[RowToCheck]:
    """Give the first rows that need a person: bounced, rejected, failed, invalid, in doubt."""
    with database.explained():
        rows = database.execute(
            f"SELECT entry.row, entry.line, entry.email, CASE WHEN entry.email IS NULL THEN entry.cells END, "
            f"{WORD}, own.smtp_code, own.enhanced, {_DETAIL} {RESULT_ROWS} "
            f"WHERE {WORD} IN ('bounced', 'rejected', 'failed', 'invalid', 'in_doubt') ORDER BY entry.row LIMIT ?",
            (most,),
        ).fetchall()
    return [
        RowToCheck(row, line, _first(cells) if email is None else email, Status(word), *rest)
        for row, line, email, cells, word, *rest in rows
    ]


def _first(cells: str) -> str:
    """The first cell, of a row without an address. What is damaged is told by whoever needs it."""
    with contextlib.suppress(ValueError):
        return next(iter(decode_cells(cells)), "")
    return ""


def final_words(database: Database) -> Iterator[list[FinalWord]]:
    """Give what the pictures must know of every row, many at a time, as they come: sorting is the caller's."""
    with database.explained():
        left_at, joined = (LEFT_AT, _JOINED) if has_any(database) else ("own.settled_at", "")
        question = (
            f"SELECT {WORD}, {left_at}, coalesce(own.attempts, 0), "
            f"coalesce(lower(substr(entry.email, instr(entry.email, '@') + 1)), '') {RESULT_ROWS} {joined}"
        )
        with database.streamed(question) as found:
            while some := found.fetchmany(_MANY):
                yield some
