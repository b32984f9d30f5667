"""Ledgers for tests: rows to enrol, attempts to claim, and what stands in the file."""

import sqlite3
import zlib
from collections.abc import Iterable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from campaign.contacts import contact_key
from campaign.ledger.sql import queries
from campaign.ledger.sql.run_ledger import SqlRunLedger
from campaign.ledger.sqlite.journal import SqliteJournal
from campaign.ledger_place import DatabasePlace, Place
from campaign.model import Attempt, Envelope, Message, Outcome, Reply, Row, Status
from tests import stores

OK = Reply(code=250, enhanced="2.0.0", text="Ok: queued")
BUSY = Reply(code=450, enhanced="4.2.1", text="Mailbox busy")


def row(number: int, email: str | None, *cells: str, fault: str | None = None, line: int | None = None) -> Row:
    """A row whose first cell is its address (or what stands there in its place)."""
    return Row(
        number=number, line=line or number + 1, cells=cells or (email or "nobody",), email=email,
        fault=fault if fault or email else "no address",
    )  # fmt: skip


def rows(*emails: str | None) -> list[Row]:
    """Rows with these addresses."""
    return [row(number, email) for number, email in enumerate(emails, 1)]


def enrolled(
    ledger: SqlRunLedger,
    entries: Sequence[Row],
    *,
    columns: Sequence[str] = ("email",),
    suppressed: Iterable[str] = (),
) -> None:
    """Enrols in chunks of three."""
    chunks = (entries[start : start + 3] for start in range(0, len(entries), 3))
    ledger.enrol(columns, chunks, listed(*suppressed), contact_key)


def listed(*keys: str) -> list[tuple[str, str, int]]:
    """A suppression list, quiet.csv, with these keys."""
    return [(key, "quiet.csv", line) for line, key in enumerate(keys, 1)]


def people(ledger: SqlRunLedger, count: int) -> list[int]:
    """Enrols so many people; gives their numbers."""
    enrolled(ledger, rows(*(f"p{number}@people.example" for number in range(1, count + 1))))
    return [number for (number,) in ledger.database.execute("SELECT contact FROM entry ORDER BY row")]


def journal(place: Place) -> Any:
    """A journal that wakes nobody."""
    if isinstance(place, DatabasePlace):
        return stores.Pen(place)
    return SqliteJournal(place, wake=lambda: None, clock=lambda: 1_800_000_000.0)


def attempt(contact: int, **values: Any) -> Attempt:
    """An attempt for the contact."""
    message = Message(
        envelope=Envelope(return_path="us@example.com", recipient="you@example.com"), message_id="<1@x>", data=b""
    )
    given: dict[str, Any] = {"link_expires_at": 9, "link_fingerprint": "abc"}
    return Attempt(contact=contact, message=message, **given | values)


def outcome(contact: int, status: Status = Status.SENT, reply: Reply | None = OK, **values: Any) -> Outcome:
    """An outcome for the contact."""
    return Outcome(contact=contact, status=status, reply=reply, **values)


def commit(pen: Any) -> tuple[list[int], list[int]]:
    """One round, to its end: the contacts whose claims are durable, and those whose claims were lost."""
    if isinstance(pen, stores.Pen):
        return pen.commit()
    pen.commit()
    ended = pen.collect(wait=True)
    assert ended is not None
    return [one.contact for one in ended.durable], [one.contact for one in ended.lost]


def deliveries(place: Place) -> dict[int, tuple[Any, ...]]:
    """(status, attempts, tries, code, detail) of every contact with a delivery."""
    sql = "SELECT contact, status, attempts, tries, smtp_code, detail FROM delivery ORDER BY contact"
    return {number: tuple(rest) for number, *rest in stores.rows_of(place, sql)}


def words(ledger: SqlRunLedger) -> list[str]:
    """The status of every row, in order."""
    return [standing.status for standing in queries.result_rows(ledger.database)]


def as_of_version_4(database: sqlite3.Connection) -> None:
    """Take away what the version after it has brought."""
    ((value,),) = database.execute("SELECT value FROM generation").fetchall()
    for name, number in zip(("wal", "generation"), value.split()[:2], strict=True):
        if int(number) >= 0:  # as the versions before wrote them
            text = f"{int(number)} {zlib.crc32(str(int(number)).encode()):08x}"
            database.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (name, text))
    for table in ("evidence", "later_word", "generation"):
        database.execute(f"DROP TABLE {table}")
    database.execute("DELETE FROM tally WHERE delivery = 'bounced'")
    database.execute("DELETE FROM facts WHERE name IN ('first_run_at', 'roster_changes')")
    database.execute("PRAGMA user_version = 4")


def as_of_version_3(database: sqlite3.Connection) -> None:
    """Take away what the version after it has brought."""
    as_of_version_4(database)
    for table in ("set_aside", "timeline", "live_state", "erased"):
        database.execute(f"DROP TABLE {table}")
    database.execute("ALTER TABLE delivery DROP COLUMN server")
    database.execute("PRAGMA user_version = 3")


def settle(ledger: SqlRunLedger, statuses: dict[str, Status]) -> None:
    """Gives addresses an outcome, by way of a claim."""
    found = dict(ledger.database.execute("SELECT address, id FROM contact"))
    pen = journal(ledger.place)
    for address in statuses:
        pen.claim(attempt(found[address]))
    commit(pen)
    for address, status in statuses.items():
        pen.settle(outcome(found[address], status, OK if status is Status.SENT else BUSY))
    commit(pen)
    pen.close()


def salt_of(ledger: Path) -> bytes:
    """What the campaign's `contact.key`s are made with."""
    with closing(sqlite3.connect(ledger)) as database:
        ((text,),) = database.execute("SELECT value FROM facts WHERE name = 'contact_key_salt'")
    return bytes.fromhex(text)
