"""Lengths of time, moments and paces, as people write them: text in, `timedelta` or `datetime` out, and back.

A duration is numbers with units, largest first: "8h", "1h30m", "2d", "45s", "250ms", "1 hour 30 minutes". A moment is
a date and a time by ISO 8601 (the RFC 3339 form, its offset optional): naive without an offset, aware with one.
Raises `UsageError` for a duration and `WindowError` for a moment that can't be understood, saying how to write it.

Limits: whole numbers only (no "1.5h"), no weeks, months or years, and nothing longer than a hundred years. A bare
number is refused, because nobody remembers whether it was seconds or minutes.
"""

import re
from datetime import date, datetime, time, timedelta

from campaign.errors import UsageError, WindowError

_LONGEST = timedelta(days=36525)
_HOW = 'write numbers with units, such as "45s", "90m", "8h", "1h30m" or "2d"'
_DURATION = re.compile(
    r"(?:(?P<days>\d{1,7}) ?(?:d|days?))? ?"
    r"(?:(?P<hours>\d{1,9}) ?(?:h|hours?))? ?"
    r"(?:(?P<minutes>\d{1,9}) ?(?:m|min|minutes?))? ?"
    r"(?:(?P<seconds>\d{1,9}) ?(?:s|sec|seconds?))? ?"
    r"(?:(?P<milliseconds>\d{1,9}) ?(?:ms|milliseconds?))?",
    re.ASCII | re.IGNORECASE,
)
_MOMENT = re.compile(
    r"(\d{4}-\d\d-\d\d)(?:[Tt ](\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?)\s?(Z|z|[+-]\d\d:?\d\d)?)?",
    re.ASCII,
)


def parse_duration(text: str) -> timedelta:
    """Read a duration such as "1h30m". Raises `UsageError`."""
    text = " ".join(text.split())  # runs of spaces would make the optional spaces of the pattern backtrack
    if re.fullmatch(r"[+-]?\d+(\.\d*)?", text, re.ASCII):
        raise UsageError(f"{_quoted(text)} has no unit", fix=_number_fix(text))
    match = _DURATION.fullmatch(text) if text else None
    if match is None:
        raise UsageError(f"{_quoted(text)} is not a length of time", fix=_HOW)
    length = timedelta(**{unit: int(number) for unit, number in match.groupdict(default="0").items()})
    if length > _LONGEST:
        raise UsageError(f"{_quoted(text)} is longer than a hundred years", fix=_HOW)
    return length


def spell_duration(length: timedelta) -> str:
    """Say a length of time in full, exact to the millisecond: "1 hour 30 minutes". `parse_duration` reads it back."""
    words = [f"{number} {unit if number == 1 else unit + 's'}" for number, unit, _ in _parts(abs(length)) if number]
    sign = "minus " if words and length < timedelta(0) else ""
    return sign + (" ".join(words) or "0 seconds")


def compact_duration(length: timedelta) -> str:
    """Write a length of time for an option, exact to the millisecond: "1h30min". `parse_duration` reads it back."""
    return "".join(f"{number}{short}" for number, _, short in _parts(abs(length)) if number) or "0s"


def brief_duration(length: timedelta) -> str:
    """Say about how long, for a countdown: the two largest units, rounded up to a second: "2 h 5 min"."""
    whole = timedelta(seconds=-(-abs(length) // timedelta(seconds=1)))
    parts = [(number, short) for number, _, short in _parts(whole)]
    first = next((place for place, (number, _) in enumerate(parts) if number), None)
    if first is None:
        return "0 s"
    return " ".join(f"{number} {short}" for number, short in parts[first : first + 2] if number)


def parse_moment(text: str, *, date_alone: bool = True) -> datetime:
    """Read "2026-11-23T09:00" (naive: local to some zone) or "2026-11-23T09:00:00-05:00" (aware).

    A date without a time is the midnight it begins with; `date_alone=False` refuses it. Raises `WindowError`.
    """
    text = text.strip()
    match = _MOMENT.fullmatch(text)
    if match is None:
        raise WindowError(
            f"{_quoted(text)} is not a date and time",
            fix="write it like 2026-11-23T09:00, or with its offset from UTC: 2026-11-23T09:00-05:00",
        )
    day, clock, offset = match.groups()
    if clock is None and not date_alone:
        raise _without_time(day)
    try:
        return datetime.fromisoformat(f"{day}T{clock or '00:00'}{(offset or '').upper()}")
    except ValueError:
        raise WindowError(
            f"{_quoted(text)} is not on any calendar or clock",
            fix="check the day of the month, the hour (00 to 23) and the offset (at most 23:59)",
        ) from None


def as_moment(value: str | date, *, date_alone: bool = True) -> datetime:
    """Take a moment as a TOML file (a datetime or a date) or a text source gives it. Raises `WindowError`."""
    if isinstance(value, str):
        return parse_moment(value, date_alone=date_alone)
    if isinstance(value, datetime):
        return value
    if not date_alone:
        raise _without_time(value.isoformat())
    return datetime.combine(value, time())


def _parts(length: timedelta) -> list[tuple[int, str, str]]:
    minutes, seconds = divmod(length.seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return [
        (length.days, "day", "d"),
        (hours, "hour", "h"),
        (minutes, "minute", "min"),
        (seconds, "second", "s"),
        (length.microseconds // 1000, "millisecond", "ms"),
    ]


def _without_time(day: str) -> WindowError:
    # A day could close as it begins or as it ends, and to be wrong by a day here is to mail people at night.
    return WindowError(f"{day} is a date without a time", fix=f"add the time, such as {day}T17:00")


def _number_fix(text: str) -> str:
    number = text.lstrip("+-")
    if number.isdecimal() and len(number) < 10:
        return f'add the unit: "{number}s" (seconds), "{number}m" (minutes), "{number}h" (hours) or "{number}d" (days)'
    return _HOW


def _quoted(text: str) -> str:
    return repr(text if len(text) <= 60 else text[:60] + "…")


def pace_words(per_second: float) -> str:
    """Say how many go in a second, or in a minute, an hour or a day where that is a number."""
    for unit, seconds in (("a second", 1), ("a minute", 60), ("an hour", 3_600), ("a day", 86_400)):
        if per_second * seconds >= 2:
            return f"{_round(per_second * seconds)} {unit}"
    return "fewer than two a day"


def _round(number: float) -> str:
    if number >= 100:
        return f"{round(number, -1):,.0f}"
    return f"{number:.0f}" if number >= 10 else f"{number:.1f}".removesuffix(".0")
