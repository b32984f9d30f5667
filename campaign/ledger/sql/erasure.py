"""Somebody's data, taken out of the ledger: cells, address, suppression entry, what servers said, the link's trace.

What stays says nothing of a person: that there was a row, its number, its status, when it was settled, and a mark
(`erased`) by which whoever comes again is not mailed again. A row that was sent, rejected or is in doubt keeps that
word, so that counts stay true; one that was still to be mailed is `suppressed` from now on.

    erase   all of that in one transaction, so a kill leaves all or nothing of it
    scrub   the data written anew: databases leave what was deleted, and what stood there before, in the gaps of their
            pages

Of `ErasureLedger`, what both databases do alike. Raises LedgerError, LedgerBusyError. Limits: copies (backups,
snapshots, what a file system has kept) are out of reach.
"""

import abc
import contextlib
from collections.abc import Collection, Iterator

from campaign.ledger.cells import decode_cells
from campaign.ledger.database import Database, damaged
from campaign.ledger.sql import recovery
from campaign.ledger.sql.erased import Erased, blank, detail, draw_key
from campaign.ledger.sql.facts import WRITE, read_fact
from campaign.ledger.sql.reading import SqlReader
from campaign.ledger.sql.tally import recount
from campaign.ledger.values import ErasedPeople
from campaign.visible import without_addresses

_UNFINISHED = "erasing"
"""The fact of an erasure of which not all has been done."""
_WENT = "SELECT max(settled_at) < ? FROM delivery WHERE status NOT IN ('pending', 'sending')"
_BY_AGE = """
INSERT INTO going SELECT contact.id FROM contact LEFT JOIN delivery ON delivery.contact = contact.id
WHERE contact.address NOT LIKE 'erased %'
    AND (delivery.status NOT IN ('pending', 'sending') AND delivery.settled_at < ?
        OR ? AND coalesce(delivery.status, 'pending') = 'pending'
            AND contact.id NOT IN (SELECT contact FROM entry WHERE status IS NULL))
ON CONFLICT DO NOTHING
"""
"""Who was mailed, or refused, before; once nobody was since, those who never will be, too. Not who is still due."""
_INVALID = """
SELECT row, email, cells FROM entry
WHERE status = 'invalid' AND contact IS NULL AND coalesce(detail, '') NOT LIKE 'erased %'
"""
_WAITING = """
SELECT count(*) FROM going JOIN contact ON contact.id = going.contact
    JOIN entry ON entry.row = contact.row AND entry.contact = contact.id
    LEFT JOIN delivery ON delivery.contact = going.contact
WHERE entry.status IS NULL AND coalesce(delivery.status, 'pending') = 'pending'
"""
_ROWS = "contact IN (SELECT contact FROM going) OR row IN (SELECT row FROM going_row)"
_EMPTIED = """
email = NULL, chosen = FALSE, status = coalesce(status, 'suppressed'),
detail = CASE WHEN status = 'duplicate' THEN detail ELSE :detail END
"""
_SAID = (
    ("delivery", "detail"),
    ("later_word", "reply"),
    ("later_word", "evidence"),
    *(("evidence", column) for column in ("detail", "detail_before", "place", "id")),
)
"""What was said about somebody else can name them, too."""
_BEFORE_MARKS = (
    "DELETE FROM live_state",  # it quotes servers' replies
    "DELETE FROM set_aside",  # it names queues by what is known of people, and no run goes on
    "DELETE FROM suppressed WHERE address IN (SELECT address FROM contact JOIN going ON going.contact = contact.id)",
)
_BEHIND_MARKS = (
    "INSERT INTO erased SELECT address, :day FROM contact JOIN going ON going.contact = contact.id WHERE TRUE "
    "ON CONFLICT DO NOTHING",
    "UPDATE delivery SET detail = :detail, link_expires_at = NULL, link_fingerprint = NULL "
    "WHERE contact IN (SELECT contact FROM going)",
    "DELETE FROM evidence WHERE contact IN (SELECT contact FROM going)",
    "DELETE FROM later_word WHERE contact IN (SELECT contact FROM going)",
)
_NOTES = (
    "CREATE TEMP TABLE IF NOT EXISTS going (contact BIGINT PRIMARY KEY)",
    "CREATE TEMP TABLE IF NOT EXISTS going_row (row BIGINT PRIMARY KEY)",
    "DELETE FROM going",
    "DELETE FROM going_row",
)
_NOTE = "INSERT INTO going VALUES (?) ON CONFLICT DO NOTHING"
_NOTE_ROW = "INSERT INTO going_row VALUES (?) ON CONFLICT DO NOTHING"


