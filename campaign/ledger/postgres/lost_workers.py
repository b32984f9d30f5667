"""Workers that are gone: found by leases that have run out, called lost, and taken back when they come again.

    call_lost   its claims are in doubt, with the words that a run's start has for them (`sql.recovery`); its rows go to
                whoever asks next; what it had of the budgets is free
    come_back   it is at work again, and its outstanding rows are in blocks of its own: those that others have got
                meanwhile are whoever's claims them first

Takes a plain connection. Raises psycopg's errors. Nobody may call others lost who has not been in touch with the
database for a whole lease (`lease.Touch`).

A worker's claims are looked for among the rows of its blocks, and of those that it has taken from what stood aside:
`delivery` has no index by worker. What is not found so, which takes a worker that is lost twice within a moment, is
found when a run ends or begins.
"""

import time
from collections.abc import Sequence

import psycopg

from campaign.ledger.postgres.daily_record import free_shares
from campaign.ledger.postgres.locks import SHARED_LOCK
from campaign.ledger.postgres.reconnecting import Raw
from campaign.ledger.postgres.worker_tally import counted

_GONE = "SELECT number FROM worker WHERE state = 'working' AND lease_until < clock_timestamp()"
_IMPATIENTLY = "SET LOCAL lock_timeout = '500ms'"
"""Whoever calls others lost has a lease of its own to renew."""
_LOSE = """
UPDATE worker SET state = 'lost', losses = losses + 1
WHERE number = %(me)s AND state = 'working' AND lease_until < clock_timestamp()
"""
HELD = """
SELECT entry.contact FROM block JOIN entry ON entry.row BETWEEN block.first AND block.last
WHERE block.worker = %(me)s AND entry.status IS NULL
UNION SELECT entry.contact FROM set_aside JOIN entry ON entry.row = set_aside.row WHERE set_aside.worker = %(me)s
"""
_DOUBT = counted(
    """
UPDATE delivery AS d SET status = 'in_doubt', attempts = d.attempts + 1, settled_at = %(now)s, smtp_code = NULL,
    enhanced = NULL, detail = 'the run was cut off before the server''s reply was on record'
FROM held WHERE d.contact = held.contact AND d.worker = %(me)s AND d.status = 'sending'
RETURNING 'sending' AS before, d.status AS after, d.contact
""",
    first=f"held AS ({HELD})",
    give="contact",
)
_FREE_ASIDE = """
WITH freed AS (UPDATE set_aside SET worker = NULL WHERE worker = %(me)s RETURNING 1)
UPDATE run SET allowance = allowance + (SELECT count(*) FROM freed)
WHERE state <> 'ended' AND allowance >= 0 AND (SELECT count(*) FROM freed) > 0
"""
"""A limited run has counted them when they were taken, and will again."""
_COME_BACK = """
UPDATE worker SET state = 'working', lease_until = clock_timestamp() + make_interval(secs => %(lease)s)
WHERE number = %(me)s AND state = 'lost'
    AND EXISTS (SELECT 1 FROM run WHERE run.number = worker.run AND run.state <> 'ended')
"""
_TAKE_ALONG = """
INSERT INTO block (first, last, worker) SELECT row, row, %(me)s FROM unnest(%(rows)s::bigint[]) AS row
RETURNING first, number
"""


def gone(raw: Raw) -> list[int]:
    """Give the numbers of those whose lease has run out."""
    return [number for (number,) in raw.execute(_GONE)]


def call_lost(raw: Raw, worker: int) -> int | None:
    """Call a worker lost, if its lease still has run out. Gives how many claims are in doubt now; None where it holds,
    or where somebody has something of it locked just now: a round that is under way renews the lease.
    """
    who = {"me": worker, "now": int(time.time())}
    try:
        with raw.transaction():
            raw.execute(_IMPATIENTLY)
            raw.execute(SHARED_LOCK)
            if not raw.execute(_LOSE, who).rowcount:
                return None
            claims = len(raw.execute(_DOUBT, who).fetchall())
            free_rows(raw, worker)
    except psycopg.errors.LockNotAvailable:
        return None
    return claims


def free_rows(raw: Raw, worker: int) -> None:
    """Let others have what rows a worker has, and its part of the budgets. In a transaction."""
    who = {"me": worker}
    raw.execute("UPDATE block SET worker = NULL WHERE worker = %(me)s", who)
    raw.execute(_FREE_ASIDE, who)
    free_shares(raw, worker)


def come_back(raw: Raw, worker: int, *, lease: float, rows: Sequence[int]) -> dict[int, int] | None:
    """Put a worker that was called lost to work again, with the rows that are outstanding with it; None where its run
    has ended, or it is at work. Gives the blocks of those rows, by row. In a transaction.
    """
    if not raw.execute(_COME_BACK, {"me": worker, "lease": lease}).rowcount:
        return None
    return dict(raw.execute(_TAKE_ALONG, {"me": worker, "rows": list(rows)}).fetchall())
