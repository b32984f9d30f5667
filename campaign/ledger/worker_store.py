"""The ledger as one process of a run has it: `WorkerLedger` over SQLite, a connection for each of its parts.

The process is in the lock that its parent took. Raises LedgerError.
"""

import contextlib
from collections.abc import Callable, Collection
from pathlib import Path

from campaign.ledger import reversal
from campaign.ledger.due_rows import SqliteDueRows
from campaign.ledger.journal import SqliteJournal
from campaign.ledger.rate_limit import SqliteRateLimit
from campaign.ledger.schema import connect
from campaign.ledger.server_memory import SqliteServerMemory


class SqliteWorkerLedger:
    """One process's parts. `rate`: messages a second of all processes together, if there is a limit. `wake` is called
    from a thread of the journal's when a round has become durable, or could not.
    """

    def __init__(self, path: Path, *, rate: float | None, wake: Callable[[], None]) -> None:
        self._path = path
        with contextlib.ExitStack() as opened:
            self.rate_limit = None if rate is None else SqliteRateLimit(path, rate)
            if self.rate_limit is not None:
                opened.callback(self.rate_limit.close)
            self.due_rows = SqliteDueRows(path)
            opened.callback(self.due_rows.close)
            self.server_memory = SqliteServerMemory(path)
            opened.callback(self.server_memory.close)
            self.journal = SqliteJournal(path, wake=wake)
            self._opened = opened.pop_all()

    def revert(self, contacts: Collection[int]) -> None:
        """Make rows pending again that were refused for our own fault. Also once the journal is closed."""
        with contextlib.closing(connect(self._path)) as database:
            reversal.revert(database, contacts)

    def close(self) -> None:
        """Close all but the journal, which is closed before, by whoever hears what that raises."""
        self._opened.close()
