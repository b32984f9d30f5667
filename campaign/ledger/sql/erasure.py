"""Somebody's data, taken out of the ledger: cells, address, suppression entry, what servers said, the link's trace.

What stays says nothing of a person: that there was a row, its number, its status, when it was settled, and a mark
(`erased`) by which whoever comes again is not mailed again. A row that was sent, rejected or is in doubt keeps that
word, so that counts stay true; one that was still to be mailed is `suppressed` from now on.

    erase   all of that in one transaction, so a kill leaves all or nothing of it
    scrub   the file written anew: SQLite leaves what was deleted, and what stood there before, in the gaps of its pages

`ErasureLedger` over SQLite. Raises LedgerError, LedgerBusyError. Limits: copies of the file (backups, snapshots, what a
file system has kept) are out of reach.
"""

import contextlib
from collections.abc import Collection, Iterator
from pathlib import Path

from campaign.errors import LedgerBusyError
from campaign.ledger.cells import decode_cells
from campaign.ledger.database import damaged
from campaign.ledger.sql import recovery
from campaign.ledger.sql.erased import Erased, blank, detail, draw_key, is_mark
from campaign.ledger.sql.facts import read_fact
from campaign.ledger.sql.reading import SqlReader
from campaign.ledger.sql.tally import recount
from campaign.ledger.sqlite.store import SqliteRunLedger
from campaign.ledger.values import ErasedPeople
from campaign.visible import without_addresses

_UNFINISHED = "erasing"
"""The fact of an erasure of which not all has been done."""
_WENT = "SELECT max(settled_at) < ? FROM delivery WHERE status NOT IN ('pending', 'sending')"
_BY_AGE = """
INSERT OR IGNORE INTO going SELECT contact.id FROM contact LEFT JOIN delivery ON delivery.contact = contact.id
WHERE NOT is_mark(contact.address)
    AND (delivery.status NOT IN ('pending', 'sending') AND delivery.settled_at < ?
        OR ? AND coalesce(delivery.status, 'pending') = 'pending'
            AND contact.id NOT IN (SELECT contact FROM entry WHERE status IS NULL))
"""
"""Who was mailed, or refused, before; once nobody was since, those who never will be, too. Not who is still due."""
_INVALID = "SELECT row, email, cells FROM entry WHERE status = 'invalid' AND contact IS NULL AND NOT is_erased(detail)"
_WAITING = """
SELECT count(*) FROM going JOIN contact ON contact.id = going.contact
    JOIN entry ON entry.row = contact.row AND entry.contact = contact.id
    LEFT JOIN delivery ON delivery.contact = going.contact
WHERE entry.status IS NULL AND coalesce(delivery.status, 'pending') = 'pending'
"""
_ROWS = """
UPDATE entry SET cells = blank(cells), email = NULL, chosen = 0, status = coalesce(status, 'suppressed'),
    detail = CASE WHEN status = 'duplicate' THEN detail ELSE :detail END
WHERE contact IN (SELECT contact FROM going) OR row IN (SELECT row FROM going_row)
"""
_SAID = (
    ("delivery", "detail"),
    ("later_word", "reply"),
    ("later_word", "evidence"),
    *(("evidence", column) for column in ("detail", "detail_before", "place", "id")),
)
"""What was said about somebody else can name them, too."""
_STEPS = (
    "DELETE FROM live_state",  # it quotes servers' replies
    "DELETE FROM set_aside",  # it names queues by what is known of people, and no run goes on
    "DELETE FROM suppressed WHERE address IN (SELECT address FROM contact JOIN going ON going.contact = contact.id)",
    "INSERT OR IGNORE INTO erased SELECT mark(address), :day FROM contact JOIN going ON going.contact = contact.id",
    "UPDATE contact SET address = mark(address) WHERE id IN (SELECT contact FROM going)",
    "UPDATE delivery SET detail = :detail, link_expires_at = NULL, link_fingerprint = NULL "
    "WHERE contact IN (SELECT contact FROM going)",
    "DELETE FROM evidence WHERE contact IN (SELECT contact FROM going)",
    "DELETE FROM later_word WHERE contact IN (SELECT contact FROM going)",
    *(
        f"UPDATE {table} SET {column} = unnamed({column}) WHERE instr({column}, '@') AND unnamed({column}) <> {column}"  # noqa: S608
        for table, column in _SAID
    ),
)


