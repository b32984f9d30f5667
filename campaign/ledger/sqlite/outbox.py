"""What a worker's journal is told, queued until it is written: all of it in one transaction, in an order that fits.

Takes claims and outcomes; writes them over a connection, and says which claims another worker had won. Raises
LedgerError.
"""

from collections import Counter

from campaign.ledger.database import Database
from campaign.ledger.outbox import Outbox
from campaign.ledger.sql.later_words import suppress_pending
from campaign.ledger.sql.tally import SENDING, shift
from campaign.model import Attempt, Status

_CLAIM = """
INSERT INTO delivery (contact, status, link_expires_at, link_fingerprint) VALUES (?, 'sending', ?, ?)
ON CONFLICT (contact) DO UPDATE SET status = 'sending', link_expires_at = excluded.link_expires_at,
    link_fingerprint = excluded.link_fingerprint
WHERE delivery.status = 'pending'
    AND NOT EXISTS (SELECT 1 FROM later_word WHERE later_word.contact = delivery.contact AND feedback IS NOT NULL)
"""
"""Whether somebody wants no more (`later_words`) is looked up only where there is a delivery: else there is none."""
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
WHERE delivery.status = 'pending'
"""


class SqliteOutbox(Outbox):
    """One process's."""

    def _write(self, database: Database, claims: list[Attempt]) -> list[Attempt]:
        """Write all that is queued, within a transaction of the caller's. Gives the claims that another worker had won;
        what is queued of their outcomes is left out.
        """
        lost: list[Attempt] = []
        moved: Counter[str] = Counter()
        self._write_outcomes(database, moved)
        database.execute("SAVEPOINT claims")
        if _write(database, _CLAIM, list(map(_claim_row, claims))) != len(claims):
            # Another worker took some of these rows, or proof has moved them since: claimed one by one, to know which.
            database.execute("ROLLBACK TO claims")
            lost = [claim for claim in claims if not _write(database, _CLAIM, [_claim_row(claim)])]
            _move(moved, Status.PENDING, Status.SUPPRESSED, suppress_pending(database, [one.contact for one in lost]))
        _move(moved, Status.PENDING, SENDING, len(claims) - len(lost))
        self._write_late(database, lost, moved)
        shift(database, moved)
        return lost

    def _write_outcomes(self, database: Database, moved: Counter[str]) -> None:
        """Before the claims: a row that was given back may be claimed again in the same round."""
        self._write_settled(database, self._settled, moved)
        self._write_taken_back(database, self._taken_back, moved)
        _move(moved, SENDING, Status.PENDING, _write(database, _RELEASE, self._released))

    def _write_settled(self, database: Database, settled: list[tuple[object, ...]], moved: Counter[str]) -> None:
        """One statement for each status, so that SQLite says how many rows have got it."""
        by_status: dict[str, list[tuple[object, ...]]] = {}
        for outcome in settled:
            by_status.setdefault(str(outcome[0]), []).append(outcome)
        for status, outcomes in by_status.items():
            _move(moved, SENDING, status, _write(database, _SETTLE, outcomes))

    def _write_late(self, database: Database, lost: list[Attempt], moved: Counter[str]) -> None:
        """After the claims: what became of them, and the last word on rows that wait for no claim any more."""
        settled = self._settled_late
        if lost:
            theirs = {attempt.contact for attempt in lost}
            settled = [outcome for outcome in settled if outcome[-1] not in theirs]
        self._write_settled(database, settled, moved)
        self._write_taken_back(database, self._taken_back_late, moved)
        for status, sql, rows in (
            (Status.INVALID, _CONDEMN, self._condemned),
            (Status.FAILED, _GIVE_UP, self._given_up),
            (Status.IN_DOUBT, _DOUBT, self._doubtful),
        ):
            _move(moved, Status.PENDING, status, _write(database, sql, rows))

    def _write_taken_back(self, database: Database, taken_back: list[tuple[object, ...]], moved: Counter[str]) -> None:
        for refused in (Status.REJECTED, Status.FAILED) if taken_back else ():
            rows = _write(database, _TAKE_BACK, [(contact, refused.value) for (contact,) in taken_back])
            _move(moved, refused, Status.PENDING, rows)


def _claim_row(attempt: Attempt) -> tuple[object, ...]:
    return attempt.contact, attempt.link_expires_at, attempt.link_fingerprint


def _write(database: Database, sql: str, rows: list[tuple[object, ...]]) -> int:
    return database.executemany(sql, rows).rowcount if rows else 0


def _move(moved: Counter[str], before: str, after: str, rows: int) -> None:
    moved[before] -= rows
    moved[after] += rows
