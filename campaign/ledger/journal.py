"""Claims and outcomes, written down while mail goes out: group commit.

    claim    a row goes from pending to sending, for exactly one worker, before its body leaves
    settle   what became of it

Both are collected, written in one transaction, and made durable by one fsync of the WAL in a thread of its own, while
the connections go on. The write lock is held for the transaction only, never across the fsync. `commit` begins such a
round, `collect` ends it; a claim's body may leave once the round that carried it has been collected.

Because a claim and the outcome of the message before it travel in the same round, a connection never has more than
two claims without an outcome on disk: that is the bound on `in_doubt` after a crash.
"""

import sqlite3
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from campaign.errors import LedgerError
from campaign.ledger.daily_count import SqliteDailyCounts
from campaign.ledger.reversal import anybody_sent
from campaign.ledger.schema import connect
from campaign.ledger.sqlite_errors import explained, transaction
from campaign.ledger.tally import SENDING, shift
from campaign.ledger.wal_sync import WalSync
from campaign.model import Attempt, Outcome, Status

_CLAIM = """
INSERT INTO delivery (contact, status, link_expires_at, link_fingerprint) VALUES (?, 'sending', ?, ?)
ON CONFLICT (contact) DO UPDATE SET status = 'sending', link_expires_at = excluded.link_expires_at,
    link_fingerprint = excluded.link_fingerprint
WHERE status = 'pending'
"""
_SETTLE = """
UPDATE delivery SET status = ?, attempts = attempts + ?, tries = tries + ?, smtp_code = ?, enhanced = ?, detail = ?,
    settled_at = ?, server = ?
WHERE contact = ? AND status = 'sending'
"""
_RELEASE = """
UPDATE delivery SET status = 'pending', link_expires_at = NULL, link_fingerprint = NULL
WHERE contact = ? AND status = 'sending'
"""
_GIVE_UP = "UPDATE delivery SET status = 'failed' WHERE contact = ? AND status = 'pending'"
_TAKE_BACK = "UPDATE delivery SET status = 'pending', tries = 0 WHERE contact = ? AND status = ?"
_DOUBT = """
UPDATE delivery SET status = 'in_doubt', detail = ?, settled_at = ? WHERE contact = ? AND status = 'pending'
"""
_CONDEMN = """
INSERT INTO delivery (contact, status, detail, settled_at) VALUES (?, 'invalid', ?, ?)
ON CONFLICT (contact) DO UPDATE SET status = 'invalid', detail = excluded.detail, settled_at = excluded.settled_at
WHERE status = 'pending'
"""


