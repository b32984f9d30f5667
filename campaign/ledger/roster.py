"""The contacts file as it was read: who is to be mailed in this run, and in what order.

`enrol` writes rows down, finding duplicates and the suppressed; `Taker` hands them out, each to one worker. The
file's own cells are kept, so a run mails exactly what was checked, whatever becomes of the file meanwhile.
"""

import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from campaign.ledger.schema import connect, explain
from campaign.model import Contact, Row, Status

_CONTACT = """
INSERT INTO contact (address, id, roster, row) VALUES (?, ?, ?, ?)
ON CONFLICT (address) DO UPDATE SET roster = excluded.roster, row = excluded.row WHERE roster <> excluded.roster
"""
_ENTRY = """
INSERT INTO entry (row, line, contact, email, status, detail, cells)
SELECT ?1, ?2, contact.id, ?3,
    CASE WHEN contact.row <> ?1 THEN 'duplicate' WHEN suppressed.address IS NOT NULL THEN 'suppressed' END,
    CASE WHEN contact.row <> ?1 THEN 'the address of row ' || contact.row
         WHEN suppressed.address IS NOT NULL THEN 'on a suppression list' END,
    ?4
FROM contact LEFT JOIN suppressed ON suppressed.address = contact.address WHERE contact.address = ?5
"""
_FAULTY = "INSERT INTO entry (row, line, email, status, detail, cells) VALUES (?, ?, ?, 'invalid', ?, ?)"
_SENDABLE = "entry.status IS NULL AND coalesce(delivery.status, 'pending') = 'pending'"
_PER_TRANSACTION = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """A contact whose turn it is."""

    id: int
    """The ledger's number for the contact."""
    contact: Contact
    tries: int


def enrol(
    database: sqlite3.Connection,
    columns: Sequence[str],
    rows: Iterable[Sequence[Row]],
    suppressed: Iterable[str],
    key: Callable[[str], str],
) -> None:
    """Replace the roster by these rows. `key` gives the identity of an address. Raises what `rows` raises; the roster
    is then incomplete, and enrolled anew by the next run.
    """
    database.execute("BEGIN IMMEDIATE")
    database.execute("DELETE FROM facts WHERE name = 'digest'")
    database.execute("DELETE FROM entry")
    database.execute("DELETE FROM suppressed")
    database.executemany("INSERT OR IGNORE INTO suppressed VALUES (?)", ((address,) for address in suppressed))
    roster = database.execute("SELECT coalesce(max(roster), 0) + 1 FROM contact").fetchone()[0]
    first_id = database.execute("SELECT coalesce(max(id), 0) FROM contact").fetchone()[0]
    database.execute("INSERT OR REPLACE INTO facts VALUES ('columns', ?)", (json.dumps(list(columns)),))
    try:
        written = 0
        for chunk in rows:
            _enrol_chunk(database, chunk, roster, first_id, key)
            written += len(chunk)
            if written >= _PER_TRANSACTION:
                database.execute("COMMIT")
                database.execute("BEGIN IMMEDIATE")
                written = 0
    finally:
        database.execute("COMMIT")


def _enrol_chunk(
    database: sqlite3.Connection, chunk: Sequence[Row], roster: int, first_id: int, key: Callable[[str], str]
) -> None:
    encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
    contacts, entries, faulty = [], [], []
    for row in chunk:
        cells = encode(row.cells)
        if row.email is None or row.fault is not None:
            faulty.append((row.number, row.line, row.email, row.fault, cells))
        else:
            address = key(row.email)
            contacts.append((address, first_id + row.number, roster, row.number))
            entries.append((row.number, row.line, row.email, cells, address))
    database.executemany(_CONTACT, contacts)
    database.executemany(_ENTRY, entries)
    database.executemany(_FAULTY, faulty)


