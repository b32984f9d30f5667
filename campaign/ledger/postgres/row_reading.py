"""Rows of a run as the database gives them → `DueRow`s, by the contacts' columns and what rows stand in queues by.

Opening waits until the columns are known: they are not before a contacts file that is read while mail goes out has been
begun. Raises LedgerError.
"""

import json
import time
from collections.abc import Collection, Sequence
from typing import Any

import psycopg

from campaign.errors import LedgerError
from campaign.ledger.cells import decode_cells
from campaign.ledger.database import damaged
from campaign.ledger.postgres.errors import explain
from campaign.ledger.postgres.session import connect
from campaign.ledger.row_queues import RowQueues
from campaign.ledger_place import DatabasePlace
from campaign.model import Contact, DueRow

Found = tuple[int, int, str, str, int]
"""Row, contact, address, cells, tries."""
_ASK_EVERY = 0.1
"""Seconds."""
_SETTING = """
SELECT (SELECT value FROM facts WHERE name = 'columns'), chosen_only, queues,
    state <> 'ended' AND reading AND owner_until > clock_timestamp()
FROM run WHERE number = %s
"""


class RowReading:
    """Those of one run."""

    def __init__(self, place: DatabasePlace, run: int) -> None:
        columns, chosen_only, (zone_column, domains) = _setting(place, run)
        self.chosen_only: bool = chosen_only
        """Whether only chosen rows go."""
        self._place = place
        self._columns: Sequence[str] = columns
        self._queues = RowQueues(columns, zone_column=zone_column, domains=domains)

    @property
    def has_queues(self) -> bool:
        """Whether there is any but ""."""
        return self._queues.any

    def queue_of(self, found: Found) -> str:
        """Give a row's queue; always "" where the run has none."""
        return self._queues.of(self._cells(found), found[2]) if self._queues.any else ""

    def due_row(self, found: Found) -> DueRow:
        """Give the row as a worker has it."""
        row, contact, email, _, tries = found
        cells = self._cells(found)
        try:
            columns = dict(zip(self._columns, cells, strict=True))
        except ValueError:
            raise damaged(self._place, f"the cells of row {row}") from None
        queue = self._queues.of(cells, email) if self._queues.any else ""
        return DueRow(id=contact, contact=Contact(number=row, email=email, columns=columns), tries=tries, queue=queue)

    def _cells(self, found: Found) -> list[str]:
        try:
            return decode_cells(found[3])
        except ValueError:
            raise damaged(self._place, f"the cells of row {found[0]}") from None


def _setting(place: DatabasePlace, run: int) -> tuple[list[str], bool, tuple[str, Collection[str]]]:
    """Give the contacts' columns, whether only chosen rows go, and what queues are made of."""
    found: tuple[Any, ...] | None = None
    with connect(place) as raw:
        while found is None or found[0] is None:
            try:
                found = raw.execute(_SETTING, (run,)).fetchone()
            except psycopg.Error as error:
                raise explain(error, place) from None
            if found is None or (found[0] is None and not found[-1]):
                raise LedgerError(
                    "no contacts have been read for this run, and nobody reads them",
                    where=str(place),
                    fix="run `campaign send`",
                )
            if found[0] is None:
                time.sleep(_ASK_EVERY)
    columns, chosen_only, queues, _ = found
    zone_column, domains = json.loads(queues)
    return json.loads(columns), chosen_only, (zone_column, domains)
