"""The ledger as one process of a run has it: `WorkerLedger` over SQLite, a connection for each of its parts.

The process is in the lock that its parent took. Raises LedgerError.
"""

import contextlib
from collections.abc import Callable, Collection
from pathlib import Path

from campaign.ledger.sql import reversal
from campaign.ledger.sql.server_memory import SqlServerMemory
from campaign.ledger.sql.tally import DUE, tally
from campaign.ledger.sqlite.daily_count import SqliteDailyCount, SqliteDailyCounts
from campaign.ledger.sqlite.due_rows import SqliteDueRows
from campaign.ledger.sqlite.journal import SqliteJournal
from campaign.ledger.sqlite.rate_limit import SqliteRateLimit
from campaign.ledger.sqlite.schema import connect
from campaign.ledger.sqlite.sqlite_errors import explained
from campaign.model import Status


class FixedBudget:
    """A share that stays what it is."""

    def __init__(self, share: int) -> None:
        self.share = share

    def want(self, number: int) -> None:
        """It stays what it is."""

    def use(self, number: int) -> None:
        """It stays what it is."""


class SqliteWorkerLedger:
    """One process's parts. `wake` is called from a thread of the journal's when a round has become durable, or could
    not.
    """

    def __init__(self, path: Path, *, wake: Callable[[], None]) -> None:
        self._path = path
        self._rate_limits: dict[str, SqliteRateLimit] = {}
        with contextlib.ExitStack() as opened:
            self._limits = connect(path, cache_mib=1, eager=True)
            opened.callback(self._limits.close)
            self._daily_counts = SqliteDailyCounts(self._limits)
            opened.callback(self._daily_counts.close)
            self.due_rows = SqliteDueRows(path)
            opened.callback(self.due_rows.close)
            self.server_memory = SqlServerMemory(connect(path, cache_mib=1, eager=True))
            opened.callback(self.server_memory.close)
            self.journal = SqliteJournal(path, wake=wake, daily_counts=self._daily_counts)
            self._opened = opened.pop_all()

    def rate_limit(self, name: str, rate: float) -> SqliteRateLimit:
        """Give the rate of this name, in messages a second."""
        if name not in self._rate_limits:
            self._rate_limits[name] = SqliteRateLimit(self._limits, rate, name=name)
        return self._rate_limits[name]

    def daily_count(self, name: str) -> SqliteDailyCount:
        """Give the count of this name."""
        return self._daily_counts.of(name)

    def budget(self, name: str, most: int) -> FixedBudget:
        """Give all of it: the processes of this machine have divided it before."""
        return FixedBudget(most)

    trouble = ""

    @property
    def must_drain(self) -> bool:
        """The owner says so by a pipe."""
        return False

    def publish(self, report: str) -> None:
        """Nothing: the owner has a pipe."""

    def rows_left(self) -> int:
        """How many rows of the campaign are pending."""
        with explained(self._limits):
            return tally(self._limits)[DUE, Status.PENDING]

    def revert(self, contacts: Collection[int]) -> None:
        """Make rows pending again that were refused for our own fault. Also once the journal is closed."""
        with contextlib.closing(connect(self._path)) as database:
            reversal.revert(database, contacts)

    def close(self) -> None:
        """Close all but the journal, which is closed before, by whoever hears what that raises."""
        self._opened.close()