def count_due(database: sqlite3.Connection, again: Sequence[Status], *, limit: int | None, chosen_only: bool) -> int:
    """Say how many contacts a run would take, were the statuses in `again` pending, too."""
    words = [Status.PENDING, *again]
    marks = ", ".join("?" * len(words))
    chosen = " AND entry.chosen" if chosen_only else ""
    count: int = database.execute(
        "SELECT count(*) FROM entry LEFT JOIN delivery USING (contact) "  # noqa: S608 - our own words
        f"WHERE entry.status IS NULL AND coalesce(delivery.status, 'pending') IN ({marks}){chosen}",
        words,
    ).fetchone()[0]
    return count if limit is None else min(count, limit)


def prepare_run(database: sqlite3.Connection, *, limit: int | None, chosen_only: bool) -> int:
    """Put the cursor before the first row, and say how many contacts this run may take. Gives that number."""
    where = _SENDABLE + (" AND entry.chosen" if chosen_only else "")
    count: int = database.execute(
        f"SELECT count(*) FROM entry LEFT JOIN delivery USING (contact) WHERE {where}"  # noqa: S608 - our own words
    ).fetchone()[0]
    if limit is not None:
        count = min(count, limit)
    database.execute("BEGIN IMMEDIATE")
    database.executemany(
        "INSERT OR REPLACE INTO facts VALUES (?, ?)",
        [("cursor", 0), ("allowance", count), ("chosen_only", int(chosen_only))],
    )
    database.execute("COMMIT")
    return count


class Taker:
    """Hands out the rows of the run, a few at a time; no row to two takers."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._database = connect(path, cache_mib=2)
        self._columns: list[str] = json.loads(self._fact("columns"))
        chosen = " AND entry.chosen" if int(self._fact("chosen_only")) else ""
        self._select = (
            "SELECT entry.row, entry.contact, entry.email, entry.cells, coalesce(delivery.tries, 0) "  # noqa: S608 - ours
            f"FROM entry LEFT JOIN delivery USING (contact) WHERE entry.row > ? AND {_SENDABLE}{chosen} "
            "ORDER BY entry.row LIMIT ?"
        )

    def take(self, most: int) -> list[Due]:
        """Give up to `most` contacts that are this taker's alone; none when there are no more. Raises LedgerError."""
        database = self._database
        try:
            database.execute("BEGIN IMMEDIATE")
            try:
                cursor, allowance = int(self._fact("cursor")), int(self._fact("allowance"))
                rows = database.execute(self._select, (cursor, min(most, allowance))).fetchall()
                if rows:
                    database.executemany(
                        "UPDATE facts SET value = ? WHERE name = ?",
                        [(rows[-1][0], "cursor"), (allowance - len(rows), "allowance")],
                    )
            finally:
                database.execute("COMMIT")
        except sqlite3.Error as error:
            raise explain(error, self._path) from None
        return [
            Due(id=number, contact=self._contact(row, email, cells), tries=tries)
            for row, number, email, cells, tries in rows
        ]

    def close(self) -> None:
        """Close the ledger."""
        self._database.close()

    def _contact(self, row: int, email: str, cells: str) -> Contact:
        columns = dict(zip(self._columns, json.loads(cells), strict=True))
        return Contact(number=row, email=email, columns=columns)

    def _fact(self, name: str) -> str:
        found = self._database.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
        assert found is not None, name
        return str(found[0])


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolled:
    """A row of the roster, with what reading it has shown."""

    contact: Contact
    """With an empty address where the row has none."""
    status: Status
    """`pending` where nothing stands against mailing it."""
    detail: str


def enrolled(database: sqlite3.Connection) -> Iterator[Enrolled]:
    """Give the roster in order."""
    columns: list[str] = json.loads(database.execute("SELECT value FROM facts WHERE name = 'columns'").fetchone()[0])
    for row, email, status, detail, cells in database.execute(
        "SELECT row, coalesce(email, ''), coalesce(status, 'pending'), coalesce(detail, ''), cells "
        "FROM entry ORDER BY row"
    ):
        named = dict(zip(columns, json.loads(cells), strict=True))
        yield Enrolled(contact=Contact(number=row, email=email, columns=named), status=Status(status), detail=detail)
