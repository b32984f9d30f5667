"""Claims and outcomes, written down while mail goes out: group commit.

    claim    a row goes from pending to sending, for exactly one worker, before its body leaves
    settle   what became of it

Both are collected, written in one transaction, and made durable by one fsync of the WAL in a thread of its own, while
the connections go on. The write lock is held for the transaction only, never across the fsync. `commit` begins such a
round, `collect` ends it; a claim's body may leave once the round that carried it has been collected.

Because a claim and the outcome of the message before it travel in the same round, a connection never has more than
two claims without an outcome on disk: that is the bound on `in_doubt` after a crash.
"""

import time
from collections.abc import Callable
from pathlib import Path

from campaign.errors import LedgerError
from campaign.ledger.interface import Round
from campaign.ledger.sql.reversal import anybody_sent
from campaign.ledger.sqlite.daily_count import SqliteDailyCounts
from campaign.ledger.sqlite.outbox import SqliteOutbox
from campaign.ledger.sqlite.schema import connect
from campaign.ledger.sqlite.sqlite_errors import explained, transaction
from campaign.ledger.sqlite.wal_sync import WalSync


class SqliteJournal(SqliteOutbox):
    """One process's pen. Everything but the fsync happens in the caller's thread."""

    def __init__(
        self,
        path: Path,
        *,
        wake: Callable[[], None],
        daily_counts: SqliteDailyCounts | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`daily_counts`: what began is written with the claims."""
        super().__init__(clock)
        self._path = path
        self._daily_counts = daily_counts
        self._database = connect(path, cache_mib=4, eager=True)
        try:
            with explained(self._database):
                self._database.execute("SELECT 1 FROM facts").fetchone()  # only now is there sure to be a WAL
            self._sync = WalSync(Path(f"{path}-wal"), wake=wake)
        except BaseException:
            self._database.close()
            raise
        self._syncing: Round | None = None
        self._undurable = False
        """A sync has failed: nothing that is said to be durable from now on can be relied upon."""

    @property
    def longest_delay(self) -> float:
        """Nothing waits for others: a round costs little but its fsync."""
        return 0.0

    def anybody_sent(self, server: str = "") -> bool:
        """Whether the ledger knows of a message that was sent, by whatever worker or run; through this server, where
        one is named.
        """
        return anybody_sent(self._database, server)

    @property
    def syncing(self) -> bool:
        """Whether a round is under way."""
        return self._syncing is not None

    @property
    def lease_holds(self) -> bool:
        """It does: whoever may have the row after this process can't begin before it is gone."""
        return True

    def begin_anew(self) -> None:
        """It never runs out."""

    def commit(self) -> None:
        """Write all that is queued, and begin to make it durable; what is queued of outcomes of claims that another
        worker had won is dropped, since it is that worker's row. Raises LedgerError; then nothing was written, and all
        of it is still queued.
        """
        assert self._syncing is None
        claims = list(self._claims.values())
        with transaction(self._database):
            lost = self._write(self._database, claims)
            if self._daily_counts is not None:
                self._daily_counts.write(self._database)
        if self._daily_counts is not None:
            self._daily_counts.written()
        self._clear()
        theirs = {claim.contact for claim in lost}
        self._syncing = Round([claim for claim in claims if claim.contact not in theirs] if lost else claims, lost)
        self._sync.begin()

    def collect(self, *, wait: bool = False) -> Round | None:
        """Give what the round has come to; None while it is not durable. Raises LedgerError if it could not be made so;
        from then on no claim is ever called durable (after a failed fsync a later one may succeed and mean nothing),
        but outcomes can still be written.
        """
        if self._syncing is None or (not wait and not self._sync.ended):
            return None
        failure = self._sync.end()
        ended, self._syncing = self._syncing, None
        if failure is not None:
            self._undurable = True
            raise LedgerError(
                f"the ledger can't be made durable: {failure.strerror}",
                where=str(self._path),
                fix="check the disk, then run the same command again",
            )
        return Round([], ended.lost) if self._undurable else ended

    def close(self) -> None:
        """Write and sync what is left. Raises LedgerError if that can't be done."""
        try:
            try:
                self.collect(wait=True)
            finally:
                if self.queued:
                    self.commit()
                    self.collect(wait=True)
        finally:
            self._sync.close()
            self._database.close()
