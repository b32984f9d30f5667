"""When messages were accepted: bars over a true time axis, as SVG that needs no script and no font of its own.

`bar_seconds` says how wide a bar is for a run of some length, `chart` draws what was counted in such bars. A place on
the axis is elapsed time; its labels are the clock's, in the zone of the moments, whatever the clocks did meanwhile.
Raises nothing. Places are percentages, so that the drawing fits every width and its words keep their size.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from html import escape

_MINUTE, _HOUR, _DAY, _WEEK = 60, 3600, 86_400, 604_800
_BARS = {
    _MINUTE: "minute",
    5 * _MINUTE: "5 minutes",
    15 * _MINUTE: "15 minutes",
    _HOUR: "hour",
    3 * _HOUR: "3 hours",
    6 * _HOUR: "6 hours",
    _DAY: "day",
    _WEEK: "week",
}
_MOST_BARS = 120
_WIDEST = 8.0
"""Percent. A run of one minute is a bar, not a wall."""
_STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720)
"""Minutes between two labels of the time axis."""
_LONG_STEPS = (1, 2, 7, 14, 30, 90, 180, 365)
"""The same in days."""
_MOST_LABELS = 5
_HEIGHT, _TOP = 170, 8
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def bar_seconds(span: float) -> int:
    """How many seconds a bar stands for, where all of them stand for `span` seconds."""
    for seconds in _BARS:
        if span < seconds * (_MOST_BARS - 1):  # the first and the last may be begun only
            return seconds
    return _WEEK * -(-int(span) // (_WEEK * (_MOST_BARS - 1)))


def chart(accepted: Sequence[tuple[datetime, int]], width: int) -> str:
    """Draw the bars: their beginnings (aware) with their counts, in order; each is `width` seconds wide."""
    if not accepted:
        return ""
    first, last = accepted[0][0], accepted[-1][0]
    begin = first.timestamp()
    seconds = last.timestamp() + width - begin
    top = max(count for _, count in accepted)
    step = _step(top)
    ceiling = -(-top // step) * step
    each = _BARS.get(width, f"{width // _WEEK} weeks")
    caption = f"Accepted by the mail server, per {each}"
    spoken = f"{caption}, from {_said(first)} to {_said(last)}; {top:,} at most"
    return (
        f'<figure><figcaption>{caption} <span class="zone">({escape(first.tzname() or "")})</span></figcaption>'
        f'<svg class="rate" role="img" aria-label="{escape(spoken)}" height="{_TOP + _HEIGHT + 38}">'
        f"{_scale(step, ceiling)}"
        f'<svg y="{_TOP}" width="100%" height="{_HEIGHT}">{_bars(accepted, begin, seconds, width, ceiling)}</svg>'
        f"{_axis(first, seconds)}</svg></figure>"
    )


def _bars(accepted: Sequence[tuple[datetime, int]], begin: float, seconds: float, width: int, ceiling: int) -> str:
    room = 100 * width / seconds
    wide = min(0.88 * room, _WIDEST)
    return "".join(
        f'<rect x="{100 * (moment.timestamp() - begin) / seconds + (room - wide) / 2:.3f}%" width="{wide:.3f}%" '
        f'y="{100 - 100 * count / ceiling:.3f}%" height="{100 * count / ceiling:.3f}%">'
        f"<title>{escape(_said(moment))}: {count:,}</title></rect>"
        for moment, count in accepted
    )


def _scale(step: int, ceiling: int) -> str:
    """Lines across, each with its number above it."""
    lines = []
    for value in range(0, ceiling + 1, step):
        y = _TOP + _HEIGHT * (1 - value / ceiling)
        lines.append(f'<line x1="0" x2="100%" y1="{y:.1f}" y2="{y:.1f}"/>')
        lines.append(f'<text x="-8" y="{y + 4:.1f}" text-anchor="end">{value:,}</text>')
    return "".join(lines)


def _axis(first: datetime, seconds: float) -> str:
    """The clock's times below, and the date where another day begins."""
    labels = []
    said = ""
    begin = first.timestamp()
    moments = list(_ticks(first, seconds)) or [first]
    by_day = seconds / 60 > _STEPS[-1] * _MOST_LABELS
    for moment in moments:
        place = 100 * (moment.timestamp() - begin) / seconds
        anchor = "start" if place < 6 else "end" if place > 94 else "middle"
        day = f"{moment.day} {_MONTHS[moment.month - 1]}"
        upper = day if by_day else f"{moment:%H:%M}"
        lower = str(moment.year) if by_day else f"{_DAYS[moment.weekday()]} {day}"
        labels.append(_label(place, anchor, 18, upper))
        if lower != said:
            labels.append(_label(place, anchor, 34, lower))
            said = lower
        y = _TOP + _HEIGHT
        labels.append(f'<line x1="{place:.3f}%" x2="{place:.3f}%" y1="{y}" y2="{y + 5}"/>')
    return "".join(labels)


def _label(place: float, anchor: str, below: int, words: str) -> str:
    return f'<text x="{place:.3f}%" y="{_TOP + _HEIGHT + below}" text-anchor="{anchor}">{escape(words)}</text>'


def _ticks(first: datetime, seconds: float) -> Iterator[datetime]:
    """Round times of the clock within so many seconds from `first`, few enough to have room."""
    begin = first.timestamp()
    midnight = first.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    minutes = next((step for step in _STEPS if seconds / 60 <= step * _MOST_LABELS), None)
    days = next((step for step in _LONG_STEPS if seconds / _DAY <= step * _MOST_LABELS), 365 * int(seconds // _WEEK))
    for count in range(24 * 60 + int(seconds // 60) + 1):
        if minutes is not None:
            moment = datetime.fromtimestamp(midnight.timestamp() + 60 * minutes * count, first.tzinfo)
        else:
            moment = midnight + timedelta(days=days * count)  # the next midnight, however long the day is
        if moment.timestamp() > begin + seconds:
            return
        if moment.timestamp() >= begin:
            yield moment


def _step(top: int) -> int:
    """A round number of which `top` is four at most."""
    size = 1
    while True:
        for step in (size, 2 * size, 5 * size):
            if top <= 4 * step:
                return step
        size *= 10


def _said(moment: datetime) -> str:
    return f"{_DAYS[moment.weekday()]} {moment.day} {_MONTHS[moment.month - 1]} {moment.year} {moment:%H:%M}"
