"""What was measured while mail went out, by stretches of time: for pictures, and nothing that a row depends on.

The table `timeline` has a row for each stretch in which something happened. Stretches are all of one length: a second
at first, longer ones once there are more than `MOST`, so that a run of any length leaves a few hundred rows. The
lengths divide each other: a longer stretch is made of whole shorter ones.

Takes the ledger's connection, and `Stretch`es in any order, of which several may be of one time. Only the owner of a
run writes it, every few seconds: a kill costs what came since. Raises LedgerError.

Limits: a ledger that an earlier version began has no such table until a run opens it: then there are no stretches.
"""

import json
from collections.abc import Iterable, Iterator

from campaign.histogram import Histogram, Stretch, merged
from campaign.ledger.database import Database, damaged

MOST = 480
"""Stretches on record, at most."""
_LENGTHS = (1, 5, 15, 60, 300, 900, 3_600, 10_800, 21_600, 86_400, 604_800)
"""Seconds; behind the last, its multiples by two."""
_PUT = """
INSERT INTO timeline VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (begins) DO UPDATE SET seconds = excluded.seconds,
    rate = excluded.rate, allowed = excluded.allowed, accepted = excluded.accepted, put_off = excluded.put_off
"""


def add(database: Database, stretches: Iterable[Stretch]) -> None:
    """Put them on record, with what is there."""
    known = {stretch.begins: stretch for stretch in read(database)}
    found = fitted([*known.values(), *stretches])
    changed = [stretch for stretch in found if stretch != known.get(stretch.begins)]
    begins = {stretch.begins for stretch in found}
    with database.transaction():
        database.executemany("DELETE FROM timeline WHERE begins = ?", [(gone,) for gone in known.keys() - begins])
        database.executemany(_PUT, map(_as_row, changed))


def read(database: Database) -> list[Stretch]:
    """Give what is on record, in order."""
    with database.explained():
        if not database.has_table("timeline"):
            return []
        rows = database.execute(
            "SELECT begins, seconds, rate, allowed, accepted, put_off FROM timeline ORDER BY begins"
        ).fetchall()
    try:
        return [_from_row(*row) for row in rows]
    except (ValueError, TypeError, AttributeError):
        raise damaged(database.place, "what was measured") from None


def fitted(stretches: Iterable[Stretch], *, most: int = MOST) -> list[Stretch]:
    """Give them in order, of one length: the shortest of which there are no more than `most`."""
    found = list(stretches)
    for length in _lengths():
        if length < max((stretch.seconds for stretch in found), default=1):
            continue
        if len({stretch.begins // length for stretch in found}) <= most:
            break
    by_time: dict[int, Stretch] = {}
    for stretch in found:
        begins = stretch.begins // length * length
        earlier = by_time.get(begins)
        by_time[begins] = Stretch(
            begins=begins,
            seconds=length,
            accepted=stretch.accepted if earlier is None else merged(earlier.accepted, stretch.accepted),
            put_off=stretch.put_off if earlier is None else merged(earlier.put_off, stretch.put_off),
            rate=stretch.rate if earlier is None else _lower(earlier.rate, stretch.rate),
            allowed=stretch.allowed if earlier is None else _lower(earlier.allowed, stretch.allowed),
        )
    return [by_time[begins] for begins in sorted(by_time)]


def _lengths() -> Iterator[int]:
    yield from _LENGTHS
    length = _LENGTHS[-1]
    while True:
        length *= 2
        yield length


def _lower(one: float | None, other: float | None) -> float | None:
    return min((value for value in (one, other) if value is not None), default=None)


def _as_row(stretch: Stretch) -> tuple[object, ...]:
    counted = (json.dumps(found, separators=(",", ":")) for found in (stretch.accepted, stretch.put_off))
    return stretch.begins, stretch.seconds, stretch.rate, stretch.allowed, *counted


def _from_row(
    begins: int, seconds: int, rate: float | None, allowed: float | None, accepted: str, put_off: str
) -> Stretch:
    return Stretch(
        begins=begins, seconds=seconds, rate=rate, allowed=allowed,
        accepted=_counted(accepted), put_off=_counted(put_off),
    )  # fmt: skip


def _counted(text: str) -> Histogram:
    return {int(bucket): int(count) for bucket, count in json.loads(text).items()}
