"""The rows of one run, handed out: each to one worker, and none twice. Raises LedgerError.

A cursor goes through the roster once, in its order. Where rows stand in queues (`row_queues`), it passes those of a
queue that is held just now, and sets them aside, by queue, in a table: they come first once their queue is held no
more. So whoever is held costs nobody else more than that, no process keeps them, and the next run begins anew.
"""

import contextlib
import json
from collections.abc import Collection, Container, Iterator
from pathlib import Path

from campaign.ledger.cells import decode_cells
from campaign.ledger.database import damaged
from campaign.ledger.row_queues import RowQueues
from campaign.ledger.sql.server_memory import forget_abilities
from campaign.ledger.sql.words import SENDABLE
from campaign.ledger.sqlite.connection import SqliteConnection
from campaign.ledger.sqlite.daily_count import drop_leave
from campaign.ledger.sqlite.schema import connect
from campaign.ledger.sqlite.sqlite_errors import explained, transaction
from campaign.model import Contact, DueRow

_PASSED = 1_000
"""Rows set aside at a time, at most: meanwhile nobody else can write."""
_LAST_ROW = 2**63 - 1
_FIRST_QUEUE = "SELECT min(queue) FROM set_aside"
_NEXT_QUEUE = "SELECT min(queue) FROM set_aside WHERE queue > ?"
"""By the primary key: as many steps as there are queues, however many rows are in them."""


def prepare_run(
    database: SqliteConnection,
    *,
    limit: int | None,
    chosen_only: bool,
    reading: bool = False,
    zone_column: str = "",
    limited_domains: Collection[str] = (),
) -> None:
    """Put the cursor before the first row, and say how many contacts this run may take (None: all), of which rows, and
    whether more are being read: then the columns, too, are not known until they have been. Rows stand in queues by what
    is in their `zone_column` ("": there is none) and by those domains of recipients that have a limit.
    """
    allowance = -1 if limit is None else limit
    queues = json.dumps([zone_column, sorted(limited_domains)])
    facts = [("cursor", 0), ("allowance", allowance), ("chosen_only", int(chosen_only)), ("reading", int(reading))]
    with transaction(database):
        database.executemany("INSERT OR REPLACE INTO facts VALUES (?, ?)", [*facts, ("queues", queues)])
        database.execute("DELETE FROM set_aside")
        if reading:
            database.execute("DELETE FROM facts WHERE name = 'columns'")
        forget_abilities(database)
        drop_leave(database)


