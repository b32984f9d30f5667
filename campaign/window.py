"""The send window: when a campaign may send, and until when its links live.

Takes opening and closing times (or how long it lasts), an IANA time zone and the present moment; gives a `SendWindow`
of absolute moments. All clocks are injected: nothing here reads the time. Raises `WindowError` for a local time that
a clock change skips or repeats, an unknown zone, and a window that closes before it opens.

Limits: years 1970 to 9000. The zone rules are those of this machine (or of the `tzdata` package): a government that
moves a clock change after they were published is not known here.
"""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from difflib import get_close_matches
from zoneinfo import ZoneInfo, available_timezones

from campaign.durations import as_moment, brief_duration, parse_moment
from campaign.errors import WindowError

__all__ = ["SendWindow", "as_moment", "find_zone", "parse_moment", "say_day", "say_moment"]

_NO_TIME = timedelta(0)
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True, slots=True, kw_only=True)
class SendWindow:
    """From `opens` until just before `closes`; both aware, shown in `zone`. `closes` is None when it never closes.

    Every comparison is made in UTC: Python compares and subtracts two times of one zone by their wall clocks, which
    is an hour wrong on the day the clocks change (PEP 495).
    """

    opens: datetime
    closes: datetime | None
    zone: ZoneInfo
    _opens_utc: datetime = field(init=False, repr=False, compare=False)
    _closes_utc: datetime | None = field(init=False, repr=False, compare=False)
    _expiries: dict[timedelta, datetime] = field(init=False, repr=False, compare=False, default_factory=dict)

    def __post_init__(self) -> None:
        opens = _instant(self.opens)
        closes = None if self.closes is None else _instant(self.closes)
        object.__setattr__(self, "opens", opens.astimezone(self.zone))
        object.__setattr__(self, "closes", None if closes is None else closes.astimezone(self.zone))
        object.__setattr__(self, "_opens_utc", opens)
        object.__setattr__(self, "_closes_utc", closes)
        if closes is not None and closes <= opens:
            raise WindowError(
                f"the window closes {say_moment(closes, self.zone)}, but opens {say_moment(opens, self.zone)}",
                where="window.opens, window.closes",
                fix="let it close after it opens",
            )

    @classmethod
    def resolve(
        cls,
        *,
        opens: datetime | None,
        closes: datetime | None,
        lasts: timedelta | None,
        timezone: str,
        now: datetime,
        first_opened: datetime | None = None,
    ) -> "SendWindow":
        """Make the window that settings describe.

        `opens` and `closes`: naive ones are local to `timezone`, aware ones are taken as they are. `lasts` is elapsed
        time, whatever the clocks do meanwhile. `now` and `first_opened` are aware; without `opens`, the window opened
        at `first_opened` (kept from the campaign's first run), or opens `now`. Raises `WindowError`.
        """
        zone = find_zone(timezone)
        if closes is not None and lasts is not None:
            raise WindowError(
                "the window has both a closing time and a length",
                where="window.closes, window.lasts",
                fix="give only one of closes and lasts",
            )
        if opens is not None:
            begin = _absolute(opens, zone, "window.opens")
        else:
            begin = _instant(now if first_opened is None else first_opened)
        end = None if closes is None else _absolute(closes, zone, "window.closes")
        if lasts is not None:
            if lasts <= _NO_TIME:
                raise WindowError("the window lasts no time", where="window.lasts", fix='make it longer, such as "8h"')
            try:
                end = _instant(begin + lasts)
            except OverflowError:
                raise _out_of_reach("window.lasts") from None
        if opens is None and end is not None and end <= begin:
            raise WindowError(
                f"the window was over before it could open: it closed {say_moment(end, zone)}",
                where="window.closes",
                fix="set a later closing time",
            )
        return cls(opens=begin, closes=end, zone=zone)

    def is_open(self, now: datetime) -> bool:
        """Whether a message may begin at `now` (aware)."""
        return self._opens_utc <= now.astimezone(UTC) and not self.is_over(now)

    def is_over(self, now: datetime) -> bool:
        """Whether it has closed by `now` (aware)."""
        return self._closes_utc is not None and now.astimezone(UTC) >= self._closes_utc

    def seconds_until_open(self, now: datetime) -> float:
        """Seconds from `now` (aware) until it opens; 0 once it has."""
        return max(0.0, (self._opens_utc - now.astimezone(UTC)).total_seconds())

    def seconds_left(self, now: datetime) -> float | None:
        """Seconds from `now` (aware) until it closes; 0 once it has, None if it never does."""
        if self._closes_utc is None:
            return None
        return max(0.0, (self._closes_utc - now.astimezone(UTC)).total_seconds())

    def link_expiry(self, issued: datetime, grace: timedelta) -> datetime:
        """When a link issued at `issued` (aware) expires: aware, in the window's zone.

        `grace` after the window closes, so that all links of a campaign end together; without a closing time, `grace`
        after `issued`. Called for every message: with a closing time it is worked out once.
        """
        if self._closes_utc is None:
            return (issued.astimezone(UTC) + grace).astimezone(self.zone)
        expiry = self._expiries.get(grace)
        if expiry is None:
            expiry = self._expiries[grace] = (self._closes_utc + grace).astimezone(self.zone)
        return expiry

    @property
    def length(self) -> timedelta | None:
        """How long it is open, in all; None if it never closes."""
        return None if self._closes_utc is None else self._closes_utc - self._opens_utc

    def little_left(self, now: datetime) -> bool:
        """Whether it is open at `now` (aware), and less than a quarter of it is left."""
        length, left = self.length, self.seconds_left(now)
        return length is not None and left is not None and self.is_open(now) and left < length.total_seconds() / 4

    def describe_links(self, now: datetime, grace: timedelta) -> str:
        """Say how long the links of messages sent from `now` (aware) on will work."""
        if self._closes_utc is None:
            return f"each link works for {brief_duration(grace)}"
        expiry = self._closes_utc + grace
        return (
            f"links work until {say_moment(expiry, self.zone)}, {brief_duration(expiry - now.astimezone(UTC))} from now"
        )

    def describe(self, now: datetime) -> str:
        """Say how things stand at `now` (aware): "opens Mon 23 Nov 2026 09:00 EST, in 2 h 5 min"."""
        moment = now.astimezone(UTC)
        if moment < self._opens_utc:
            return f"opens {say_moment(self._opens_utc, self.zone)}, in {brief_duration(self._opens_utc - moment)}"
        if self._closes_utc is None:
            return f"open since {say_moment(self._opens_utc, self.zone)}, never closes"
        closes = say_moment(self._closes_utc, self.zone)
        if moment < self._closes_utc:
            length = brief_duration(self._closes_utc - self._opens_utc)
            return f"open until {closes}, {brief_duration(self._closes_utc - moment)} of {length} left"
        return f"closed {closes}, {brief_duration(moment - self._closes_utc)} ago"


