"""How time is cut into bars, and what stands below them: round times of the clock, few enough to have room.

`bar_seconds` says how wide a bar is for a run of some length, `first_bar` where they begin, `bar_labels` and `bar_name`
what they are called. A place on the axis is elapsed time; labels are the clock's, in the zone of the moments, whatever
the clocks did meanwhile. Raises nothing.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

_SECOND, _MINUTE, _HOUR, _DAY, _WEEK = 1, 60, 3600, 86_400, 604_800
_BARS = {
    _SECOND: "second",
    2 * _SECOND: "2 seconds",
    5 * _SECOND: "5 seconds",
    10 * _SECOND: "10 seconds",
    30 * _SECOND: "30 seconds",
    _MINUTE: "minute",
    2 * _MINUTE: "2 minutes",
    5 * _MINUTE: "5 minutes",
    15 * _MINUTE: "15 minutes",
    30 * _MINUTE: "30 minutes",
    _HOUR: "hour",
    2 * _HOUR: "2 hours",
    3 * _HOUR: "3 hours",
    6 * _HOUR: "6 hours",
    12 * _HOUR: "12 hours",
    _DAY: "day",
    _WEEK: "week",
}
"""Each but a week divides a day: bars begin at midnight."""
MOST_BARS = 60
_STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200)
"""Seconds between two labels."""
_LONG_STEPS = (1, 2, 7, 14, 30, 90, 180, 365)
"""The same in days."""
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def bar_seconds(span: float) -> int:
    """How many seconds a bar stands for, where all of them stand for `span` seconds."""
    for seconds in _BARS:
        if span < seconds * (MOST_BARS - 1):  # the first and the last may be begun only
            return seconds
    return _WEEK * -(-int(span + 1) // (_WEEK * (MOST_BARS - 1)))


def first_bar(moment: datetime, width: int) -> int:
    """Give when the bar begins that this moment is in (Unix seconds): bars are counted from its midnight on."""
    midnight = int(_midnight(moment).timestamp())
    return midnight + (int(moment.timestamp()) - midnight) // width * width


def bar_name(width: int, *, one: str = "") -> str:
    """Give what a bar of this width stands for: "minute", "5 minutes"; with `one` before what is one."""
    name = _BARS.get(width, f"{width // _WEEK} weeks")
    return name if name[0].isdigit() else f"{'an ' if one and name == 'hour' else one}{name}"


def bar_labels(bars: Sequence[datetime], width: int, most: int) -> list[str]:
    """Give what stands below each bar: nothing below most of them, and below `most` at most about that many. A bar has
    the label of the round time that falls into it; the date stands where another day begins.
    """
    labels = [""] * len(bars)
    if not bars:
        return labels
    begin = bars[0].timestamp()
    seconds = bars[-1].timestamp() + width - begin
    by_day = seconds > _STEPS[-1] * most
    said = bars[0].date()
    for moment in list(_ticks(bars[0], seconds, most)) or [bars[0]]:
        place = int((moment.timestamp() - begin) // width)
        if not 0 <= place < len(bars) or labels[place]:
            continue
        day = f"{moment.day} {_MONTHS[moment.month - 1]}"
        if by_day or (moment.date() != said and moment.hour == moment.minute == moment.second == 0):
            labels[place] = day
        else:
            labels[place] = f"{moment:%H:%M:%S}" if moment.second or seconds <= _MINUTE * most else f"{moment:%H:%M}"
        said = moment.date()
    return labels


def span_said(first: datetime, last: datetime) -> str:
    """Say from when to when, with the zone."""
    until = f"{last:%H:%M:%S}" if first.date() == last.date() else moment_said(last)
    return f"{moment_said(first)} to {until} {last.tzname() or ''}".strip()


def moment_said(moment: datetime) -> str:
    """Say a moment, without its zone."""
    return f"{_DAYS[moment.weekday()]} {moment.day} {_MONTHS[moment.month - 1]} {moment.year} {moment:%H:%M:%S}"


def _midnight(moment: datetime) -> datetime:
    return moment.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)


def _ticks(first: datetime, seconds: float, most: int) -> Iterator[datetime]:
    """Round times of the clock within so many seconds from `first`."""
    begin = first.timestamp()
    midnight = _midnight(first)
    step = next((step for step in _STEPS if seconds <= step * most), None)
    days = next((step for step in _LONG_STEPS if seconds / _DAY <= step * most), 365 * int(seconds // _WEEK))
    count = int((begin - midnight.timestamp()) // step) if step is not None else 0
    while True:
        if step is not None:
            moment = datetime.fromtimestamp(midnight.timestamp() + step * count, first.tzinfo)
        else:
            moment = midnight + timedelta(days=days * count)  # the next midnight, however long the day is
        if moment.timestamp() >= begin + seconds:
            return
        if moment.timestamp() >= begin:
            yield moment
        count += 1
