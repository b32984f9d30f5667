"""How many messages may go on which day: the arithmetic of daily limits, warm-up ladders and an even pace.

Takes the open time that is left (spans of aware moments, in order), the zone whose midnights part the days, the
days' limits, and the number of rows; gives what may go on each day, and the rate at which it is spread evenly.
No clock is read here. Raises nothing.

A ladder climbs by days on which mail was sent: what a mailbox provider judges a sender by is the mail that it gets, so
a day without mail proves nothing, and the step that was due stays due. Limits: what a server throttles is not foreseen.
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from itertools import count

Span = tuple[datetime, datetime | None]
"""Open from one moment until just before the other; None: for good."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenDay:
    """A day with open time: how much of it is left, in seconds, and how many messages may still begin on it."""

    day: date
    seconds: float
    limit: int | None = None
    """None: as many as can be."""


def day_of(moment: datetime, zone: tzinfo) -> date:
    """Give the date of an aware moment in a zone."""
    return moment.astimezone(zone).date()


def day_begins(day: date, zone: tzinfo) -> datetime:
    """Give the moment (UTC) at which a day begins in a zone. Where the clocks skip midnight, it begins right after;
    where midnight comes twice, with the first of the two.
    """
    # PEP 495: of a time that is skipped, fold=0 gives a moment that is late by as much, and shown it is another time.
    midnight = datetime.combine(day, time(), zone).astimezone(UTC)
    if day_of(midnight, zone) == day and day_of(midnight - timedelta(microseconds=1), zone) < day:
        return midnight
    return _change_of_day(midnight - timedelta(hours=26), midnight + timedelta(hours=26), day, zone)


def open_days(spans: Iterable[Span], zone: tzinfo) -> Iterator[tuple[date, float]]:
    """Give the days that have open time, with their open seconds; without end where nothing closes."""
    today, seconds = None, 0.0
    for day, length in _by_midnight(spans, zone):
        if day != today:
            if today is not None and seconds > 0:
                yield today, seconds
            today, seconds = day, 0.0
        seconds += length
    if today is not None and seconds > 0:
        yield today, seconds


def step_of(ladder: Sequence[int], climbed: int) -> int:
    """Give the limit of a day before which there were so many days with mail. The last step holds on."""
    return ladder[min(climbed, len(ladder) - 1)]


def used_up(ladder: Sequence[int], begun: Mapping[date, int], today: date) -> int:
    """Give today's limit where it is reached, 0 where not. `begun`: messages by day, those of today among them."""
    if not ladder:
        return 0
    limit = step_of(ladder, sum(messages > 0 for day, messages in begun.items() if day < today))
    return limit if begun.get(today, 0) >= limit else 0


def limited_days(
    days: Iterable[tuple[date, float]], *, ladder: Sequence[int], climbed: int, today: date, begun_today: int
) -> Iterator[OpenDay]:
    """Give the days with what may still begin on each, if mail goes out on all of them. `climbed`: days with mail
    before `today`. Without a `ladder` there is no limit.
    """
    if not ladder:
        yield from (OpenDay(day=day, seconds=seconds) for day, seconds in days)
        return
    steps = count(climbed)
    if begun_today:  # today has its step, also if it is open no longer
        used = next(steps)
    for day, seconds in days:
        if day == today and begun_today:
            yield OpenDay(day=day, seconds=seconds, limit=max(0, step_of(ladder, used) - begun_today))
        else:
            yield OpenDay(day=day, seconds=seconds, limit=step_of(ladder, next(steps)))


def even_rate(rows: int, days: Sequence[OpenDay]) -> float:
    """Give the messages a second at which so many rows go evenly over the first of these days, and the days to come:
    one rate for all of them, but on days whose limit is less, and all the more on the others. infinity: as many as can
    be, there is no time left.
    """
    if not days or days[0].seconds <= 0:
        return math.inf
    rate = _common_rate(rows, days)
    first = days[0]
    return rate if first.limit is None else min(rate, first.limit / first.seconds)


def _common_rate(rows: int, days: Sequence[OpenDay]) -> float:
    """The rate at which days with a limit give no more than that, and the others make up for it."""
    seconds = sum(one.seconds for one in days)
    for one in sorted((one for one in days if one.limit is not None), key=_density):
        assert one.limit is not None
        if one.limit >= rows * one.seconds / seconds:
            break
        rows -= one.limit
        seconds -= one.seconds
        if seconds <= 1e-9:
            return math.inf  # every day gives its limit, and perhaps that is just enough
    return max(0, rows) / seconds


def _density(one: OpenDay) -> float:
    return math.inf if one.limit is None else one.limit / one.seconds


def _by_midnight(spans: Iterable[Span], zone: tzinfo) -> Iterator[tuple[date, float]]:
    """The spans, cut at each midnight: the day and the seconds of each piece."""
    for opens, closes in spans:
        begin, end = opens.astimezone(UTC), None if closes is None else closes.astimezone(UTC)
        while end is None or begin < end:
            day = day_of(begin, zone)
            midnight = day_begins(day + timedelta(days=1), zone)
            until = midnight if end is None else min(midnight, end)
            yield day, (until - begin).total_seconds()
            begin = until


def _change_of_day(before: datetime, after: datetime, day: date, zone: tzinfo) -> datetime:
    """The first moment at which it is `day` or later, to the second."""
    while after - before > timedelta(seconds=1):
        middle = (before + (after - before) / 2).replace(microsecond=0)
        if middle <= before:
            break
        before, after = (before, middle) if day_of(middle, zone) >= day else (middle, after)
    return after
