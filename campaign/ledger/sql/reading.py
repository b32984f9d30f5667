"""The ledger as whoever reads results has it: `LedgerReader` over SQLite.

`reading_ledger` opens it without locking it, also while a run goes on, and changes nothing in it. Raises LedgerError.
"""

import contextlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import date, datetime
from pathlib import Path

from campaign.errors import LedgerError
from campaign.evidence import LaterWords
from campaign.histogram import Stretch
from campaign.ledger.database import Database
from campaign.ledger.sql import live_state, queries, timeline, written_results
from campaign.ledger.sql.facts import read_columns, read_fact
from campaign.ledger.sql.later_counts import later_counts
from campaign.ledger.sqlite import schema
from campaign.ledger.sqlite.daily_count import begun_by_day
from campaign.ledger.sqlite.files import is_at_rest
from campaign.ledger.sqlite.generation import require_ledger
from campaign.ledger.sqlite.lock import running_process
from campaign.ledger.sqlite.sqlite_errors import SQLITE_ERRORS
from campaign.ledger.sqlite.verification import verification, verify
from campaign.ledger.values import RunningProcess
from campaign.model import Status
from campaign.result_rows import FinalWord, ResultRow, RowReason, RowToCheck
from campaign.run_now import RunNow


class SqlReader:
    """Questions over one connection. `aside`: it is for reading only, of the ledger at this place."""

    def __init__(self, database: Database, *, aside: Path | None = None) -> None:
        self._database = database
        self._aside = aside
        self._explain = False

    def explain_pending(self, waits_for: Callable[[str, str], str] | None) -> None:
        """Have the detail of pending rows say what they wait for, by their cells and their address."""
        self._explain = waits_for is not None
        if waits_for is not None:
            queries.explain_pending(self._database, waits_for)

    def snapshot(self) -> AbstractContextManager[None]:
        """Let all questions that are asked meanwhile be answered from one moment."""
        return queries.snapshot(self._database)

    def counts(self) -> dict[Status, int]:
        """Give the number of rows of each status, all statuses present."""
        return queries.counts(self._database)

    def being_sent(self) -> int:
        """Give the number of messages that are being sent; from now on, their rows are `pending` here."""
        return queries.being_sent(self._database)

    def deliveries(self) -> Counter[Status]:
        """Give how many messages ever were `sent`, and `in_doubt`."""
        return queries.deliveries(self._database)

    def columns(self) -> list[str]:
        """Give the columns of the contacts file, as last read."""
        return read_columns(self._database)

    def result_rows(self, *, verified: bool = False) -> Iterator[ResultRow]:
        """Give every row of the contacts file in its order; `verified`, with an error at the end of a damaged one."""
        if verified and self._aside is not None:
            return self._verified_rows(self._aside)
        return queries.result_rows(self._database, explain=self._explain)

    def changes_of_others(self) -> int:
        """Give a number that is another one once another connection has written into the ledger."""
        with self._database.explained():
            return int(self._database.execute("PRAGMA data_version").fetchone()[0])

    def has_later_words(self) -> bool:
        """Whether any row has feedback, or evidence that its word rests on."""
        return queries.has_later_words(self._database)

    def later_words(self) -> LaterWords:
        """Count what later evidence has shown."""
        return later_counts(self._database)

    def reasons(self) -> Iterator[RowReason]:
        """Give the reason of every row that was not sent, if there is one."""
        return queries.reasons(self._database, explain=self._explain)

    def people(self, *, most: int = 200) -> list[RowToCheck]:
        """Give the first rows that need a person."""
        return queries.people(self._database, most=most)

    def final_words(self) -> Iterator[Sequence[FinalWord]]:
        """Give what the pictures must know of every row, many at a time."""
        return queries.final_words(self._database)

    def timeline(self) -> list[Stretch]:
        """Give what was measured while mail went out."""
        return timeline.read(self._database)

    def running_process(self) -> RunningProcess | None:
        """Give the process that holds the ledger, as far as can be told."""
        return running_process(self._database)

    def run_now(self) -> RunNow | None:
        """Give what the run that goes on has said of itself last."""
        return live_state.run_now(self._database)

    def opened(self) -> datetime | None:
        """Give when the window opened, where the first run decided that."""
        opened = read_fact(self._database, "opened")
        return None if opened is None else datetime.fromisoformat(opened)

    def begun_by_day(self, name: str) -> dict[date, int]:
        """Give how many messages began on each day that is counted under that name."""
        return begun_by_day(self._database, name)

    def message_id_domain(self) -> str | None:
        """Give what stands behind the @ of the campaign's Message-IDs."""
        return read_fact(self._database, "message_id_domain")

    def message_id_secret(self) -> bytes | None:
        """Give what the campaign's Message-IDs are made with."""
        secret = read_fact(self._database, "message_id_secret")
        return None if secret is None else bytes.fromhex(secret)

    def read_whole(self) -> bool:
        """Whether the contacts file was read to its end."""
        return read_fact(self._database, "digest") is not None

    def written_digests(self) -> frozenset[str]:
        """Give the digests of the results files that were written last."""
        return written_results.written_digests(self._database)

    def remember_written(self, digest: str, *, guarded: bool = False) -> None:
        """Put the digest of a results file on record, if that can be done."""
        if self._aside is None:
            written_results.remember_written(self._database, digest, guarded=guarded)
        else:
            written_results.remember_written_aside(self._aside, digest, guarded=guarded)

    def _verified_rows(self, path: Path) -> Iterator[ResultRow]:
        with verification(path) as check:
            yield from queries.result_rows(self._database, explain=self._explain)
            if check is not None:
                check.require()


@contextlib.contextmanager
def reading_ledger(path: Path, name: str, *, quick: bool = False) -> Iterator[Database]:
    """Look into the ledger of the campaign `name`, also while a run goes on. `quick`: most of a large one is taken for
    undamaged. Raises LedgerError.
    """
    require_ledger(path)
    with contextlib.closing(schema.connect(path, readonly=True, immutable=is_at_rest(path))) as database:
        verify(database, path, name, quick=quick)
        with database.explained():
            yield database


def fact_in_file(path: Path, name: str) -> str | None:
    """Give what was on record under `name` when the WAL was last moved into the file: without opening it in earnest,
    locked as it may be. None where that can't be told.
    """
    try:
        with contextlib.closing(schema.connect(path, immutable=True)) as database:
            return read_fact(database, name)
    except (LedgerError, *SQLITE_ERRORS):
        return None
