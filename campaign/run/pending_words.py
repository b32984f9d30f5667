"""What a row that is pending waits for, in words for its `detail`.

Takes the window and a moment; gives what makes words of a row's cells, for `LedgerReader.explain_pending`. They are
worked out when somebody asks, and kept nowhere: "waits for its hours: Tue 1 Dec 2026 09:00 JST". Raises nothing.

Limits: a row of which nothing keeps the run but that it was stopped has no words.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, tzinfo

from campaign.daily_plan import day_of, used_up
from campaign.errors import WindowError
from campaign.schedule import Schedule
from campaign.window import say_moment

Words = Callable[[str, str], str]
"""Of a row's cells, a JSON array of strings, and its address."""


def pending_words(window: Schedule, columns: Sequence[str], now: datetime, *, daily: str = "") -> Words | None:
    """Give what says what pending rows wait for at `now` (aware); None where none waits for anything. `columns`: the
    contacts file's; `daily`: what those wait for that wait for nothing else (`day_words`).
    """
    if not window.zone_column:
        words = window_words(window, now) or daily
        return (lambda _cells, _email: words) if words else None
    place = columns.index(window.zone_column) if window.zone_column in columns else None
    known: dict[str, str] = {}

    def by_zone(cells: str, _email: str) -> str:
        zone = "" if place is None else _cell(cells, place)
        words = known.get(zone)
        if words is None:
            try:
                words = window_words(window.of(zone), now) or daily
            except WindowError:
                words = ""
            if len(known) < _MOST_ZONES:
                known[zone] = words
        return words

    return by_zone


_MOST_ZONES = 1_000


def day_words(ladder: Sequence[int], begun: Mapping[date, int], zone: tzinfo, now: datetime) -> str:
    """Say that rows wait for another day, where today's number is reached: "waits for tomorrow: 500 a day"; empty where
    it is not. `begun`: messages by day.
    """
    reached = used_up(ladder, begun, day_of(now, zone))
    return f"waits for tomorrow: {reached:,} a day" if reached else ""


def window_words(window: Schedule, now: datetime) -> str:
    """Say what holds rows back that go by this window, at `now` (aware); empty where nothing does."""
    opening = window.next_opening(now)
    if opening is None:
        return f"its window is over: {window.describe(now).partition(',')[0]}"
    if window.is_open(now):
        return ""
    what = "its hours" if window.restricted else "its window"
    return f"waits for {what}: {say_moment(opening, window.zone)}"


def _cell(cells: str, place: int) -> str:
    try:
        return str(json.loads(cells)[place]).strip()
    except (ValueError, IndexError, TypeError):
        return ""  # what is damaged is said by whoever writes the row