class SqlErasure:
    """Over a ledger that is locked."""

    def __init__(self, ledger: SqliteRunLedger) -> None:
        self._ledger = ledger
        self._database = ledger.database
        with self._database.explained():
            self._database.execute("PRAGMA temp_store = FILE")  # of millions of people
            self._database.execute(
                "PRAGMA secure_delete = ON"
            )  # https://www.sqlite.org/pragma.html#pragma_secure_delete
            self._erased = Erased(self._database)

    @property
    def reader(self) -> SqlReader:
        """The questions, asked from here."""
        return self._ledger.reader

    @contextlib.contextmanager
    def erase(self, identities: Collection[str], *, before: int | None, day: str) -> Iterator[ErasedPeople]:
        """Take these people's data out, and that of whoever's last outcome came `before`."""
        database = self._database
        recovery.recover(database)
        identities = list(dict.fromkeys(identities))
        with database.transaction():
            draw_key(database)
            self._erased = erased = Erased(database)
            self._functions()
            for statement in (
                "CREATE TEMP TABLE IF NOT EXISTS going (contact INTEGER PRIMARY KEY)",
                "CREATE TEMP TABLE IF NOT EXISTS going_row (row INTEGER PRIMARY KEY)",
                "DELETE FROM going",
                "DELETE FROM going_row",
            ):
                database.execute(statement)
            already = tuple(one for one in identities if erased.day(one) is not None)
            found = self._choose(identities)
            if before is not None:
                (over,) = database.execute(_WENT, (before,)).fetchone()
                database.execute(_BY_AGE, (before, over))
                if over:
                    database.execute(f"INSERT OR IGNORE INTO going_row SELECT row FROM ({_INVALID})")  # noqa: S608 - ours
            (waiting,) = database.execute(_WAITING).fetchone()
            (people,) = database.execute("SELECT count(*) FROM going").fetchone()
            values = {"detail": detail(day), "day": day}
            rows = database.execute(_ROWS, {"detail": detail(day)}).rowcount
            for statement in _STEPS:
                database.execute(statement, values)
            addressless = [one for one in found if one not in already and erased.day(one) is None]
            for identity in addressless:  # of rows that can't be mailed: corrected some day, they might be
                database.execute("INSERT INTO erased VALUES (?, ?)", (erased.mark(identity), day))
                database.execute("DELETE FROM suppressed WHERE address = ?", (identity,))
            people += len(addressless)
            if people or rows:
                recount(database)
                database.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (_UNFINISHED, day))
            yield ErasedPeople(
                people=people,
                rows=rows,
                waiting=waiting,
                already=already,
                unknown=tuple(one for one in identities if one not in found and one not in already),
            )

    def was_erased(self, identity: str) -> bool:
        """Whether whoever has this address was ever erased."""
        with self._database.explained():
            return self._erased.day(identity) is not None

    @property
    def unfinished(self) -> bool:
        """Whether an erasure was cut off behind its first step."""
        return read_fact(self._database, _UNFINISHED) is not None

    def scrub(self) -> None:
        """Write the ledger's file anew, and cut its WAL down to nothing."""
        with self._database.explained():
            self._database.execute("DROP TABLE IF EXISTS temp.going")
            self._database.execute("DROP TABLE IF EXISTS temp.going_row")
            self._database.execute("VACUUM")
            (busy, *_) = self._database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if busy:
            raise LedgerBusyError(
                "another program is reading the ledger, so what was erased is still in its files",
                where=self._database.place,
                fix="close it, then run the same command again",
            )

    def finished(self) -> None:
        """Say that all of it has been done."""
        with self._database.explained():
            self._database.execute("DELETE FROM facts WHERE name = ?", (_UNFINISHED,))

    def _choose(self, identities: Collection[str]) -> set[str]:
        """Note whose data goes, by address; gives those that were found."""
        database = self._database
        found = set()
        for identity in identities:
            contact = database.execute("SELECT id FROM contact WHERE address = ?", (identity,)).fetchone()
            if contact is not None:
                found.add(identity)
                database.execute("INSERT OR IGNORE INTO going VALUES (?)", contact)
        wanted = set(identities)
        for row, email, cells in database.execute(_INVALID).fetchall() if wanted else ():
            named = {cell.strip().lower() for cell in self._cells(row, cells)} | {str(email or "").lower()}
            if named & wanted:
                found |= named & wanted
                database.execute("INSERT OR IGNORE INTO going_row VALUES (?)", (row,))
        return found

    def _is_erased(self, address: str) -> bool:
        return self._erased.day(address.lower()) is not None

    def _cells(self, row: int, cells: str) -> list[str]:
        try:
            return decode_cells(cells)
        except ValueError:
            raise damaged(self._database.place, f"the cells of row {row}") from None

    def _functions(self) -> None:
        for name, function in (
            ("mark", self._erased.mark),
            ("is_mark", is_mark),
            ("is_erased", lambda words: str(words).startswith(detail(""))),
            ("blank", lambda cells: blank(decode_cells(cells))),
            ("unnamed", lambda words: without_addresses(words, meant=self._is_erased)),
        ):
            self._database.create_function(name, 1, function, deterministic=True)


@contextlib.contextmanager
def open_erasure(path: Path, name: str) -> Iterator[SqlErasure]:
    """Open the ledger of the campaign `name`, which is there, for as long as nobody else has it. Raises LedgerError for
    one that is damaged, LedgerBusyError while a run goes on.
    """
    with SqliteRunLedger.open(path, name) as ledger:
        damage = ledger.damage(wait=True)  # which reads the file: it would be in the way
        if damage is not None:
            raise damage
        yield SqlErasure(ledger)
