"""Filters that say times in words: an aware datetime or a length of time in, English text out.

They take no account of the machine's locale, so that a mail reads the same wherever it is sent from. Other languages
write `{{ link.expires_at.strftime("%d.%m.%Y %H:%M") }}`. Raise TypeError for what is no time.
"""

from datetime import datetime, timedelta

from jinja2 import Undefined

from campaign.content.blank import BlankCell

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_said: list[tuple[datetime | None, str]] = [(None, "")]
_UNITS = (("day", 86400), ("hour", 3600), ("minute", 60), ("second", 1))


def moment(value: object) -> str:
    """Say a datetime in its own zone: "Monday 23 November 2026, 18:00 EST"."""
    if not isinstance(value, datetime):
        raise _no_time(value, "moment", "a date and time")
    # A message says the same expiry several times over, and so do all that are minted within a second. By identity:
    # moments that are equal may stand in different zones.
    known, words = _said[0]
    if known is not value:
        words = _in_words(value)
        _said[0] = value, words
    return words


def duration(value: object) -> str:
    """Say a timedelta, or a number of seconds, in its two largest units: "8 hours", "1 day 12 hours"."""
    if isinstance(value, timedelta):
        left = int(value.total_seconds())
    elif isinstance(value, int | float):
        left = int(value)
    else:
        raise _no_time(value, "duration", "a length of time")
    parts = []
    for name, seconds in _UNITS:
        count, left = divmod(max(left, 0), seconds)
        if count:
            parts.append(f"{count} {name}" if count == 1 else f"{count} {name}s")
        elif parts:
            break
    return " ".join(parts[:2]) or "0 seconds"


def _in_words(value: datetime) -> str:
    day = f"{_DAYS[value.weekday()]} {value.day} {_MONTHS[value.month - 1]} {value.year}"
    return f"{day}, {value.hour:02}:{value.minute:02} {_zone(value)}".rstrip()


def _zone(value: datetime) -> str:
    """Name the zone as its readers know it; where it has only an offset, as that of UTC."""
    name = value.tzname() or ""
    offset = value.utcoffset()
    if offset is None or not name.startswith(("+", "-")):
        return name
    minutes = int(offset.total_seconds() // 60)
    sign = "-" if minutes < 0 else "+"
    return f"UTC{sign}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"


def _no_time(value: object, name: str, wanted: str) -> TypeError:
    if isinstance(value, Undefined | BlankCell):
        str(value)  # Raises what is undefined, or empty.
    return TypeError(f"the filter {name} needs {wanted}, not {type(value).__name__}")
