"""The table `daily_count`: who has begun how many messages on which day under which name, and has leave for how many.

Each worker has rows of its own; worker 0 has what came before this run. Leave that counts is the greater of both
columns: a worker that was called lost has its leave lowered to what it had begun on record, and may still bring more.
For each worker, leave is what it has begun, on record or not yet, and what it has left, which may be below 0 then.
Functions over a connection; `in a transaction` where they say so. Raise what psycopg raises, or LedgerError.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, NamedTuple

import psycopg

from campaign.ledger.database import Database
from campaign.ledger.postgres.connection import PostgresConnection
from campaign.ledger.postgres.locks import SHARES_LOCK
from campaign.ledger.postgres.round_parts import Statement

_CHANGE = """
INSERT INTO daily_count AS d (day, name, worker, began, leave)
SELECT day, name, %(me)s, began, leave
FROM unnest(%(days)s::date[], %(names)s::text[], %(began)s::bigint[], %(leave)s::bigint[])
    AS new (day, name, began, leave)
ON CONFLICT (day, name, worker) DO UPDATE SET began = d.began + excluded.began, leave = d.leave + excluded.leave
"""
_COUNTS = """
SELECT worker = %(me)s, name, day, sum(began)::bigint, sum(leave)::bigint, sum(greatest(began, leave))::bigint
FROM daily_count WHERE name = ANY(%(names)s) GROUP BY 1, 2, 3
"""
_IS_WORKING = "EXISTS (SELECT 1 FROM worker WHERE number = %(me)s AND state = 'working')"
_RETURN = f"""
UPDATE daily_count SET leave = greatest(began, leave - %(leave)s)
WHERE day = %(day)s AND name = %(name)s AND worker = %(me)s AND {_IS_WORKING}
"""  # noqa: S608 - our own words
_TAKE = f"""
WITH room AS (
    SELECT %(limit)s - coalesce(sum(greatest(began, leave)), 0)::bigint AS room
    FROM daily_count WHERE day = %(day)s AND name = %(name)s),
block AS (
    SELECT greatest(0, least(room, %(owed)s + least(100, greatest(1, room / 16)))) AS block FROM room
    WHERE {_IS_WORKING}),
written AS (
    INSERT INTO daily_count AS d (day, name, worker, began, leave)
    SELECT %(day)s, %(name)s, %(me)s, 0, block FROM block
    ON CONFLICT (day, name, worker) DO UPDATE SET leave = d.leave + excluded.leave)
SELECT block FROM block
"""  # noqa: S608 - our own words
"""A block of leave gets smaller as the day's number comes near: what one worker holds is never much of what the others
could use.
"""


class DailyChange(NamedTuple):
    """What a row gains."""

    day: date
    name: str
    began: int
    leave: int


class Wanted(NamedTuple):
    """Leave that a worker asks for."""

    day: date
    limit: int
    owed: int
    """For so many messages that have begun without leave."""


Requests = Mapping[str, tuple[Wanted | None, Mapping[date, int]]]
"""By name: what is wanted; and leave to give back, by day."""


def statements(worker: int, changes: Iterable[DailyChange]) -> list[Statement]:
    """Give what puts on record what a worker has begun: for the transaction that claims the rows of it."""
    columns = list(zip(*changes, strict=True))
    if not columns:
        return []
    days, names, began, leave = map(list, columns)
    return [Statement(_CHANGE, {"me": worker, "days": days, "names": names, "began": began, "leave": leave})]


class Answer(NamedTuple):
    """What a worker hears."""

    losses: int
    """How often it was called lost."""
    granted: dict[str, int]
    """Leave, by name: none of a name where it is called lost now."""
    others: dict[str, dict[date, int]]
    """How many messages all others have begun, by name and day."""
    leave: dict[str, dict[date, int]]
    """For how many it has leave itself, by name and day."""
    taken: dict[str, dict[date, int]]
    """For how many anybody has, by name and day."""


def exchange(database: PostgresConnection, worker: int, requests: Requests) -> Answer:
    """Give back leave and take some: one round trip."""
    raw, granted = database.raw, {}
    with raw.pipeline():
        if any(wanted or returning for wanted, returning in requests.values()):
            with raw.transaction():
                raw.execute("SET LOCAL synchronous_commit = on")
                raw.execute(SHARES_LOCK)
                for name, (wanted, returning) in requests.items():
                    row = {"me": worker, "name": name}
                    for day, leave in returning.items():
                        raw.execute(_RETURN, {**row, "day": day, "leave": leave})
                    if wanted is not None:
                        granted[name] = raw.execute(_TAKE, {**row, **wanted._asdict()})
        losses = raw.execute("SELECT losses FROM worker WHERE number = %s", (worker,))
        counts = raw.execute(_COUNTS, {"me": worker, "names": list(requests)})
    others: dict[str, dict[date, int]] = {name: {} for name in requests}
    own: dict[str, dict[date, int]] = {name: {} for name in requests}
    taken: dict[str, dict[date, int]] = {name: {} for name in requests}
    for mine, name, day, began, leave, held in counts:
        taken[name][day] = taken[name].get(day, 0) + held
        if mine:
            own[name][day] = leave
        else:
            others[name][day] = began
    found = losses.fetchone()
    return Answer(
        0 if found is None else found[0],
        {name: rows[0][0] for name, cursor in granted.items() if (rows := cursor.fetchall())},
        others,
        own,
        taken,
    )


def free_shares(raw: "psycopg.Connection[tuple[Any, ...]]", worker: int) -> None:
    """Give the others what a worker has had that is called lost, or has left: its leave, its shares of budgets. In the
    transaction that changes its state, at the end: others may wait for it.
    """
    raw.execute(SHARES_LOCK)
    raw.execute("UPDATE daily_count SET leave = began WHERE worker = %s AND leave <> began", (worker,))
    raw.execute("DELETE FROM budget WHERE worker = %s", (worker,))


def begun_by_day(database: Database, name: str) -> dict[date, int]:
    """Give how many messages began on each day under that name."""
    with database.explained():
        found = database.execute("SELECT day, sum(began)::bigint FROM daily_count WHERE name = ? GROUP BY 1", (name,))
        return dict(found)


def keep_days(database: Database, days: Mapping[date, int]) -> None:
    """Put on record how many messages began on days that nobody has counted. In a transaction."""
    database.executemany(
        "INSERT INTO daily_count (day, name, worker, began, leave) SELECT ?, '', 0, ?, ?"
        " WHERE NOT EXISTS (SELECT 1 FROM daily_count WHERE day = ? AND name = '') ON CONFLICT DO NOTHING",
        [(day, began, began, day) for day, began in days.items()],
    )


def drop_leave(database: Database) -> None:
    """Drop leave for messages that never began, and put all workers' counts in one row a day: those workers are gone.
    In a transaction.
    """
    database.execute(
        "INSERT INTO daily_count AS d (day, name, worker, began, leave)"
        " SELECT day, name, 0, sum(began), sum(began) FROM daily_count WHERE worker <> 0 GROUP BY 1, 2"
        " ON CONFLICT (day, name, worker) DO UPDATE"
        " SET began = d.began + excluded.began, leave = d.began + excluded.began"
    )
    database.execute("DELETE FROM daily_count WHERE worker <> 0")
    database.execute("DELETE FROM budget")
