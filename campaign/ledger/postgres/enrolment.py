"""The contacts file, written into a roster in PostgreSQL: by the rules of `campaign/ledger/sqlite/enrolment.py`, which
leave the same in the tables.

Rows come in parts. Each part goes by COPY into a temporary table, which no WAL has, and from there by four statements
into `contact` and `entry`: so a row costs no round trip, and what is there already is not written again. A roster that
is new grows part by part, each of which is on record whole or not at all, while workers take from it; over one that is
there all differences are written in one transaction. One process enrols at a time: it holds a lock of its own for as
long as its connection lives. Raises LedgerError, LedgerBusyError, and what reading the rows raises.
"""

import contextlib
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice

import psycopg

from campaign.errors import LedgerError
from campaign.ledger.database import PATIENCE
from campaign.ledger.postgres.connection import PostgresConnection
from campaign.ledger.postgres.locks import SHARED_LOCK
from campaign.ledger.postgres.staging import INCOMING, LISTED, add_contacts, add_entries, copied_rows, differences
from campaign.ledger.sql.broken_off import BEGUN, is_broken_off
from campaign.ledger.sql.erased import Erased
from campaign.ledger.sql.facts import WRITE
from campaign.ledger.sql.newest import keep_newest
from campaign.ledger.sql.tally import add_rows, recount
from campaign.model import Row

_SMALLEST_PART, _LARGEST_PART = 2_000, 20_000
"""Rows. While a part is written, whoever needs the ledger for himself waits: half a second."""
_HEAVIEST_PART = 32 * 1024 * 1024
"""Characters of cells."""
_ALONE = "SELECT pg_advisory_lock(1129140296, hashtext(current_schema()))"
_NOT_ALONE = "SELECT pg_advisory_unlock(1129140296, hashtext(current_schema()))"
_JOINS = "SELECT set_config('enable_hashjoin', :on, true), set_config('enable_mergejoin', :on, true)"
_LIST = """
INSERT INTO suppressed SELECT DISTINCT ON (address) address, list, line FROM listed ORDER BY address, place
ON CONFLICT DO NOTHING
"""


def enrol(
    database: PostgresConnection,
    columns: Sequence[str],
    rows: Iterable[Sequence[Row]],
    suppressed: Iterable[tuple[str, str, int]],
    key: Callable[[str], str],
    *,
    in_parts: bool = False,
    remember: Callable[[], Iterable[tuple[str, str]]] = tuple,
    digest: str = "",
) -> None:
    """Replace the roster by these rows (`ContactsLedger.enrol`)."""
    with _alone(database):
        with database.transaction():
            broken_off = is_broken_off(database, digest)
            begun = database.execute("SELECT coalesce(max(row), 0) FROM entry").fetchone()[0] if broken_off else 0
            if broken_off:
                for _ in suppressed:  # they are there; but what can't be used in them is still an error
                    pass
            else:
                _begin(database, suppressed)
            database.execute(WRITE, ("columns", json.dumps(list(columns))))
            database.executemany(WRITE, remember())
            grows = broken_off or database.execute("SELECT 1 FROM entry LIMIT 1").fetchone() is None
            enrolment = _Enrolment(database, key, grows=grows)
            if grows:
                database.execute(WRITE, (BEGUN, digest))
            else:
                with _by_the_key(database):
                    for part in _parts(rows, _LARGEST_PART):
                        enrolment.stage(part)
                        enrolment.add(part)
                database.execute("DELETE FROM entry WHERE row > ?", (enrolment.last,))
                recount(database)
                keep_newest(database, enrolment.newest)
        if grows:
            try:
                later = ([row for row in chunk if row.number > begun] for chunk in rows if chunk[-1].number > begun)
                for part in _parts(later, begun):
                    enrolment.add_part(part)
            except BaseException:
                enrolment.abandon(undo=not in_parts and not broken_off)
                raise


@contextlib.contextmanager
def _alone(database: PostgresConnection) -> Iterator[None]:
    """Let nobody else enrol meanwhile: a process whose run has been taken over may not know that yet."""
    raw = database.raw
    with database.explained():
        raw.execute("SELECT set_config('lock_timeout', %s, false)", (f"{max(1, int(PATIENCE * 1000))}ms",))
        raw.execute(_ALONE)
    try:
        yield
    finally:
        with contextlib.suppress(psycopg.Error):  # with its connection, it is gone in any case
            raw.execute(_NOT_ALONE)
            raw.execute("SET lock_timeout = 0")


