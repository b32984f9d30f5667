"""The rows of a run, handed out to workers in blocks: each part of the roster to one worker at a time.

    take_aside   rows that were set aside, of queues that are not held any more
    take_free    a block whose worker is gone, or has left: what is left of it
    take_next    the next part of the roster (`run.cursor`)
    what_is_left where none of these gives any

A block is gone once all its rows have come to an end or stand aside (`finish`). Rows of held queues are passed and set
aside, as on one machine (`sqlite.due_rows`); `run.allowance`, where a run is limited, counts rows when they are first
given out, and gets back what is set aside after that.

Takes a plain connection whose commits need not be durable: what a crash of the database takes back is given out again,
and of two workers that have a row one wins its claim. Raises psycopg's errors.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import NamedTuple

from campaign.ledger.postgres import set_aside_rows
from campaign.ledger.postgres.reconnecting import Raw
from campaign.ledger.postgres.row_reading import Found
from campaign.ledger.postgres.set_aside_rows import COLUMNS, ROWS
from campaign.ledger.sql.words import SENDABLE

_LOOKED_AT = 1_000
"""Rows among which those that are not held are looked for at a time, at most: nobody else gets any meanwhile."""
_PASSING = 8
"""Times as many as are wanted, where some are held."""
_RUN = """
SELECT cursor, allowance, reading AND owner_until > clock_timestamp(), state = 'ended' FROM run
WHERE number = %(run)s {how}
"""
_TAKE_FREE = """
UPDATE block SET worker = %(me)s
WHERE number = (
    SELECT number FROM block WHERE worker IS NULL OR worker IN (SELECT number FROM worker WHERE state <> 'working')
    ORDER BY first LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING number, first, last
"""
"""Also of whoever took it in the very moment when it was called lost."""
_FORGET = "UPDATE block SET worker = NULL WHERE worker = %(me)s AND number <> ALL(%(known)s::bigint[])"
_FORGET_ASIDE = "UPDATE set_aside SET worker = NULL WHERE worker = %(me)s AND row <> ALL(%(known)s::bigint[])"
_OF_BLOCK = f"""
SELECT {COLUMNS} FROM {ROWS} WHERE entry.row BETWEEN %(first)s AND %(last)s AND {SENDABLE} {{chosen}}
ORDER BY entry.row
"""  # noqa: S608 - our own words
_NEXT = f"""
SELECT {COLUMNS} FROM {ROWS} WHERE entry.row > %(cursor)s AND {SENDABLE} {{chosen}} ORDER BY entry.row LIMIT %(most)s
"""  # noqa: S608 - our own words
_NEW_BLOCK = "INSERT INTO block (first, last, worker) VALUES (%(first)s, %(last)s, %(me)s) RETURNING number"
_MOVE_ON = "UPDATE run SET cursor = %(cursor)s, allowance = %(allowance)s WHERE number = %(run)s"
_LEFT = """
SELECT EXISTS (SELECT 1 FROM block WHERE worker IS DISTINCT FROM %(me)s),
    EXISTS (SELECT 1 FROM set_aside WHERE worker IS NOT NULL AND worker <> %(me)s)
"""


class Member(NamedTuple):
    """Who takes rows, and of which run."""

    me: int
    run: int
    chosen_only: bool
    queue_of: Callable[[Found], str]
    """A row's queue; always "" where the run has none."""


class Taken(NamedTuple):
    """Rows that are the taker's, by block; block 0 are those that stood aside."""

    block: int
    rows: list[Found]
    passed: bool = False
    """Whether rows were looked at, of which none may be taken now."""


class Left(NamedTuple):
    """What is left where no rows can be taken."""

    reading: bool
    """More are being read."""
    others: bool
    """Others have some, which may come back."""
    aside: frozenset[str]
    """The queues of those that stand aside."""


def take_aside(raw: Raw, member: Member, most: int, held: Collection[str]) -> Taken:
    """Take rows that stand aside, of queues that are not held."""
    with raw.transaction():
        _, allowance, _, ended = _locked(raw, member)
        wanted = most if allowance < 0 else min(most, allowance)
        if not wanted or ended:
            return Taken(0, [])
        rows: list[Found] = []
        set_aside_rows.free_of_the_gone(raw)
        for queue in set_aside_rows.queues(raw):
            if queue not in held and len(rows) < wanted:
                rows += set_aside_rows.take(raw, member.me, queue, wanted - len(rows))
        _count(raw, member, allowance, len(rows))
    return Taken(0, rows)


def take_free(raw: Raw, member: Member, held: Collection[str]) -> Taken | None:
    """Take a block that nobody has; None where there is none."""
    with raw.transaction():
        found = raw.execute(_TAKE_FREE, {"me": member.me}).fetchone()
        if found is None:
            return None
        number, first, last = found
        rows = raw.execute(_chosen(_OF_BLOCK, member), {"first": first, "last": last}).fetchall()
        mine, aside = _sorted_out(member, rows, held, len(rows))
        if aside:
            _, allowance, _, _ = _locked(raw, member)
            set_aside_rows.put(raw, aside)
            _count(raw, member, allowance, -len(aside))
        if not mine:
            raw.execute("DELETE FROM block WHERE number = %s", (number,))
    return Taken(number, mine, passed=True)


def take_next(raw: Raw, member: Member, most: int, held: Collection[str]) -> Taken:
    """Take the next part of the roster."""
    with raw.transaction():
        cursor, allowance, _, ended = _locked(raw, member)
        wanted = most if allowance < 0 else min(most, allowance)
        if not wanted or ended:
            return Taken(0, [])
        looked_at = min(_LOOKED_AT, _PASSING * wanted) if held else wanted
        asked = {"cursor": cursor, "most": looked_at}
        rows = raw.execute(_chosen(_NEXT, member), asked, prepare=True).fetchall()
        mine, aside = _sorted_out(member, rows, held, wanted)
        if len(mine) + len(aside) < looked_at and len(mine) < wanted:
            ((reached,),) = raw.execute("SELECT greatest(max(row), %s) FROM entry", (cursor,)).fetchall()
        else:
            reached = max(mine[-1][0] if mine else 0, aside[-1][1] if aside else 0)
        set_aside_rows.put(raw, aside)
        number = 0
        if mine:
            new = {"me": member.me, "first": mine[0][0], "last": mine[-1][0]}
            ((number,),) = raw.execute(_NEW_BLOCK, new, prepare=True).fetchall()
        if reached != cursor or (mine and allowance >= 0):
            left = allowance - len(mine) if allowance >= 0 else allowance
            new_run = {"cursor": reached, "allowance": left, "run": member.run}
            raw.execute(_MOVE_ON, new_run, prepare=True)
    return Taken(number, mine, passed=bool(aside))


def put_aside(raw: Raw, member: Member, aside: Sequence[tuple[str, int]]) -> None:
    """Set rows aside, by queue, that were taken."""
    with raw.transaction():
        _, allowance, _, _ = _locked(raw, member)
        set_aside_rows.put(raw, aside)
        _count(raw, member, allowance, -len(aside))


def forget(raw: Raw, member: Member, known: Sequence[int], aside: Sequence[int]) -> None:
    """Let others, or this worker, take anew what it has taken and does not know of: the answer was lost. `known`: the
    blocks that it knows, `aside`: the rows that stood aside.
    """
    with raw.transaction():
        raw.execute(_FORGET, {"me": member.me, "known": list(known)})
        raw.execute(_FORGET_ASIDE, {"me": member.me, "known": list(aside)})


def finish(raw: Raw, member: Member, blocks: Sequence[int], aside: Sequence[tuple[str, int]]) -> None:
    """Hear that all rows of these blocks have come to an end, and these that stood aside."""
    if blocks:
        raw.execute("DELETE FROM block WHERE number = ANY(%s) AND worker = %s", (list(blocks), member.me))
    set_aside_rows.finish(raw, member.me, aside)


def what_is_left(raw: Raw, member: Member) -> Left | None:
    """Say what is left, where nothing could be taken a moment ago; None where rows can be taken after all."""
    found = raw.execute(_RUN.format(how=""), {"run": member.run}).fetchone()
    if found is None or found[-1]:
        return Left(reading=False, others=False, aside=frozenset())
    cursor, allowance, reading, _ = found
    ((others, taken_aside),) = raw.execute(_LEFT, {"me": member.me}).fetchall()
    if allowance == 0:
        return Left(reading=False, others=others or taken_aside, aside=frozenset())
    if not reading and raw.execute(_chosen(_NEXT, member), {"cursor": cursor, "most": 1}).fetchone() is not None:
        return None
    return Left(reading=reading, others=others or taken_aside, aside=frozenset(set_aside_rows.queues(raw)))


def _locked(raw: Raw, member: Member) -> tuple[int, int, bool, bool]:
    """Give the cursor, the allowance, whether rows are being read, and whether the run has ended; until this
    transaction is over, nobody else moves them.
    """
    found = raw.execute(_RUN.format(how="FOR UPDATE"), {"run": member.run}, prepare=True).fetchone()
    return (0, 0, False, True) if found is None else found


def _sorted_out(
    member: Member, rows: Iterable[Found], held: Collection[str], most: int
) -> tuple[list[Found], list[tuple[str, int]]]:
    """Give rows that are not held, up to `most`, and those before the last of them that are, with their queues."""
    mine: list[Found] = []
    aside: list[tuple[str, int]] = []
    for row in rows:
        if held and (queue := member.queue_of(row)) in held:
            aside.append((queue, row[0]))
        else:
            mine.append(row)
            if len(mine) == most:
                break
    return mine, aside


def _count(raw: Raw, member: Member, allowance: int, given: int) -> None:
    if allowance >= 0 and given:
        raw.execute("UPDATE run SET allowance = allowance - %s WHERE number = %s", (given, member.run))


def _chosen(sql: str, member: Member) -> str:
    return sql.format(chosen="AND entry.chosen" if member.chosen_only else "")
