"""The last rounds of a worker, remembered for a database that forgets what it has called durable.

A standby that lagged when it took over, or a backup that was put back, knows nothing of the last rounds, and whoever
they had mailed would be mailed again. A worker finds that out by its next round's number (`round`), and what it
remembers is written again before it stops. Raises nothing.

Limits: half a minute, or `_ROWS` rows, are remembered, by workers that still live; and who begins a row anew before
that has been written again does not know better.
"""

import time
from collections import deque
from collections.abc import Callable
from dataclasses import replace

from campaign.errors import LedgerError
from campaign.ledger.postgres.batch import Batch, PastClaim
from campaign.ledger_place import DatabasePlace

_SECONDS = 30.0
_ROWS = 20_000


class RecentRounds:
    """One worker's."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._kept: deque[tuple[float, int, Batch]] = deque()
        self._rows = 0

    def add(self, batch: Batch) -> None:
        """Remember a round that has just become durable."""
        claims = [PastClaim(one.contact, one.link_expires_at, one.link_fingerprint) for one in batch.claims]
        rows = len(claims) + len(batch.settled)
        now = self._clock()
        self._kept.append((now, rows, replace(batch, claims=claims)))
        self._rows += rows
        while self._rows > _ROWS or self._kept[0][0] < now - _SECONDS:
            _, gone, _ = self._kept.popleft()
            self._rows -= gone

    def after(self, number: int) -> list[Batch]:
        """Give those after the round of this number, in order."""
        return [batch for _, _, batch in self._kept if batch.number > number]


def forgotten(rounds: int, place: DatabasePlace) -> LedgerError:
    """Give the error for a database that has forgotten so many of a worker's rounds."""
    return LedgerError(
        f"the database has forgotten what it had called durable: {rounds:,} of this worker's last commits",
        where=str(place),
        fix="was a backup put back, or has a standby taken over that lagged? What this worker remembers is written "
        "again; let `campaign settle` read the mail server's log before you send again",
    )
