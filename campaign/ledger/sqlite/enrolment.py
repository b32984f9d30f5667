"""The contacts file, written into the roster: duplicates and the suppressed are found, and what is there already is not
written again. Of somebody who was erased, nothing is written but that the row is there.

`enrol` takes the file's rows in order. A roster that is new grows in parts; over one that is there only the differences
are written, all of them or none. Raises LedgerError, and what reading the rows raises.
"""

import contextlib
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain

from campaign.errors import LedgerError
from campaign.ledger.cells import encode_cells
from campaign.ledger.sql.broken_off import BEGUN, is_broken_off
from campaign.ledger.sql.erased import Erased, blank, detail
from campaign.ledger.sql.newest import keep_newest
from campaign.ledger.sql.suppressed import Suppressed
from campaign.ledger.sql.tally import add_rows, recount
from campaign.ledger.sqlite.connection import SqliteConnection
from campaign.ledger.sqlite.sqlite_errors import explained, transaction
from campaign.model import Row, Status

_CONTACT = "INSERT OR IGNORE INTO contact (address, id, roster, row) VALUES (?, ?, ?, ?)"
_MOVED = "UPDATE contact SET row = ?, roster = ? WHERE address = ?"
_NEW_ENTRY = "INSERT INTO entry (row, line, contact, email, status, detail, cells) VALUES (?, ?, ?, ?, ?, ?, ?)"
_ENTRY = f"REPLACE{_NEW_ENTRY.removeprefix('INSERT')}"
"""Which looks whether there is one already."""
_STORED = "SELECT row, line, contact, email, status, detail, cells FROM entry WHERE row BETWEEN ? AND ? AND NOT chosen"
_KNOWN = "SELECT address, id, row FROM contact WHERE address IN (SELECT value FROM json_each(?))"
_FIRST_OF = """
SELECT contact, row FROM entry
WHERE row IN (SELECT value FROM json_each(?)) AND (status IS NULL OR status = 'suppressed')
"""
_SMALLEST_PART, _LARGEST_PART = 2_000, 30_000
_HEAVIEST_PART = 32 * 1024 * 1024
"""Bytes that it may add to the WAL."""
_PAGE, _ADDRESSES_ON_IT = 4096, 40
"""Bytes of a page; and of the address table, what is the least on each."""
_CACHE_MIB = 16
"""More would only make the process larger: the pages that do not fit are the kernel's to keep."""


def enrol(
    database: SqliteConnection,
    columns: Sequence[str],
    rows: Iterable[Sequence[Row]],
    suppressed: Iterable[tuple[str, str, int]],
    key: Callable[[str], str],
    *,
    in_parts: bool = False,
    remember: Callable[[], Iterable[tuple[str, str]]] = tuple,
    digest: str = "",
    make_room: Callable[[], None] = lambda: None,
) -> None:
    """Replace the roster by these rows, as a whole or not at all (but for a new one, where a kill leaves a beginning).
    `key` gives the identity of an address, as it stands
    in `suppressed`: (identity, or a domain with an @-sign before it; the name of the list; its line). `remember` gives
    facts to put on record once the lists have been read. `digest` tells one reading from others: what was broken off by
    a kill goes on where it had come to. `make_room` is called behind each part. Raises LedgerError, and what the
    arguments raise.

    With `in_parts`, others may take from it while it grows, and it stays as far as it came: for a roster that was
    empty. A part touches most pages of the address table, so parts grow with it, as far as the WAL may: that keeps the
    writing linear.
    """
    (cache,) = database.execute("PRAGMA cache_size").fetchone()
    database.execute(f"PRAGMA cache_size = {-_CACHE_MIB * 1024}")
    try:
        with transaction(database):
            broken_off = is_broken_off(database, digest)
            begun = database.execute("SELECT coalesce(max(row), 0) FROM entry").fetchone()[0] if broken_off else 0
            if broken_off:
                for _ in suppressed:  # they are there; but what can't be used in them is still an error
                    pass
            else:
                _begin(database, suppressed)
            database.execute("INSERT OR REPLACE INTO facts VALUES ('columns', ?)", (json.dumps(list(columns)),))
            database.executemany("INSERT OR REPLACE INTO facts VALUES (?, ?)", remember())
            grows = broken_off or not _has_any(database, "entry")
            enrolment = _Enrolment(database, key)
            if grows:
                database.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (BEGUN, digest))
            else:
                for chunk in rows:
                    enrolment.add(chunk)
                database.execute("DELETE FROM entry WHERE row > ?", (enrolment.last,))
                recount(database)
                keep_newest(database, enrolment.newest)
        if grows:
            try:
                later = (chunk for chunk in rows if chunk[-1].number > begun)
                for part in _growing(later, begun):
                    _add_part(database, enrolment, part, begun)
                    make_room()
            except BaseException:
                enrolment.abandon(undo=not in_parts and not broken_off)
                raise
    finally:
        with explained(database):
            database.execute(f"PRAGMA cache_size = {cache}")
            database.execute("PRAGMA shrink_memory")


