"""A results file that an operator has corrected, laid over the roster: which rows go again, and with what cells.

A row is recognised by its address; one whose address was corrected, by its other columns, if they fit exactly one row
that was not sent. What fits none is added at the end. Rows are marked `chosen`; nothing is sent by it, and nothing
that was sent can be sent again by it: that is the delivery's to say.
"""

import json
import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence

from campaign.ledger.schema import FINAL_WORD
from campaign.model import Row

_UNSENT = "('invalid', 'rejected', 'failed', 'pending')"


class Amendment:
    """One corrected file. `columns` are its own, `ignored` those that are not the contacts' (status, attempts ...)."""

    def __init__(
        self,
        database: sqlite3.Connection,
        columns: Sequence[str],
        *,
        email_column: str,
        ignored: Iterable[str],
        key: Callable[[str], str],
    ) -> None:
        self._database = database
        self._key = key
        ours: list[str] = json.loads(database.execute("SELECT value FROM facts WHERE name = 'columns'").fetchone()[0])
        theirs = [(index, column) for index, column in enumerate(columns) if column not in set(ignored)]
        added = [column for _, column in theirs if column not in ours]
        self._blank = [""] * len(added)
        self._columns = ours + added
        self._places = [(index, self._columns.index(column)) for index, column in theirs]
        self._email_place = self._columns.index(email_column) if email_column in self._columns else -1
        self._seen: set[str] = set()

    def apply(self, rows: Iterable[Row]) -> int:
        """Lay the rows over the roster; gives how many were chosen."""
        database = self._database
        database.execute("BEGIN IMMEDIATE")
        try:
            database.execute("UPDATE entry SET chosen = 0")
            if self._blank:
                self._widen()
            lookalikes = self._unsent_by_other_cells()
            chosen = sum(self._apply_row(row, lookalikes) for row in rows)
            database.execute("COMMIT")
        except BaseException:
            database.execute("ROLLBACK")
            raise
        return chosen

    def _widen(self) -> None:
        """The operator has added columns: every row has them now, empty where the file says nothing."""
        rows = self._database.execute("SELECT row, cells FROM entry").fetchall()
        self._database.executemany(
            "UPDATE entry SET cells = ? WHERE row = ?",
            ((_cells(json.loads(cells) + self._blank), row) for row, cells in rows),
        )
        self._database.execute("UPDATE facts SET value = ? WHERE name = 'columns'", (json.dumps(self._columns),))

    def _unsent_by_other_cells(self) -> dict[tuple[str, ...], list[int]]:
        found: defaultdict[tuple[str, ...], list[int]] = defaultdict(list)
        for row, cells in self._database.execute(
            "SELECT entry.row, entry.cells FROM entry LEFT JOIN delivery ON delivery.contact = entry.contact "  # noqa: S608
            f"WHERE {FINAL_WORD} IN {_UNSENT}"  # our own words
        ):
            found[self._others(json.loads(cells))].append(row)
        return found

    def _others(self, cells: Sequence[str]) -> tuple[str, ...]:
        return tuple(cell for place, cell in enumerate(cells) if place != self._email_place)

    def _apply_row(self, row: Row, lookalikes: dict[tuple[str, ...], list[int]]) -> bool:
        database = self._database
        address = self._key(row.email) if row.email is not None else None
        if address is not None:
            if address in self._seen:
                return False
            self._seen.add(address)
        cells = [""] * len(self._columns)
        target = self._row_of(address)
        if target is None:
            for index, place in self._places:
                cells[place] = row.cells[index]
            same = lookalikes.get(self._others(cells), [])
            target = same.pop() if len(same) == 1 else None
        if target is not None:
            cells = json.loads(database.execute("SELECT cells FROM entry WHERE row = ?", (target,)).fetchone()[0])
        else:
            target = database.execute("SELECT coalesce(max(row), 0) + 1 FROM entry").fetchone()[0]
            database.execute("INSERT INTO entry (row, line, cells) VALUES (?, 0, '')", (target,))
        for index, place in self._places:
            cells[place] = row.cells[index]
        if row.fault is not None or address is None:
            database.execute(
                "UPDATE entry SET cells = ?, email = ?, contact = NULL, status = 'invalid', detail = ? WHERE row = ?",
                (_cells(cells), row.email, row.fault, target),
            )
            return False
        contact = self._contact(address, target)
        suppressed = database.execute("SELECT 1 FROM suppressed WHERE address = ?", (address,)).fetchone()
        database.execute(
            "UPDATE entry SET cells = ?, email = ?, contact = ?, status = ?, detail = ?, chosen = 1 WHERE row = ?",
            (
                _cells(cells),
                row.email,
                contact,
                "suppressed" if suppressed else None,
                "on a suppression list" if suppressed else None,
                target,
            ),
        )
        return True

    def _row_of(self, address: str | None) -> int | None:
        """The roster's row of the address, if it has one."""
        found = self._database.execute(
            "SELECT entry.row FROM contact JOIN entry ON entry.row = contact.row AND entry.contact = contact.id "
            "WHERE contact.address = ?",
            (address,),
        ).fetchone()
        return None if found is None else int(found[0])

    def _contact(self, address: str, row: int) -> int:
        """The ledger's number for the address; a new one for an address it never knew."""
        database = self._database
        database.execute(
            "INSERT INTO contact (address, id, roster, row) "
            "SELECT ?, coalesce(max(id), 0) + 1, coalesce(max(roster), 0), ? FROM contact WHERE true "
            "ON CONFLICT (address) DO UPDATE SET row = excluded.row, roster = excluded.roster",
            (address, row),
        )
        return int(database.execute("SELECT id FROM contact WHERE address = ?", (address,)).fetchone()[0])


def foreign(
    database: sqlite3.Connection, message_ids: dict[str, str], message_id: Callable[[str], str]
) -> tuple[str, str] | None:
    """Give one of the Message-IDs (with what names its row) that this campaign never gave to anybody; None if it gave
    them all.
    """
    unknown = dict(message_ids)
    for (address,) in database.execute("SELECT address FROM contact"):
        if not unknown:
            return None
        unknown.pop(message_id(address), None)
    return next(iter(unknown.items()), None)


def _cells(cells: Sequence[str]) -> str:
    return json.dumps(cells, ensure_ascii=False, separators=(",", ":"))
