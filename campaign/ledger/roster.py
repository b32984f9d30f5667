"""The contacts file as it was read: who is to be mailed, and in what order.

`enrol` writes rows down, finding duplicates and the suppressed. The file's own cells are kept, so a run mails exactly
what was checked, whatever becomes of the file meanwhile.
"""

import contextlib
import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from campaign.ledger.cells import decode_cells, encode_cells
from campaign.ledger.faults import damaged, explained, path_of, transaction
from campaign.ledger.schema import connect
from campaign.ledger.suppressed import Suppressed
from campaign.ledger.tally import add_rows, recount
from campaign.model import Contact, Row, Status

_CONTACT = """
INSERT INTO contact (address, id, roster, row) VALUES (?, ?, ?, ?)
ON CONFLICT (address) DO UPDATE SET roster = excluded.roster, row = excluded.row WHERE roster <> excluded.roster
"""
_ENTRY = "INSERT INTO entry (row, line, contact, email, status, detail, cells) VALUES (?, ?, ?, ?, ?, ?, ?)"
_KNOWN = "SELECT address, id, row FROM contact WHERE address IN (SELECT value FROM json_each(?))"
_SMALLEST_PART, _LARGEST_PART = 2_000, 30_000
_CACHE_MIB = 16
"""More would only make the process larger: the pages that do not fit are the kernel's to keep."""


def enrol(
    database: sqlite3.Connection,
    columns: Sequence[str],
    rows: Iterable[Sequence[Row]],
    suppressed: Iterable[tuple[str, str, int]],
    key: Callable[[str], str],
    *,
    in_parts: bool = False,
    remember: Callable[[], Iterable[tuple[str, str]]] = tuple,
) -> None:
    """Replace the roster by these rows, as a whole or not at all. `key` gives the identity of an address, as it stands
    in `suppressed`: (identity, or a domain with an @-sign before it; the name of the list; its line). `remember` gives
    facts to put on record once the lists have been read. Raises LedgerError, and what the arguments raise.

    With `in_parts`, others may take from it while it grows, and it stays as far as it came: for a roster that was
    empty. A part touches most pages of the address table, so parts grow with it: that keeps the writing linear.
    """
    (cache,) = database.execute("PRAGMA cache_size").fetchone()
    database.execute(f"PRAGMA cache_size = {-_CACHE_MIB * 1024}")
    try:
        with transaction(database):
            database.execute("DELETE FROM facts WHERE name = 'digest'")
            database.execute("INSERT OR REPLACE INTO facts VALUES ('columns', ?)", (json.dumps(list(columns)),))
            database.execute("DELETE FROM entry")
            database.execute("DELETE FROM suppressed")
            database.executemany("INSERT OR IGNORE INTO suppressed VALUES (?, ?, ?)", suppressed)
            database.executemany("INSERT OR REPLACE INTO facts VALUES (?, ?)", remember())
            enrolment = _Enrolment(database, key)
            if not in_parts:
                for chunk in rows:
                    enrolment.add(chunk)
            recount(database)
        if in_parts:
            for part in _growing(rows):
                with transaction(database):
                    for chunk in part:
                        enrolment.add(chunk)
                    if part:
                        add_rows(database, part[0][0].number, part[-1][-1].number)
    finally:
        with explained(database):
            database.execute(f"PRAGMA cache_size = {cache}")
            database.execute("PRAGMA shrink_memory")


def _growing(chunks: Iterable[Sequence[Row]]) -> Iterator[list[Sequence[Row]]]:
    """The same chunks in lists with an eighth of the rows that came before, within bounds."""
    part: list[Sequence[Row]] = []
    before = waiting = 0
    for chunk in chunks:
        part.append(chunk)
        waiting += len(chunk)
        if waiting >= min(max(_SMALLEST_PART, before // 8), _LARGEST_PART):
            yield part
            before += waiting
            part, waiting = [], 0
    yield part


class _Enrolment:
    """One reading of the contacts file, into the ledger."""

    def __init__(self, database: sqlite3.Connection, key: Callable[[str], str]) -> None:
        self._database = database
        self._key = key
        latest = database.execute("SELECT coalesce(max(roster), 0), coalesce(max(id), 0) FROM contact").fetchone()
        self._roster, self._first_id = latest[0] + 1, latest[1]
        self._first_roster = latest == (0, 0)
        self._suppressed = Suppressed(database)

    def add(self, chunk: Sequence[Row]) -> None:
        """Add rows: the first mailable row with an address has it, later ones are its duplicates."""
        key, roster, first_id = self._key, self._roster, self._first_id
        addresses = [None if row.fault is not None or row.email is None else key(row.email) for row in chunk]
        contacts = [
            (address, first_id + row.number, roster, row.number)
            for row, address in zip(chunk, addresses, strict=True)
            if address is not None
        ]
        inserted = self._database.executemany(_CONTACT, contacts).rowcount
        known: dict[str, tuple[int, int]] | None = None
        if not self._first_roster or inserted != len(contacts):  # somebody was known, or an address comes twice
            known = {address: (number, row) for address, number, row in self._look_up(_KNOWN, contacts)}
        suppressed = self._suppressed.among([contact[0] for contact in contacts])
        entries = []
        for row, address in zip(chunk, addresses, strict=True):
            status: str | None = None
            detail: str | None = None
            if address is None:
                contact, status, detail = None, Status.INVALID, row.fault
            else:
                contact, first = (first_id + row.number, row.number) if known is None else known[address]
                if first != row.number:
                    status, detail = Status.DUPLICATE, f"the address of row {first}"
                elif address in suppressed:
                    status, detail = Status.SUPPRESSED, suppressed[address]
            entries.append((row.number, row.line, contact, row.email, status, detail, encode_cells(row.cells)))
        self._database.executemany(_ENTRY, entries)

    def _look_up(self, question: str, contacts: Sequence[tuple[str, int, int, int]]) -> sqlite3.Cursor:
        """Ask about the addresses of these contacts, all at once."""
        return self._database.execute(question, (json.dumps([contact[0] for contact in contacts]),))


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolled:
    """A row of the roster, with what reading it has shown."""

    contact: Contact
    """With an empty address where the row has none."""
    line: int
    """Of the contacts file, on which the row begins."""
    status: Status
    """`pending` where nothing stands against mailing it."""
    detail: str


def row_of(path: Path, address: str) -> int | None:
    """Give the row of the contact who has this address, in a ledger that a run has open. Raises LedgerError."""
    with contextlib.closing(connect(path, readonly=True)) as database, explained(database):
        found = database.execute("SELECT row FROM contact WHERE address = ?", (address,)).fetchone()
    return None if found is None else int(found[0])


def enrolled(database: sqlite3.Connection) -> Iterator[Enrolled]:
    """Give the roster in order. Raises LedgerError."""
    with explained(database):
        (columns,) = database.execute("SELECT value FROM facts WHERE name = 'columns'").fetchone()
        names: list[str] = json.loads(columns)
        for row, line, email, status, detail, cells in database.execute(
            "SELECT row, line, coalesce(email, ''), coalesce(status, 'pending'), coalesce(detail, ''), cells "
            "FROM entry ORDER BY row"
        ):
            try:
                columns = dict(zip(names, decode_cells(cells), strict=True))
            except ValueError:
                raise damaged(path_of(database), f"the cells of row {row}") from None
            contact = Contact(number=row, email=email, columns=columns)
            yield Enrolled(contact=contact, line=line, status=Status(status), detail=detail)