def _begin(database: SqliteConnection, suppressed: Iterable[tuple[str, str, int]]) -> None:
    database.execute("DELETE FROM facts WHERE name IN ('digest', ?)", (BEGUN,))
    database.execute("DELETE FROM suppressed")
    listed = Erased(database).without(suppressed)
    database.executemany("INSERT OR IGNORE INTO suppressed VALUES (?, ?, ?)", listed)


def _add_part(database: SqliteConnection, enrolment: "_Enrolment", part: list[Sequence[Row]], begun: int) -> None:
    with transaction(database):
        for chunk in part:
            enrolment.add([row for row in chunk if row.number > begun] if chunk[0].number <= begun else chunk)
        if part:
            add_rows(database, max(begun + 1, part[0][0].number), part[-1][-1].number)
            keep_newest(database, enrolment.newest)


def _growing(chunks: Iterable[Sequence[Row]], before: int) -> Iterator[list[Sequence[Row]]]:
    """The same chunks in lists with an eighth of the rows that came before, within bounds."""
    part: list[Sequence[Row]] = []
    waiting, characters = 0, 0
    for chunk in chunks:
        part.append(chunk)
        waiting += len(chunk)
        characters += sum(map(len, chain.from_iterable(row.cells for row in chunk)))
        addresses = _PAGE * min(waiting, (before + waiting) // _ADDRESSES_ON_IT)
        is_heavy = characters + addresses >= _HEAVIEST_PART
        if is_heavy or waiting >= min(max(_SMALLEST_PART, before // 8), _LARGEST_PART):
            yield part
            before += waiting
            part, waiting, characters = [], 0, 0
    yield part


def _has_any(database: SqliteConnection, table: str) -> bool:
    return database.execute(f"SELECT 1 FROM {table} LIMIT 1").fetchone() is not None  # noqa: S608 - our own words


class _Enrolment:
    """One reading of the contacts file, into the ledger. Rows come in order: whatever stands before them in the roster
    is of this reading.
    """

    def __init__(self, database: SqliteConnection, key: Callable[[str], str]) -> None:
        self.last = 0
        """The row that was added last."""
        self._database = database
        self._key = key
        latest = database.execute("SELECT coalesce(max(roster), 0), coalesce(max(id), 0) FROM contact").fetchone()
        self._roster, self._first_id = latest[0] + 1, latest[1]
        self.newest: int = latest[1]
        """The highest number of a contact."""
        self._is_new = latest == (0, 0) and not _has_any(database, "entry")
        self._suppressed = Suppressed(database)
        self._erased = Erased(database)

    def add(self, chunk: Sequence[Row]) -> None:
        """Add rows: the first mailable row with an address has it, later ones are its duplicates."""
        key, first_id = self._key, self._first_id
        addresses = [None if row.fault is not None or row.email is None else key(row.email) for row in chunk]
        gone: Sequence[str | None] = ()
        if self._erased:
            addresses, gone = self._erased.among(chunk, addresses)
        mailable = [address for address in addresses if address is not None]
        inserted = 0
        fresh: list[tuple[str, int, int, int]] = []
        if self._is_new:
            fresh = [
                (address, first_id + row.number, self._roster, row.number)
                for row, address in zip(chunk, addresses, strict=True)
                if address is not None
            ]
            inserted = self._database.executemany(_CONTACT, fresh).rowcount if fresh else 0
        known: dict[str, tuple[int, int]] | None = None
        if not self._is_new or inserted != len(mailable):  # somebody was known, or an address comes twice
            known = self._settle(chunk, addresses)
            self.newest = max(self.newest, *(contact for contact, _ in known.values()), 0)
        elif fresh:
            self.newest = fresh[-1][1]
        suppressed = self._suppressed.among(mailable)
        entries: list[tuple[object, ...]] = []
        for place, (row, address) in enumerate(zip(chunk, addresses, strict=True)):
            status: str | None = None
            why: str | None = None
            if address is None:
                contact, status, why = None, Status.INVALID.value, row.fault
            else:
                contact, first = (first_id + row.number, row.number) if known is None else known[address]
                if first != row.number:
                    status, why = Status.DUPLICATE.value, f"the address of row {first}"
                elif address in suppressed:
                    status, why = Status.SUPPRESSED.value, suppressed[address]
            if gone and (day := gone[place]) is not None:
                if status != Status.DUPLICATE:
                    status, why = status or Status.SUPPRESSED.value, detail(day)
                entries.append((row.number, row.line, contact, None, status, why, blank(row.cells)))
            else:
                entries.append((row.number, row.line, contact, row.email, status, why, encode_cells(row.cells)))
        self.last = chunk[-1].number
        if not self._is_new:
            stored = set(self._database.execute(_STORED, (chunk[0].number, self.last)))
            entries = [entry for entry in entries if entry not in stored]
        self._database.executemany(_NEW_ENTRY if self._is_new else _ENTRY, entries)

    def abandon(self, *, undo: bool) -> None:
        """Leave nothing to go on with, as far as that can be done; `undo`: nor anything else of a new roster."""
        with contextlib.suppress(LedgerError), transaction(self._database):
            self._database.execute("DELETE FROM facts WHERE name = ?", (BEGUN,))
            if undo:
                self._database.execute("DELETE FROM facts WHERE name = 'columns'")
                self._database.execute("DELETE FROM entry")
                self._database.execute("DELETE FROM contact WHERE id > ?", (self._first_id,))
                keep_newest(self._database, self._first_id)
                recount(self._database)

    def _settle(self, chunk: Sequence[Row], addresses: Sequence[str | None]) -> dict[str, tuple[int, int]]:
        """Give the contact of each address, and its first row; put those on record that are new or stand elsewhere."""
        stored = {
            address: (contact, row)
            for address, contact, row in self._database.execute(_KNOWN, (json.dumps(list(filter(None, addresses))),))
        }
        before = [row for _, row in stored.values() if row < chunk[0].number]
        first_of = dict(self._database.execute(_FIRST_OF, (json.dumps(before),))) if before else {}
        known: dict[str, tuple[int, int]] = {}
        fresh, moved = [], []
        for row, address in zip(chunk, addresses, strict=True):
            if address is None or address in known:
                continue
            contact, place = stored.get(address, (self._first_id + row.number, 0))
            if address not in stored:
                fresh.append((address, contact, self._roster, row.number))
            elif first_of.get(contact) == place:
                known[address] = contact, place
                continue
            elif place != row.number:
                moved.append((row.number, self._roster, address))
            known[address] = contact, row.number
        self._database.executemany(_CONTACT, fresh)
        self._database.executemany(_MOVED, moved)
        return known