class SqliteDueRows:
    """Hands out the rows of the run, a few at a time; no row to two takers."""

    left: int | None = None

    def __init__(self, path: Path) -> None:
        self.held_queues: frozenset[str] | None = None
        self.passing = False
        self._path = path
        self._database = connect(path, cache_mib=2, eager=True)
        try:
            with explained(self._database):
                self._columns: list[str] = json.loads(self._fact("columns"))
                chosen = " AND entry.chosen" if int(self._fact("chosen_only")) else ""
                zone_column, domains = json.loads(self._fact("queues"))
        except BaseException:
            self._database.close()
            raise
        self._queues = RowQueues(self._columns, zone_column=zone_column, domains=domains)
        columns = "entry.row, entry.contact, entry.email, entry.cells, coalesce(delivery.tries, 0)"
        self._select = (
            f"SELECT {columns} FROM entry LEFT JOIN delivery USING (contact) "  # noqa: S608 - ours
            f"WHERE entry.row > ? AND {SENDABLE}{chosen} ORDER BY entry.row LIMIT ?"
        )
        self._select_aside = (
            f"SELECT {columns} FROM set_aside JOIN entry USING (row) LEFT JOIN delivery USING (contact) "  # noqa: S608
            f"WHERE set_aside.queue = ? AND {SENDABLE} ORDER BY set_aside.row LIMIT ?"
        )

    def take(self, most: int, *, held: Container[str] = ()) -> list[DueRow] | None:
        """Give up to `most` contacts that are this due_rows's alone, of queues that are not `held`. An empty list: not
        now, but later, for `passing` and `held_queues` say which reason; None when there are no more. Raises
        LedgerError.
        """
        database = self._database
        self.held_queues, self.passing = None, False
        with transaction(database):
            cursor, allowance = int(self._fact("cursor")), int(self._fact("allowance"))
            reading = allowance != 0 and int(self._fact("reading"))
            unlimited = allowance < 0
            wanted = most if unlimited else min(most, allowance)
            if wanted and self._queues.any:
                due, reached = self._take_by_queue(wanted, held, cursor, reading=bool(reading))
            elif wanted and "" in held:
                due, reached = [], cursor
                if not reading and database.execute(self._select, (cursor, 1)).fetchone() is not None:
                    self.held_queues = frozenset(("",))
            else:
                rows = database.execute(self._select, (cursor, wanted)).fetchall()
                due, reached = [self._due_row(*row) for row in rows], rows[-1][0] if rows else cursor
                behind = self._rows_after(reached)
                self.left = None if reading else behind if unlimited else min(behind, allowance - len(due))
            if reached != cursor or due:
                left = allowance if unlimited else allowance - len(due)
                database.executemany(
                    "UPDATE facts SET value = ? WHERE name = ?", [(reached, "cursor"), (left, "allowance")]
                )
        return due if due or reading or self.passing or self.held_queues else None

    def close(self) -> None:
        """Close the ledger."""
        self._database.close()

    def _take_by_queue(
        self, most: int, held: Container[str], cursor: int, *, reading: bool
    ) -> tuple[list[DueRow], int]:
        """Give rows, and how far the cursor has come."""
        database = self._database
        found: list[DueRow] = []
        waiting: set[str] = set()
        for queue in self._queues_aside():
            if queue in held:
                waiting.add(queue)
            elif len(found) < most:
                found += self._take_aside(queue, most - len(found))
        if len(found) == most:
            return found, cursor
        aside: list[tuple[str, int]] = []
        exhausted = True
        with contextlib.closing(database.execute(self._select, (cursor, -1))) as rows:
            for cursor, *values in rows:
                due = self._due_row(cursor, *values)
                if due.queue in held:
                    aside.append((due.queue, cursor))
                else:
                    found.append(due)
                if len(found) == most or len(aside) == _PASSED:
                    exhausted = False
                    break
        database.executemany("INSERT OR IGNORE INTO set_aside VALUES (?, ?)", aside)
        if not found and not exhausted:
            self.passing = True
        elif not found and not reading:
            self.held_queues = frozenset(waiting.union(queue for queue, _ in aside))
        return found, cursor

    def _queues_aside(self) -> Iterator[str]:
        (queue,) = self._database.execute(_FIRST_QUEUE).fetchone()
        while queue is not None:
            yield queue
            (queue,) = self._database.execute(_NEXT_QUEUE, (queue,)).fetchone()

    def _take_aside(self, queue: str, most: int) -> list[DueRow]:
        rows = self._database.execute(self._select_aside, (queue, most)).fetchall()
        last = rows[-1][0] if len(rows) == most else _LAST_ROW
        self._database.execute("DELETE FROM set_aside WHERE queue = ? AND row <= ?", (queue, last))
        return [self._due_row(*row) for row in rows]

    def _rows_after(self, row: int) -> int:
        """Give how many rows there are behind one, at most: those that need no mail are among them."""
        (last,) = self._database.execute("SELECT max(row) FROM entry").fetchone()
        return max(0, (last or 0) - row)

    def _due_row(self, row: int, contact: int, email: str, cells: str, tries: int) -> DueRow:
        try:
            decoded = decode_cells(cells)
            columns = dict(zip(self._columns, decoded, strict=True))
        except ValueError:
            raise damaged(self._path, f"the cells of row {row}") from None
        queue = self._queues.of(decoded, email) if self._queues.any else ""
        return DueRow(contact, Contact(row, email, columns), tries, queue)

    def _fact(self, name: str) -> str:
        found = self._database.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
        assert found is not None, name
        return str(found[0])
