"""The rows of one run, handed out: each to one worker, and none twice. Raises LedgerError."""

import json
import sqlite3
from collections.abc import Sequence
from pathlib import Path

from campaign.ledger.cells import decode_cells
from campaign.ledger.daily_count import drop_leave
from campaign.ledger.schema import connect
from campaign.ledger.server_memory import forget_abilities
from campaign.ledger.sqlite_errors import damaged, explained, transaction
from campaign.ledger.tally import DUE, tally
from campaign.model import Contact, DueRow, Status

_SENDABLE = "entry.status IS NULL AND coalesce(delivery.status, 'pending') = 'pending'"


def count_due(database: sqlite3.Connection, again: Sequence[Status], *, limit: int | None, chosen_only: bool) -> int:
    """Say how many contacts a run would take, were the statuses in `again` pending, too."""
    words = [Status.PENDING, *again]
    with explained(database):
        if chosen_only:
            count: int = database.execute(
                "SELECT count(*) FROM entry LEFT JOIN delivery USING (contact) WHERE entry.status IS NULL "  # noqa: S608 - our own words
                f"AND coalesce(delivery.status, 'pending') IN ({', '.join('?' * len(words))}) AND entry.chosen",
                words,
            ).fetchone()[0]
        else:
            kept = tally(database)
            count = sum(kept[DUE, word] for word in set(words))
    return count if limit is None else min(count, limit)


def prepare_run(database: sqlite3.Connection, *, limit: int | None, chosen_only: bool, reading: bool = False) -> None:
    """Put the cursor before the first row, and say how many contacts this run may take (None: all), of which rows, and
    whether more are being read: then the columns, too, are not known until they have been.
    """
    allowance = -1 if limit is None else limit
    facts = [("cursor", 0), ("allowance", allowance), ("chosen_only", int(chosen_only)), ("reading", int(reading))]
    with transaction(database):
        database.executemany("INSERT OR REPLACE INTO facts VALUES (?, ?)", facts)
        if reading:
            database.execute("DELETE FROM facts WHERE name = 'columns'")
        forget_abilities(database)
        drop_leave(database)


class SqliteDueRows:
    """Hands out the rows of the run, a few at a time; no row to two takers."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._database = connect(path, cache_mib=2, eager=True)
        try:
            with explained(self._database):
                self._columns: list[str] = json.loads(self._fact("columns"))
                chosen = " AND entry.chosen" if int(self._fact("chosen_only")) else ""
        except BaseException:
            self._database.close()
            raise
        self._select = (
            "SELECT entry.row, entry.contact, entry.email, entry.cells, coalesce(delivery.tries, 0) "  # noqa: S608 - ours
            f"FROM entry LEFT JOIN delivery USING (contact) WHERE entry.row > ? AND {_SENDABLE}{chosen} "
            "ORDER BY entry.row LIMIT ?"
        )

    def take(self, most: int) -> list[DueRow] | None:
        """Give up to `most` contacts that are this due_rows's alone: an empty list while more are being read, None when
        there are no more. Raises LedgerError.
        """
        database = self._database
        with transaction(database):
            cursor, allowance = int(self._fact("cursor")), int(self._fact("allowance"))
            reading = allowance != 0 and int(self._fact("reading"))
            unlimited = allowance < 0
            rows = database.execute(self._select, (cursor, most if unlimited else min(most, allowance))).fetchall()
            if rows:
                left = allowance if unlimited else allowance - len(rows)
                database.executemany(
                    "UPDATE facts SET value = ? WHERE name = ?", [(rows[-1][0], "cursor"), (left, "allowance")]
                )
        if not rows and not reading:
            return None
        return [
            DueRow(id=number, contact=self._contact(row, email, cells), tries=tries)
            for row, number, email, cells, tries in rows
        ]

    def close(self) -> None:
        """Close the ledger."""
        self._database.close()

    def _contact(self, row: int, email: str, cells: str) -> Contact:
        try:
            columns = dict(zip(self._columns, decode_cells(cells), strict=True))
        except ValueError:
            raise damaged(self._path, f"the cells of row {row}") from None
        return Contact(number=row, email=email, columns=columns)

    def _fact(self, name: str) -> str:
        found = self._database.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
        assert found is not None, name
        return str(found[0])