def say_day(moment: datetime, zone: tzinfo) -> str:
    """Say on which day an aware moment lies in `zone`: "Mon 26 Oct 2026"."""
    local = moment.astimezone(zone)
    return f"{_DAYS[local.weekday()]} {local.day} {_MONTHS[local.month - 1]} {local.year}"


def say_moment(moment: datetime, zone: ZoneInfo) -> str:
    """Say an aware moment on the clock of `zone`: "Mon 26 Oct 2026 09:00 CET"."""
    # Not strftime: the names of days and months would follow the machine's locale, and the rest is in English.
    local = moment.astimezone(zone)
    clock = f"{local:%H:%M:%S}" if local.second else f"{local:%H:%M}"
    name = local.tzname() or ""
    if name[:1] in {"+", "-"}:  # a zone without letters of its own: "+0545"
        name = f"UTC{name[:3]}:{name[3:]}" if name[3:] else f"UTC{name}"
    return f"{say_day(moment, zone)} {clock} {name}"


def find_zone(name: str) -> ZoneInfo:
    """Look up a zone by its IANA name, such as "America/New_York". Raises `WindowError` with the nearest names."""
    try:
        return ZoneInfo(name)
    except (LookupError, ValueError, OSError):
        pass  # a name of no zone, a name of no file, a folder of zones: all the same to whoever wrote it
    fix = "use an IANA name, such as Europe/Berlin or UTC"
    if re.search(r"[+-]\d", name):
        # Never suggest Etc/GMT+2 here: by POSIX its sign is the other way round, and it is two hours *behind* UTC.
        fix += "; an offset belongs to a time itself: 2026-11-23T09:00+02:00"
    elif near := _near_zones(name):
        fix = f"did you mean {' or '.join(near)}?"
    raise WindowError(f"there is no time zone {name[:60]!r}", where="window.timezone", fix=fix)


def _near_zones(name: str) -> list[str]:
    wanted = name[:60].strip().casefold().replace(" ", "_")
    zones = {zone.casefold(): zone for zone in sorted(available_timezones())}
    if wanted in zones:
        return [zones[wanted]]
    cities: dict[str, list[str]] = {}
    for folded, zone in zones.items():
        cities.setdefault(folded.rsplit("/", 1)[-1], []).append(zone)
    city = wanted.rsplit("/", 1)[-1]
    for near_city in [city, *get_close_matches(city, cities, n=1, cutoff=0.85)]:
        if near_city in cities:
            return cities[near_city][:3]
    return [zones[near] for near in get_close_matches(wanted, zones, n=3, cutoff=0.7)]


def _absolute(moment: datetime, zone: ZoneInfo, setting: str) -> datetime:
    """Turn a moment as written into UTC; a naive one is local to `zone` and must happen there exactly once."""
    if not 1970 <= moment.year <= 9000:
        raise _out_of_reach(setting)
    if moment.tzinfo is not None:
        return moment.astimezone(UTC)
    # PEP 495: fold picks the earlier or the later of two readings. A time the clocks skip comes back from UTC as
    # another one; a time they repeat comes back the same from two different moments.
    readings = sorted(moment.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    wall = moment.replace(fold=0)
    exact = {reading for reading in readings if reading.astimezone(zone).replace(tzinfo=None, fold=0) == wall}
    if len(exact) == 1:
        return exact.pop()
    first, second = (reading.astimezone(zone) for reading in readings)
    problem = "happens twice there" if exact else "does not exist there"
    change = "back" if exact else "forward"
    raise WindowError(
        f"{moment.isoformat()} {problem}: in {zone.key} the clocks go {change} over it",
        where=setting,
        fix=f"write which moment you mean, with its offset: {first.isoformat()} or {second.isoformat()}",
    )


def _instant(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("a moment here must be aware")
    if not 1970 <= moment.year <= 9000:
        raise _out_of_reach("window")
    return moment.astimezone(UTC)


def _out_of_reach(setting: str) -> WindowError:
    return WindowError(
        "the window lies in a year out of reach", where=setting, fix="use a year that links can expire in: 1970 to 9000"
    )
