"""What whoever reads results needs of a ledger; moments are Unix seconds unless they are datetimes."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import date, datetime
from typing import Protocol

from campaign.evidence import LaterWords
from campaign.histogram import Stretch
from campaign.ledger.values import RunningProcess
from campaign.model import Status
from campaign.result_rows import FinalWord, ResultRow, RowReason, RowToCheck
from campaign.run_now import RunNow


class LedgerReader(Protocol):
    """Questions. A row that is claimed and has no outcome is `in_doubt`, until `being_sent` was asked."""

    def snapshot(self) -> AbstractContextManager[None]:
        """Let all questions that are asked meanwhile be answered from one moment, so that their numbers agree."""

    def counts(self) -> dict[Status, int]:
        """Give the number of rows of each status, all statuses present."""

    def being_sent(self) -> int:
        """Give the number of messages that a run is sending just now. From now on, their rows are `pending` here."""

    def deliveries(self) -> Counter[Status]:
        """Give how many messages ever were `sent`, and `in_doubt`, whether or not their contacts are still there."""

    def columns(self) -> list[str]:
        """Give the columns of the contacts file, as last read; none where it never was."""

    def explain_pending(self, waits_for: Callable[[str, str], str] | None) -> None:
        """Have the detail of pending rows say what they wait for, too: `waits_for` gives that of a row's cells, a JSON
        array of strings, and its address; empty where it waits for nothing. It must raise nothing.
        """

    def result_rows(self, *, verified: bool = False) -> Iterator[ResultRow]:
        """Give every row of the contacts file in its order. `verified`: raises LedgerError in the place of the end
        where the ledger turns out to be damaged in what opening it did not check.
        """

    def changes_of_others(self) -> int:
        """Give a number that is another one once somebody else has written into the ledger."""

    def has_later_words(self) -> bool:
        """Whether any row has feedback, or evidence that its word rests on: what later evidence has shown."""

    def later_words(self) -> LaterWords:
        """Count what later evidence has shown of everybody that the campaign has ever known."""

    def reasons(self) -> Iterator[RowReason]:
        """Give the reason of every row that was not sent; of pending ones, what the server said last, if it did."""

    def people(self, *, most: int = 200) -> list[RowToCheck]:
        """Give the first rows that need a person: bounced, rejected, failed, invalid, in doubt."""

    def final_words(self) -> Iterator[Sequence[FinalWord]]:
        """Give what the pictures must know of every row, many rows at a time, in no order."""

    def timeline(self) -> list[Stretch]:
        """Give what was measured while mail went out, in order; nothing where no run has kept it yet."""

    def running_process(self) -> RunningProcess | None:
        """Give the process whose run holds the ledger, as far as can be told; None where none does."""

    def run_now(self) -> RunNow | None:
        """Give what the run that goes on has said of itself last (`RunLedger.publish`); None where none does, where
        its process is gone, or has said nothing for a while.
        """

    def opened(self) -> datetime | None:
        """Give when the campaign's window opened, where its first run decided that."""

    def begun_by_day(self, name: str) -> dict[date, int]:
        """Give how many messages began on each day that is counted by that name (`WorkerLedger.daily_count`)."""

    def message_id_domain(self) -> str | None:
        """Give what stands behind the @ of the campaign's Message-IDs; None before its first run."""

    def message_id_secret(self) -> bytes | None:
        """Give what the campaign's Message-IDs are made with, so that nobody else can make them; None before its first
        run, and where that was one before there was such a secret.
        """

    def read_whole(self) -> bool:
        """Whether the contacts file was read to its end."""

    def written_digests(self) -> frozenset[str]:
        """Give the digests of the results files that were written last."""

    def remember_written(self, digest: str, *, guarded: bool = False) -> None:
        """Put the digest of a results file on record, and whether its cells are guarded against spreadsheets. Best
        effort: raises nothing where that can't be written.
        """
