"""The ledger as whoever reads results has it: of `LedgerReader`, what both databases do alike. Raises LedgerError."""

import abc
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import date, datetime

from campaign.evidence import LaterWords
from campaign.histogram import Stretch
from campaign.ledger.database import Database
from campaign.ledger.sql import live_state, queries, timeline, written_results
from campaign.ledger.sql.facts import read_columns, read_fact
from campaign.ledger.sql.later_counts import later_counts
from campaign.ledger.values import RunningProcess
from campaign.model import Status
from campaign.result_rows import FinalWord, ResultRow, RowReason, RowToCheck
from campaign.run_now import RunNow


class SqlReader(abc.ABC):
    """Questions over one connection."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waits_for: queries.WaitsFor | None = None

    @abc.abstractmethod
    def running_process(self) -> RunningProcess | None:
        """Give the process whose run holds the ledger, as far as can be told."""

    @abc.abstractmethod
    def changes_of_others(self) -> int:
        """Give a number that is another one once somebody else has written into the ledger."""

    @abc.abstractmethod
    def begun_by_day(self, name: str) -> dict[date, int]:
        """Give how many messages began on each day that is counted under that name."""

    def explain_pending(self, waits_for: Callable[[str, str], str] | None) -> None:
        """Have the detail of pending rows say what they wait for, by their cells and their address."""
        self._waits_for = waits_for

    def snapshot(self) -> AbstractContextManager[None]:
        """Let all questions that are asked meanwhile be answered from one moment."""
        return self._database.snapshot()

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
        """Give every row of the contacts file in its order."""
        return queries.result_rows(self._database, waits_for=self._waits_for)

    def has_later_words(self) -> bool:
        """Whether any row has feedback, or evidence that its word rests on."""
        return queries.has_later_words(self._database)

    def later_words(self) -> LaterWords:
        """Count what later evidence has shown."""
        return later_counts(self._database)

    def reasons(self) -> Iterator[RowReason]:
        """Give the reason of every row that was not sent, if there is one."""
        return queries.reasons(self._database, waits_for=self._waits_for)

    def people(self, *, most: int = 200) -> list[RowToCheck]:
        """Give the first rows that need a person."""
        return queries.people(self._database, most=most)

    def final_words(self) -> Iterator[Sequence[FinalWord]]:
        """Give what the pictures must know of every row, many at a time."""
        return queries.final_words(self._database)

    def timeline(self) -> list[Stretch]:
        """Give what was measured while mail went out."""
        return timeline.read(self._database)

    def run_now(self) -> RunNow | None:
        """Give what the run that goes on has said of itself last."""
        return live_state.run_now(self._database, self.running_process())

    def opened(self) -> datetime | None:
        """Give when the window opened, where the first run decided that."""
        opened = read_fact(self._database, "opened")
        return None if opened is None else datetime.fromisoformat(opened)

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
        written_results.remember_written(self._database, digest, guarded=guarded)
