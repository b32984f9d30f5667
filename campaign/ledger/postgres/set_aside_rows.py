"""Rows that were passed since their queue was held, by queue, and who has taken them since (`blocks` has the rules).

Takes a plain connection, in a transaction where it writes. Raises psycopg's errors.
"""

from collections.abc import Sequence

from campaign.ledger.postgres.reconnecting import Raw
from campaign.ledger.postgres.row_reading import Found
from campaign.ledger.sql.words import SENDABLE

COLUMNS = "entry.row, entry.contact, entry.email, entry.cells, coalesce(delivery.tries, 0)"
ROWS = "entry LEFT JOIN delivery ON delivery.contact = entry.contact"
_QUEUES = """
WITH RECURSIVE step (queue) AS (
    (SELECT queue FROM set_aside WHERE worker IS NULL ORDER BY queue, row LIMIT 1)
    UNION ALL SELECT (
        SELECT next.queue FROM set_aside AS next WHERE next.queue > step.queue AND next.worker IS NULL
        ORDER BY next.queue, next.row LIMIT 1)
    FROM step WHERE step.queue IS NOT NULL)
SELECT queue FROM step WHERE queue IS NOT NULL
"""
"""By the primary key: as many steps as there are queues, however many rows are in them."""
_TAKE = f"""
WITH taken AS (
    SELECT queue, row FROM set_aside WHERE worker IS NULL AND queue = %(queue)s
    ORDER BY row LIMIT %(most)s FOR UPDATE SKIP LOCKED), mine AS (
    UPDATE set_aside SET worker = %(me)s FROM taken WHERE set_aside.queue = taken.queue AND set_aside.row = taken.row
    RETURNING set_aside.row)
SELECT {COLUMNS}, {SENDABLE} FROM mine JOIN {ROWS} ON entry.row = mine.row ORDER BY entry.row
"""  # noqa: S608 - our own words
_FINISH = """
DELETE FROM set_aside USING unnest(%(queues)s::text[], %(rows)s::bigint[]) AS ended (queue, row)
WHERE set_aside.queue = ended.queue AND set_aside.row = ended.row AND set_aside.worker = %(me)s
"""
_FREE = """
UPDATE set_aside SET worker = NULL
WHERE worker IS NOT NULL AND worker IN (SELECT number FROM worker WHERE state <> 'working')
"""
_PUT = """
INSERT INTO set_aside (queue, row) SELECT * FROM unnest(%(queues)s::text[], %(rows)s::bigint[])
ON CONFLICT (queue, row) DO UPDATE SET worker = NULL
"""


def queues(raw: Raw) -> list[str]:
    """Give the queues of rows that stand aside."""
    return [queue for (queue,) in raw.execute(_QUEUES)]


def take(raw: Raw, worker: int, queue: str, most: int) -> list[Found]:
    """Take up to `most` rows of a queue; those that have been settled while they stood aside are not given."""
    found = raw.execute(_TAKE, {"me": worker, "queue": queue, "most": most}).fetchall()
    finish(raw, worker, [(queue, one[0]) for one in found if not one[-1]])
    return [(row, contact, email, cells, tries) for row, contact, email, cells, tries, due in found if due]


def put(raw: Raw, aside: Sequence[tuple[str, int]]) -> None:
    """Set rows aside, by queue."""
    if aside:
        names, rows = zip(*aside, strict=True)
        raw.execute(_PUT, {"queues": list(names), "rows": list(rows)})


def finish(raw: Raw, worker: int, aside: Sequence[tuple[str, int]]) -> None:
    """Hear that rows that a worker had taken have come to their end."""
    if aside:
        names, rows = zip(*aside, strict=True)
        raw.execute(_FINISH, {"me": worker, "queues": list(names), "rows": list(rows)})


def free_of_the_gone(raw: Raw) -> None:
    """Let others have what somebody took in the very moment when it was called lost."""
    raw.execute(_FREE)