@contextlib.contextmanager
def _by_the_key(database: PostgresConnection) -> Iterator[None]:
    """Have the rows of a part joined with those that are there by the key, within a transaction: the planner would
    rather go through all that are there, again for each part. What goes over all rows comes behind it.
    """
    database.execute(_JOINS, {"on": "off"})
    yield
    database.execute(_JOINS, {"on": "on"})


def _begin(database: PostgresConnection, suppressed: Iterable[tuple[str, str, int]]) -> None:
    database.execute("DELETE FROM facts WHERE name IN ('digest', ?)", (BEGUN,))
    database.execute("DELETE FROM suppressed")
    database.execute(LISTED)
    waiting, before = Erased(database).without(suppressed), 0
    while some := list(islice(waiting, _LARGEST_PART)):  # what reads them may ask the database itself
        with database.raw.cursor().copy("COPY listed FROM STDIN") as copy:
            for place, (address, name, line) in enumerate(some, before + 1):
                copy.write_row((place, address, name, line))
        before += len(some)
    database.execute(_LIST)
    database.execute("TRUNCATE listed")


def _parts(chunks: Iterable[Sequence[Row]], before: int) -> Iterator[list[Row]]:
    """Give the same rows in lists with an eighth of the rows that came before, within bounds."""
    part: list[Row] = []
    characters = 0
    for chunk in chunks:
        part += chunk
        characters += sum(sum(map(len, row.cells)) for row in chunk)
        if len(part) >= min(max(_SMALLEST_PART, before // 8), _LARGEST_PART) or characters >= _HEAVIEST_PART:
            yield part
            before += len(part)
            part, characters = [], 0
    if part:
        yield part


class _Enrolment:
    """One reading of the contacts file. Rows come in order: whatever stands before them in the roster is of it."""

    def __init__(self, database: PostgresConnection, key: Callable[[str], str], *, grows: bool) -> None:
        self.last = 0
        """The row that was added last."""
        self._database = database
        self._key = key
        self._grows = grows
        latest = database.execute("SELECT coalesce(max(roster), 0), coalesce(max(id), 0) FROM contact").fetchone()
        self._roster, self._first_id = latest[0] + 1, latest[1]
        self.newest: int = latest[1]
        """The highest number of a contact."""
        self._erased = Erased(database)
        self._by_domain = database.execute("SELECT 1 FROM suppressed WHERE address LIKE '@%'").fetchone() is not None
        database.execute(INCOMING)

    def stage(self, part: Sequence[Row]) -> None:
        """Bring rows to where the database can see them, and nobody else."""
        database = self._database
        with database.explained():
            database.execute("TRUNCATE incoming")
            staged = list(copied_rows(part, self._key, self._erased))
            with database.raw.cursor().copy("COPY incoming FROM STDIN") as copy:
                for one in staged:
                    copy.write_row(one)

    def add(self, part: Sequence[Row]) -> None:
        """Add what was staged, in a transaction: the first mailable row with an address has it, later ones are its
        duplicates.
        """
        begin, self.last = part[0].number, part[-1].number
        self.newest = max(
            self.newest, add_contacts(self._database, begin=begin, first_id=self._first_id, roster=self._roster)
        )
        write = add_entries if self._grows else differences
        write(self._database, by_domain=self._by_domain)

    def add_part(self, part: Sequence[Row]) -> None:
        """The same for rows of a roster that grows: on record all together, beside workers' rounds."""
        self.stage(part)
        database = self._database
        with database.explained(), database.raw.transaction(), _by_the_key(database):
            database.execute(SHARED_LOCK)
            self.add(part)
            add_rows(database, part[0].number, self.last)
            keep_newest(database, self.newest)

    def abandon(self, *, undo: bool) -> None:
        """Leave nothing to go on with, as far as that can be done; `undo`: nor anything else of a new roster."""
        with contextlib.suppress(LedgerError), self._database.transaction():
            self._database.execute("DELETE FROM facts WHERE name = ?", (BEGUN,))
            if undo:
                self._database.execute("DELETE FROM facts WHERE name = 'columns'")
                self._database.execute("DELETE FROM entry")
                self._database.execute("DELETE FROM contact WHERE id > ?", (self._first_id,))
                keep_newest(self._database, self._first_id)
                recount(self._database)