class SqliteJournal:
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
        self._path = path
        self._daily_counts = daily_counts
        self._clock = clock
        self._database = connect(path, cache_mib=4, eager=True)
        try:
            with explained(self._database):
                self._database.execute("SELECT 1 FROM facts").fetchone()  # only now is there sure to be a WAL
            self._sync = WalSync(Path(f"{path}-wal"), wake=wake)
        except BaseException:
            self._database.close()
            raise
        self._claims: dict[int, Attempt] = {}
        self._settled: list[tuple[object, ...]] = []
        self._settled_late: list[tuple[object, ...]] = []  # of rows whose claim is in the same round
        self._released: list[tuple[object, ...]] = []
        self._condemned: list[tuple[object, ...]] = []
        self._given_up: list[tuple[object, ...]] = []
        self._doubtful: list[tuple[object, ...]] = []
        self._taken_back: list[tuple[object, ...]] = []
        self._taken_back_late: list[tuple[object, ...]] = []  # of rows whose claim and refusal are in the same round
        self._syncing: list[Attempt] | None = None
        self._undurable = False
        """A sync has failed: nothing that is said to be durable from now on can be relied upon."""

    @property
    def queued(self) -> int:
        """How many claims and outcomes wait to be written."""
        return sum(map(len, self._outboxes()))

    def holds(self, contact: int) -> bool:
        """Whether the row's last claim and its outcome are both still unwritten: too early for another claim."""
        return contact in self._claims

    def anybody_sent(self, server: str = "") -> bool:
        """Whether the ledger knows of a message that was sent, by whatever worker or run; through this server, where
        one is named.
        """
        return anybody_sent(self._database, server)

    @property
    def syncing(self) -> bool:
        """Whether a round is under way."""
        return self._syncing is not None

    def claim(self, attempt: Attempt) -> None:
        """Ask for the row: `collect` says when the attempt's body may leave."""
        self._claims[attempt.contact] = attempt

    def settle(self, outcome: Outcome) -> None:
        """Write down what became of a claimed row."""
        reply = outcome.reply
        spent = int(outcome.spent)
        (self._settled_late if outcome.contact in self._claims else self._settled).append(
            (
                outcome.status.value,
                spent,
                spent,
                reply.code if reply else None,
                reply.enhanced if reply else None,
                outcome.detail or (reply.text if reply else ""),
                int(self._clock()),
                outcome.server or None,
                outcome.contact,
            )
        )

    def release(self, contact: int) -> None:
        """Give a claimed row back, as if it had never been claimed."""
        if self._claims.pop(contact, None) is None:
            self._released.append((contact,))

    def mark_invalid(self, contact: int, why: str) -> None:
        """Write down that a row that was never claimed can't be mailed."""
        self._condemned.append((contact, why, int(self._clock())))

    def mark_failed(self, contact: int) -> None:
        """Write down that a row waiting for another try will have none; its last reply stands."""
        self._given_up.append((contact,))

    def take_back(self, contact: int) -> None:
        """Make a row pending again that was refused for what turned out to be a server's fault."""
        (self._taken_back_late if contact in self._claims else self._taken_back).append((contact,))

    def doubt(self, contact: int, why: str) -> None:
        """Write down that a row waiting for another try may have been delivered already."""
        self._doubtful.append((why, int(self._clock()), contact))

    def commit(self) -> list[Attempt]:
        """Write all that is queued, and begin to make it durable. Gives the claims that another worker had won; what
        was queued of their outcomes is dropped, since it is that worker's row. Raises LedgerError; then nothing was
        written, and all of it is still queued.
        """
        assert self._syncing is None
        claims = list(self._claims.values())
        lost: list[Attempt] = []
        database = self._database
        moved: Counter[str] = Counter()
        with transaction(database):
            self._write_outcomes(moved)
            database.execute("SAVEPOINT claims")
            if _write(database, _CLAIM, list(map(_claim_row, claims))) != len(claims):
                # Another worker took some of these rows: claimed one by one, to know which. Slow, and only then.
                database.execute("ROLLBACK TO claims")
                lost = [claim for claim in claims if not _write(database, _CLAIM, [_claim_row(claim)])]
            _move(moved, Status.PENDING, SENDING, len(claims) - len(lost))
            self._write_late(lost, moved)
            shift(database, moved)
            if self._daily_counts is not None:
                self._daily_counts.write(database)
        if self._daily_counts is not None:
            self._daily_counts.written()
        for outbox in self._outboxes():
            outbox.clear()
        theirs = {claim.contact for claim in lost}
        self._syncing = [claim for claim in claims if claim.contact not in theirs] if lost else claims
        self._sync.begin()
        return lost

    def collect(self, *, wait: bool = False) -> list[Attempt] | None:
        """Give the claims that have become durable; None while they have not. Raises LedgerError if they could not;
        from then on no claim is ever called durable (after a failed fsync a later one may succeed and mean nothing),
        but outcomes can still be written.
        """
        if self._syncing is None or (not wait and not self._sync.ended):
            return None
        failure = self._sync.end()
        durable, self._syncing = self._syncing, None
        if failure is not None:
            self._undurable = True
            raise LedgerError(
                f"the ledger can't be made durable: {failure.strerror}",
                where=str(self._path),
                fix="check the disk, then run the same command again",
            )
        return [] if self._undurable else durable

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

    def _outboxes(self) -> tuple[dict[int, Attempt] | list[tuple[object, ...]], ...]:
        settled = self._settled, self._settled_late, self._given_up, self._doubtful
        return self._claims, *settled, self._released, self._condemned, self._taken_back, self._taken_back_late

    def _write_outcomes(self, moved: Counter[str]) -> None:
        """Before the claims: a row that was given back may be claimed again in the same round."""
        self._write_settled(self._settled, moved)
        self._write_taken_back(self._taken_back, moved)
        _move(moved, SENDING, Status.PENDING, _write(self._database, _RELEASE, self._released))

    def _write_settled(self, settled: list[tuple[object, ...]], moved: Counter[str]) -> None:
        """One statement for each status, so that SQLite says how many rows have got it."""
        by_status: dict[str, list[tuple[object, ...]]] = {}
        for outcome in settled:
            by_status.setdefault(str(outcome[0]), []).append(outcome)
        for status, outcomes in by_status.items():
            _move(moved, SENDING, status, _write(self._database, _SETTLE, outcomes))

    def _write_late(self, lost: list[Attempt], moved: Counter[str]) -> None:
        """After the claims: what became of them, and the last word on rows that wait for no claim any more."""
        settled = self._settled_late
        if lost:
            theirs = {attempt.contact for attempt in lost}
            settled = [outcome for outcome in settled if outcome[-1] not in theirs]
        self._write_settled(settled, moved)
        self._write_taken_back(self._taken_back_late, moved)
        for status, sql, rows in (
            (Status.INVALID, _CONDEMN, self._condemned),
            (Status.FAILED, _GIVE_UP, self._given_up),
            (Status.IN_DOUBT, _DOUBT, self._doubtful),
        ):
            _move(moved, Status.PENDING, status, _write(self._database, sql, rows))

    def _write_taken_back(self, taken_back: list[tuple[object, ...]], moved: Counter[str]) -> None:
        for refused in (Status.REJECTED, Status.FAILED) if taken_back else ():
            rows = _write(self._database, _TAKE_BACK, [(contact, refused.value) for (contact,) in taken_back])
            _move(moved, refused, Status.PENDING, rows)


def _claim_row(attempt: Attempt) -> tuple[object, ...]:
    return attempt.contact, attempt.link_expires_at, attempt.link_fingerprint


def _write(database: sqlite3.Connection, sql: str, rows: list[tuple[object, ...]]) -> int:
    return database.executemany(sql, rows).rowcount if rows else 0


def _move(moved: Counter[str], before: str, after: str, rows: int) -> None:
    moved[before] -= rows
    moved[after] += rows
