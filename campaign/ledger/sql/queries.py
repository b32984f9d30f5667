"""Questions to the ledger: how many, who, why, when. Reads only, also while a run goes on. Raises LedgerError."""

import contextlib
from collections import Counter
from collections.abc import Callable, Iterator

from campaign.ledger.database import Database
from campaign.ledger.sql.later_counts import LEFT_AT
from campaign.ledger.sql.later_words import BY_PROOF, has_any
from campaign.ledger.sql.tally import SENDING, by_status, tally
from campaign.ledger.sqlite.schema import RESULT_ROWS, WORD, name_sending
from campaign.model import Status
from campaign.result_rows import FinalWord, ResultRow, RowReason, RowToCheck

_MANY = 20_000
"""Rows that are handed on at a time."""
_DETAIL = "coalesce(own.detail, entry.detail, '')"
_EXPLAINED = f"""
CASE WHEN {WORD} = 'pending' THEN
    trim({_DETAIL} || '; ' || waits_for(entry.cells, coalesce(entry.email, '')), '; ') ELSE {_DETAIL} END
"""
"""With what a pending row waits for behind what the server said last."""
_RESULT_ROW = f"""
SELECT entry.cells, CASE WHEN entry.status IS NULL OR entry.status = 'suppressed' THEN entry.email END, {WORD},
    coalesce(own.attempts, 0), own.smtp_code, own.enhanced, {{detail}}, own.settled_at, own.link_expires_at,
    own.link_fingerprint, {{server}}, {{later}}
{RESULT_ROWS} {{joined}} ORDER BY entry.row
"""
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
    name_sending(database, Status.PENDING)
    return _with_delivery(database, SENDING)


def deliveries(database: Database) -> Counter[Status]:
    """Give how many messages ever had these outcomes, whether or not their contacts still stand in the file: `sent`,
    and `in_doubt` (without those that are being sent). Outcomes of runs: what was proved later is not counted.
    """
    with database.explained():
        rows = Counter[str]()
        for (_, word), number in tally(database).items():
            rows[Status.SENT if word == Status.BOUNCED else word] += number
        for fact, number in database.execute("SELECT name, value FROM facts WHERE name GLOB ?", (f"{BY_PROOF} *",)):
            rows[fact.removeprefix(f"{BY_PROOF} ")] -= int(number)
    return Counter({word: rows[word] for word in (Status.SENT, Status.IN_DOUBT)})


def _with_delivery(database: Database, wanted: str) -> int:
    with database.explained():
        return sum(rows for (_, word), rows in tally(database).items() if word == wanted)


def has_later_words(database: Database) -> bool:
    """Whether any row has feedback, or evidence that its word rests on."""
    with database.explained():
        return has_any(database)


def explain_pending(database: Database, waits_for: Callable[[str, str], str]) -> None:
    """Let `waits_for` say what a pending row waits for, by its cells and its address."""
    database.create_function("waits_for", 2, waits_for)


def result_rows(database: Database, *, explain: bool = False) -> Iterator[ResultRow]:
    """Give every row of the contacts file in its order; `explain`: with what pending ones wait for."""
    with database.explained():
        # Of a ledger that no run of this version has opened, only that it has no such column can be said.
        known = any(column[1] == "server" for column in database.execute("PRAGMA table_info(delivery)"))
        question = _RESULT_ROW.format(
            detail=_EXPLAINED if explain else _DETAIL,
            server="own.server" if known else "NULL",
            **({"later": _LATER, "joined": _JOINED} if has_any(database) else {"later": "NULL, NULL", "joined": ""}),
        )
        yield from map(ResultRow._make, database.execute(question))


@contextlib.contextmanager
def snapshot(database: Database) -> Iterator[None]:
    """Let all questions that are asked meanwhile be answered from one moment, so that their numbers agree."""
    with database.explained():
        database.execute("BEGIN")
        try:
            yield
        finally:
            database.execute("ROLLBACK")


def reasons(database: Database, *, explain: bool = False) -> Iterator[RowReason]:
    """Give the reason of every row that was not sent; of pending ones, what the server said last, if it said so, and
    with `explain` what they wait for.
    """
    detail = _EXPLAINED if explain else _DETAIL
    with database.explained():
        for word, *rest in database.execute(  # as the rows come: SQLite would sort millions of reasons in memory
            f"SELECT {WORD} AS word, own.smtp_code, own.enhanced, {detail} AS why, coalesce(entry.email, '') "
            f"{RESULT_ROWS} WHERE word <> 'sent' AND NOT (word = 'pending' AND why = '')"
        ):
            yield RowReason(Status(word), *rest)


def people(database: Database, *, most: int = 200) -> list[RowToCheck]:
    """Give the first rows that need a person: bounced, rejected, failed, invalid, in doubt."""
    with database.explained():
        rows = database.execute(
            f"SELECT entry.row, entry.line, coalesce(entry.email, json_extract(entry.cells, '$[0]'), ''), "
            f"{WORD} AS word, own.smtp_code, own.enhanced, {_DETAIL} {RESULT_ROWS} "
            "WHERE word IN ('bounced', 'rejected', 'failed', 'invalid', 'in_doubt') ORDER BY entry.row LIMIT ?",
            (most,),
        ).fetchall()
    return [RowToCheck(row, line, email, Status(word), *rest) for row, line, email, word, *rest in rows]


def final_words(database: Database) -> Iterator[list[FinalWord]]:
    """Give what the pictures must know of every row, many at a time, as SQLite has them: sorting is the caller's."""
    with database.explained():
        left_at, joined = (LEFT_AT, _JOINED) if has_any(database) else ("own.settled_at", "")
        found = database.execute(
            f"SELECT {WORD}, {left_at}, coalesce(own.attempts, 0), "
            f"coalesce(lower(substr(entry.email, instr(entry.email, '@') + 1)), '') {RESULT_ROWS} {joined}"
        )
        while some := found.fetchmany(_MANY):
            yield some