class SqlErasure(abc.ABC):
    """Over a ledger that is locked."""

    def __init__(self, database: Database) -> None:
        self._database = database
        with database.explained():
            self._erased = Erased(database)

    @property
    @abc.abstractmethod
    def reader(self) -> SqlReader:
        """The questions, asked from here."""

    @abc.abstractmethod
    def scrub(self) -> None:
        """Write the ledger anew, so that what was erased is in none of its bytes."""

    @contextlib.contextmanager
    def erase(self, identities: Collection[str], *, before: int | None, day: str) -> Iterator[ErasedPeople]:
        """Take these people's data out, and that of whoever's last outcome came `before`."""
        database = self._database
        recovery.recover(database)
        identities = list(dict.fromkeys(identities))
        with database.transaction():
            draw_key(database)
            self._erased = erased = Erased(database)
            for statement in _NOTES:
                database.execute(statement)
            already = tuple(one for one in identities if erased.day(one) is not None)
            found = self._choose(identities)
            if before is not None:
                (over,) = database.execute(_WENT, (before,)).fetchone()
                database.execute(_BY_AGE, (before, over))
                if over:
                    database.execute(f"INSERT INTO going_row SELECT row FROM ({_INVALID}) AS named")  # noqa: S608 - ours
            (waiting,) = database.execute(_WAITING).fetchone()
            (people,) = database.execute("SELECT count(*) FROM going").fetchone()
            rows = self._take_out(day)
            addressless = [one for one in found if one not in already and erased.day(one) is None]
            for identity in addressless:  # of rows that can't be mailed: corrected some day, they might be
                database.execute("INSERT INTO erased VALUES (?, ?)", (erased.mark(identity), day))
                database.execute("DELETE FROM suppressed WHERE address = ?", (identity,))
            people += len(addressless)
            if people or rows:
                recount(database)
                database.execute(WRITE, (_UNFINISHED, day))
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

    def finished(self) -> None:
        """Say that all of it has been done."""
        with self._database.explained():
            self._database.execute("DELETE FROM facts WHERE name = ?", (_UNFINISHED,))

    def _take_out(self, day: str) -> int:
        """Do it for all of those; gives the rows of the contacts file."""
        database = self._database
        values = {"detail": detail(day), "day": day}
        rows = database.rewrite(
            "entry", "cells", _blank, where=_ROWS, also=_EMPTIED, parameters={"detail": detail(day)}
        )
        for statement in _BEFORE_MARKS:
            database.execute(statement)
        database.rewrite("contact", "address", self._erased.mark, where="id IN (SELECT contact FROM going)")
        for statement in _BEHIND_MARKS:
            database.execute(statement, values)
        for table, column in _SAID:
            database.rewrite(table, column, self._unnamed, where=f"instr({column}, '@') > 0", only_changed=True)
        return rows

    def _choose(self, identities: Collection[str]) -> set[str]:
        """Note whose data goes, by address; gives those that were found."""
        database = self._database
        found = set()
        for identity in identities:
            contact = database.execute("SELECT id FROM contact WHERE address = ?", (identity,)).fetchone()
            if contact is not None:
                found.add(identity)
                database.execute(_NOTE, contact)
        wanted = set(identities)
        for row, email, cells in database.execute(_INVALID).fetchall() if wanted else ():
            named = {cell.strip().lower() for cell in self._cells(row, cells)} | {str(email or "").lower()}
            if named & wanted:
                found |= named & wanted
                database.execute(_NOTE_ROW, (row,))
        return found

    def _unnamed(self, words: str) -> str:
        return without_addresses(words, meant=self._is_erased)

    def _is_erased(self, address: str) -> bool:
        return self._erased.day(address.lower()) is not None

    def _cells(self, row: int, cells: str) -> list[str]:
        try:
            return decode_cells(cells)
        except ValueError:
            raise damaged(self._database.place, f"the cells of row {row}") from None


def _blank(cells: str) -> str:
    return blank(decode_cells(cells))
