"""What a spreadsheet makes of a cell when it opens a CSV and saves it: the same value, spelt otherwise.

Two cells in; whether the second is the first one respelt, out. Raises nothing. Known are numbers (leading zeros, a
plus sign and trailing zeros gone, thirteen digits as 1.23E+12, those beyond the fifteenth made zeros), dates (turned,
their year cut, their time's seconds gone, or made the number of a day) and truth values.

Limits: a date whose day and month were exchanged counts as the same: nobody can tell the two.
"""

import re
from datetime import date, timedelta
from decimal import Decimal

_is_number = re.compile(r"[+-]?\d{1,40}(?:[.,]\d{1,40})?").fullmatch
_is_scientific = re.compile(r"[+-]?\d{1,20}(?:[.,]\d{1,20})?e[+-]?\d{1,3}", re.IGNORECASE).fullmatch
_is_date = re.compile(
    r"(\d{1,4})([-/.])(\d{1,2})\2(\d{1,4})(?:[ T,]+(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?"
).fullmatch
_is_pair = re.compile(r"(\d{1,2})\s?[-/.]\s?(\d{1,2})").fullmatch
_is_day_of_month = re.compile(
    r"(?:(\d{1,2})[-. ]+[^\W\d_]{3,}\.?|[^\W\d_]{3,}\.?[-. ]+(\d{1,2}))(?:[-. ]+\d{2,4})?"
).fullmatch
_EPOCH = date(1899, 12, 30)
"""Day 0 of the spreadsheets."""
_EXACT = 15
"""Digits that a spreadsheet's number keeps."""


def canonical(cell: str) -> str:
    """Give the one spelling that a number, a date or a truth value shares with its respellings; else the cell."""
    text = cell.strip()
    if _is_number(text):
        digits = f"{Decimal(text.replace(',', '.')):f}"
        return digits.rstrip("0").rstrip(".") if "." in digits else digits
    if (found := _is_date(text)) is not None:
        first, _, second, third, *time = found.groups()
        if len(first) < 3 and len(third) < 3:
            third = str(int(third) + (1900 if int(third) >= 70 else 2000))
        parts = sorted([int(first), int(second), int(third)])
        clock = [int(part or 0) for part in time]
        return f"{parts} {clock}" if any(clock) else f"{parts}"
    return text.lower() if text.lower() in ("true", "false") else cell


def is_respelt(stored: str, given: str) -> bool:
    """Whether `given` says in other letters what `stored` says."""
    if stored == given or not given or not stored:
        return False
    one, other = stored.strip(), given.strip()
    if canonical(one) == canonical(other):
        return one != other
    number, shown = _number(one), _number(other)
    if number is not None and shown is not None:
        if _is_scientific(other):
            places = len(other.lower().partition("e")[0].lstrip("+-").replace(",", ".").partition(".")[2])
            return f"{number:.{places}E}" == f"{shown:.{places}E}"
        return number == shown or _beyond_exact(one.lstrip("+0"), other)
    if (pair := _is_pair(one)) is not None and (day := _is_day_of_month(other)) is not None:
        return int(day[1] or day[2]) in (int(pair[1]), int(pair[2]))
    return other.isdecimal() and _day(other) == canonical(one)


def _number(text: str) -> Decimal | None:
    if _is_number(text) or _is_scientific(text):
        return Decimal(text.replace(",", "."))
    return None


def _beyond_exact(digits: str, other: str) -> bool:
    more = len(digits) - _EXACT
    return more > 0 and len(other) == len(digits) and other == digits[:_EXACT] + "0" * more


def _day(number: str) -> str:
    """The date of this day number, as `canonical` spells it."""
    if not 5 <= len(number) <= 6:
        return ""
    day = _EPOCH + timedelta(days=int(number))
    return canonical(day.isoformat())
