"""A window with hours and days in it: when mail may go on the clock of one time zone.

A `Schedule` is a `SendWindow`, and answers the same questions; within the window it is open while a clock in its zone
shows a time within the hours on one of the days. That is all that counts, also when clocks are moved: a time that they
skip is not there, one that they show twice is open twice. Hours over midnight belong to the day on which they begin.
All clocks are injected. Raises `WindowError`.

Limits: those of `campaign/hours.py` and `campaign/window.py`.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Self

from campaign.durations import brief_duration
from campaign.hours import EVERY_DAY, Hours, clock_spans, say_days
from campaign.window import SendWindow, say_moment

_DAY = timedelta(days=1)
_ALL_DAY = Hours()
_BARREN = 400
"""Days without an opening after which there is none: a week has one, unless the zone leaves out days."""
_LAST_YEAR = 9000
_KEPT = 4
"""Stretches of time that are remembered: what is asked about is now, and some moments ahead."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule(SendWindow):
    """From `opens` until just before `closes`, within `hours` (None: all day) on `days` (0 is Monday)."""

    hours: Hours | None = None
    days: frozenset[int] = EVERY_DAY
    zone_column: str = ""
    """The column of the contacts file that says which zone's clock is a contact's own; "": none does."""
    _known: list[tuple[datetime, datetime | None, bool]] = field(
        init=False, repr=False, compare=False, default_factory=list
    )
    """The last stretches of time that were asked about: since when, until when, and whether it is open."""

    @classmethod
    def within(cls, window: SendWindow, *, hours: Hours | None = None, days: frozenset[int] = EVERY_DAY) -> Self:
        """Put hours and days into a window."""
        return cls(opens=window.opens, closes=window.closes, zone=window.zone, hours=hours, days=days)

    def at_any_hour(self) -> "Schedule":
        """Give the window without the hours and days in it."""
        return replace(self, hours=None, days=EVERY_DAY)

    def of(self, zone: str) -> "Schedule":
        """Give the schedule of contacts whose own clock is that of the zone of this name; "": that of the window's.
        Raises WindowError for an unknown one, where it matters.
        """
        return self

    @property
    def restricted(self) -> bool:
        """Whether there are hours or days within the window at all."""
        return self.days != EVERY_DAY or (self.hours is not None and not self.hours.all_day)

    def is_open(self, now: datetime) -> bool:
        """Whether a message may begin at `now` (aware)."""
        return self._stretch(now)[2]

    def is_over(self, now: datetime) -> bool:
        """Whether it has closed by `now` (aware), and does not open again."""
        if self.hours is None and len(self.days) == len(EVERY_DAY):
            return SendWindow.is_over(self, now)
        _, until, is_open = self._stretch(now)
        return not is_open and until is None

    def next_opening(self, now: datetime) -> datetime | None:
        """Give when it is open next: `now` (aware) if it is, None if it never is again. Aware, in its zone."""
        _, until, is_open = self._stretch(now)
        return now.astimezone(self.zone) if is_open else until and until.astimezone(self.zone)

    def closes_at(self, now: datetime) -> datetime | None:
        """Give the end of the stretch in which it is open at `now` (aware); None where it is not open, or has no
        end. Aware, in its zone.
        """
        _, until, is_open = self._stretch(now)
        return until.astimezone(self.zone) if is_open and until is not None else None

    def open_spans(self, now: datetime) -> Iterator[tuple[datetime, datetime | None]]:
        """Give from when to when it is open, from `now` (aware) on, in order: the first one may have begun before, and
        begins `now`. The last may have no end (None). Endless where the window is. Aware, in its zone.
        """
        for first, last in self._spans(now.astimezone(UTC)):
            yield first.astimezone(self.zone), None if last is None else last.astimezone(self.zone)

    def seconds_until_open(self, now: datetime) -> float:
        """Seconds from `now` (aware) until it is open next; 0 if it is, or never is again."""
        if not self.restricted:  # asked for every message, where the opening is set
            return SendWindow.seconds_until_open(self, now)
        opening = self.next_opening(now)
        return 0.0 if opening is None else max(0.0, (opening.astimezone(UTC) - now.astimezone(UTC)).total_seconds())

    def describe(self, now: datetime) -> str:
        """Say how things stand at `now` (aware)."""
        return self._describe(now.astimezone(UTC)) if self.restricted else SendWindow.describe(self, now)

    def describe_hours(self) -> str:
        """Say which hours and days there are: "09:00-17:00, mon-fri"; empty where there are none."""
        hours = "" if self.hours is None or self.hours.all_day else str(self.hours)
        return ", ".join(filter(None, [hours, "" if self.days == EVERY_DAY else say_days(self.days)]))

    def _describe(self, now: datetime) -> str:
        since, until, is_open = self._stretch(now)
        hours = self.describe_hours()
        if not is_open and until is None:
            return f"closed {say_moment(since, self.zone)}, {brief_duration(now - since)} ago"
        if not is_open:
            assert until is not None
            return f"opens {say_moment(until, self.zone)}, in {brief_duration(until - now)} ({hours})"
        assert until is not None
        closes = "never closes" if self.closes is None else f"the window closes {say_moment(self.closes, self.zone)}"
        if until == self._closes_utc:
            closes = "then the window closes"
        return f"open until {say_moment(until, self.zone)}, {brief_duration(until - now)} left ({hours}); {closes}"

    def _stretch(self, moment: datetime) -> tuple[datetime, datetime | None, bool]:
        """Give the stretch of time around a moment in which nothing changes; one without a begin begins in 1970."""
        now = moment.astimezone(UTC)
        for known in self._known:
            if known[0] <= now and (known[1] is None or now < known[1]):
                return known
        found = self._look(now)
        self._known[:] = [found, *self._known[: _KEPT - 1]]
        return found

    def _look(self, now: datetime) -> tuple[datetime, datetime | None, bool]:
        before = _EPOCH
        for first, last in self._spans(now, whole=True):
            if now < first:
                return now if before == _EPOCH else before, first, False
            if last is None or now < last:
                return first, last, True
            before = last
        return self._last_end(now), None, False

    def _last_end(self, now: datetime) -> datetime:
        """When it was open last, where it is over."""
        closed = now if self._closes_utc is None else min(now, self._closes_utc)
        for back in range(1, _BARREN):
            since = max(self._opens_utc, closed - back * 7 * _DAY)
            ends = [last for _, last in self._spans(since) if last is not None and last <= now]
            if ends or since == self._opens_utc:
                return max(ends, default=closed)
        return closed

    def _spans(self, now: datetime, *, whole: bool = False) -> Iterator[tuple[datetime, datetime | None]]:
        """The same in UTC; `whole`: the first one from where it began, and perhaps the ones just before."""
        opens, closes = self._opens_utc, self._closes_utc
        for first, last in self._merged(max(opens, now)):
            begins = max(first, opens if whole else max(opens, now))
            ends = closes if last is None or (closes is not None and closes < last) else last
            if closes is not None and begins >= closes:
                return
            if ends is None or (begins < ends and (whole or now < ends)):
                yield begins, ends

    def _merged(self, since: datetime) -> Iterator[tuple[datetime, datetime | None]]:
        """The stretches of open hours around and after a moment, whatever the window; apart from each other."""
        if not self.restricted:
            yield _EPOCH, None
            return
        pending: tuple[datetime, datetime] | None = None
        # Hours over midnight began the day before; days without hours may have gone on for a week.
        day = since.astimezone(self.zone).date() - 8 * _DAY
        barren = 0
        while barren < _BARREN and day.year <= _LAST_YEAR:
            spans = clock_spans(day, self.hours or _ALL_DAY, self.zone) if day.weekday() in self.days else []
            for span in spans:
                if pending is not None and span[0] <= pending[1]:
                    pending = pending[0], max(pending[1], span[1])
                    continue
                if pending is not None:
                    yield pending
                pending = span
            barren = 0 if spans else barren + 1
            day += _DAY
        if pending is not None:
            yield pending
