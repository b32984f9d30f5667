"""Hours of the day and days of the week, as people write them: "09:00-17:00", "mon-fri".

Text in, values out, and back into words. `Hours` say which times on a wall clock are within them; they may go over
midnight ("22:00-02:00"), and then belong to the day on which they begin. `clock_spans` says when a clock in some zone
shows such a time. Raises `WindowError` for what can't be understood, saying how to write it.

Limits: whole minutes. A zone that moved its clocks twice within half a day would be taken for one that did not.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from campaign.errors import WindowError

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
"""As `date.weekday` counts them."""
EVERY_DAY = frozenset(range(7))
_NAMES = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_HOURS = re.compile(r"(\d{1,2}):(\d\d) ?[-–] ?(\d{1,2}):(\d\d)", re.ASCII)
_DAY = 24 * 60
_WIDEST = timedelta(hours=26)
"""No zone's clocks ever were further from UTC, nor moved by more at a time: Samoa left out a whole day."""
_STEP = timedelta(hours=12)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """From a minute of the day until just before another; the next day's, where that comes first."""

    begins: int = 0
    ends: int = _DAY

    @property
    def over_midnight(self) -> bool:
        """Whether they end on the day after they began."""
        return self.ends <= self.begins

    @property
    def all_day(self) -> bool:
        """Whether no time is outside them."""
        return self.begins == 0 and self.ends == _DAY

    def __str__(self) -> str:
        return "-".join(f"{minutes // 60:02}:{minutes % 60:02}" for minutes in (self.begins, self.ends))


def parse_hours(text: str) -> Hours:
    """Read "09:00-17:00" or "22:00-02:00"; "24:00" is the midnight with which a day ends. Raises WindowError."""
    match = _HOURS.fullmatch(text.strip())
    if match is None:
        raise WindowError(
            f"{text[:60]!r} are no hours of the day", fix='write when they begin and when they end: "09:00-17:00"'
        )
    first, second, third, fourth = map(int, match.groups())
    begins, ends = 60 * first + second, 60 * third + fourth
    if max(second, fourth) > 59 or begins >= _DAY or ends > _DAY:
        raise WindowError(f"{text[:60]!r} is on no clock", fix="a day has the times from 00:00 to 24:00")
    if begins == ends:
        raise WindowError(
            f"{text[:60]!r} is no time at all", fix="let them end at another time; for the whole day, leave hours out"
        )
    return Hours(begins=begins, ends=ends or _DAY)


def parse_days(text: str) -> frozenset[int]:
    """Read "mon-fri", "mon,wed,fri" or "sat-mon": days of the week as `date.weekday` counts them. Raises
    WindowError.
    """
    found: set[int] = set()
    for part in text.split(","):
        first, dash, last = (piece.strip().lower() for piece in part.replace("–", "-").partition("-"))
        begins = _day(first, text)
        ends = _day(last, text) if dash else begins
        found.update((begins + more) % 7 for more in range((ends - begins) % 7 + 1))
    return frozenset(found)


def say_days(days: frozenset[int]) -> str:
    """Write days of the week so that `parse_days` reads them back: "mon-fri", "sat-sun", "mon,wed,fri"."""
    if days == EVERY_DAY:
        return "mon-sun"
    firsts = [day for day in sorted(days) if (day - 1) % 7 not in days]
    said = []
    for first in firsts:
        last = first
        while (last + 1) % 7 in days:
            last = (last + 1) % 7
        said.append(DAYS[first] if first == last else f"{DAYS[first]}-{DAYS[last]}")
    return ",".join(said)


def clock_spans(day: date, hours: Hours, zone: ZoneInfo) -> list[tuple[datetime, datetime]]:
    """Give when (UTC) a clock in the zone shows a time within the hours that begin on that day: mostly one span, none
    where the clocks skip it, and two where they are moved back over one of its ends.
    """
    midnight = datetime.combine(day, time())
    begins = midnight + timedelta(minutes=hours.begins)
    ends = midnight + timedelta(minutes=hours.ends + (_DAY if hours.over_midnight else 0))
    spans: list[tuple[datetime, datetime]] = []
    for since, until, offset in _offsets(begins.replace(tzinfo=UTC), ends.replace(tzinfo=UTC), zone):
        first = max(since, begins.replace(tzinfo=UTC) - offset)
        last = min(until, ends.replace(tzinfo=UTC) - offset)
        if first < last:
            if spans and spans[-1][1] >= first:
                spans[-1] = (spans[-1][0], last)
            else:
                spans.append((first, last))
    return spans


def first_shown(moment: datetime, zone: ZoneInfo) -> datetime:
    """Give when (UTC) a clock in the zone first shows a naive time, or a later one where the clocks skip it."""
    readings = sorted(moment.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    wall = moment.replace(fold=0)
    for reading in readings:
        if reading.astimezone(zone).replace(tzinfo=None, fold=0) == wall:
            return reading
    before, after = readings
    return _change(before, after, _offset(before, zone), zone)


def _offsets(begins: datetime, ends: datetime, zone: ZoneInfo) -> Iterator[tuple[datetime, datetime, timedelta]]:
    """Give the stretches of time around these moments in which the zone's clocks are not moved, and by how much they
    are ahead of UTC.
    """
    since, end = begins - _WIDEST, ends + _WIDEST
    offset, before = _offset(since, zone), since
    while before < end:
        moment = min(before + _STEP, end)
        if (later := _offset(moment, zone)) != offset:
            changed = _change(before, moment, offset, zone)
            yield since, changed, offset
            since, offset = changed, later
        before = moment
    yield since, end, offset


def _change(before: datetime, after: datetime, offset: timedelta, zone: ZoneInfo) -> datetime:
    """The first second at which the clocks have another offset."""
    low, high = 0, int((after - before).total_seconds())
    while high - low > 1:
        middle = (low + high) // 2
        if _offset(before + timedelta(seconds=middle), zone) == offset:
            low = middle
        else:
            high = middle
    return before + timedelta(seconds=high)


def _offset(moment: datetime, zone: ZoneInfo) -> timedelta:
    offset = moment.astimezone(zone).utcoffset()
    assert offset is not None
    return offset


def _day(written: str, text: str) -> int:
    for number, (short, name) in enumerate(zip(DAYS, _NAMES, strict=True)):
        if written in (short, name, name[:4], name[:5]):
            return number
    raise WindowError(
        f"{written[:20]!r} in {text[:60]!r} is no day of the week",
        fix='write days as "mon-fri", "sat-sun" or "mon,wed,fri"',
    )
