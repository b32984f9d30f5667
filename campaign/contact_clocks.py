"""A window on each contact's own clock: what `contacts.timezone_column` makes of opening and closing times and hours.

`ContactClocks` is the `Schedule` of a whole run, from the earliest opening to the latest closing that any zone may
have; `of` gives that of one zone, within which a contact is mailed and by whose end its link is measured. A time that a
zone's clocks skip is the moment at which they do; of one that they show twice, the first. Raises `WindowError`.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Self

from campaign.durations import brief_duration
from campaign.hours import EVERY_DAY, Hours, first_shown
from campaign.schedule import Schedule
from campaign.window import SendWindow, find_zone

_EASTERNMOST, _WESTERNMOST = timedelta(hours=14), timedelta(hours=12)
"""How far the clocks of a zone are ahead of UTC, and behind it, at most."""
_A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactClocks(Schedule):
    """The windows of all zones. `zone_column` names each contact's."""

    default: Schedule
    """That of `window.timezone`, for contacts without a zone."""
    local_opens: datetime | None
    """Naive; None: it opens at the same moment everywhere."""
    local_closes: datetime | None
    """Naive; None: it closes at the same moment everywhere, or never."""
    lasts: timedelta | None
    """How long it is open, where no closing time says so."""
    _zones: dict[str, Schedule] = field(init=False, repr=False, compare=False, default_factory=dict)

    @classmethod
    def around(
        cls,
        window: SendWindow,
        *,
        column: str,
        opens: datetime | None,
        closes: datetime | None,
        lasts: timedelta | None,
        hours: Hours | None = None,
        days: frozenset[int] = EVERY_DAY,
    ) -> Self:
        """Make them of the window of `window.timezone`, and of what the settings say of opening and closing."""
        local_opens = opens if opens is not None and opens.tzinfo is None else None
        local_closes = closes if closes is not None and closes.tzinfo is None else None
        begins, ends = window.opens.astimezone(UTC), None if window.closes is None else window.closes.astimezone(UTC)
        if local_opens is not None:
            begins = local_opens.replace(tzinfo=UTC) - _EASTERNMOST
        if local_closes is not None:
            ends = local_closes.replace(tzinfo=UTC) + _WESTERNMOST
        elif local_opens is not None and lasts is not None:
            ends = local_opens.replace(tzinfo=UTC) + _WESTERNMOST + lasts
        return cls(
            opens=begins,
            closes=ends,
            zone=window.zone,
            zone_column=column,
            default=Schedule.within(window, hours=hours, days=days),
            local_opens=local_opens,
            local_closes=local_closes,
            lasts=lasts,
        )

    def at_any_hour(self) -> Schedule:
        """Give each contact's window without the hours and days in it."""
        return replace(self, default=self.default.at_any_hour())

    def of(self, zone: str) -> Schedule:
        """Give the schedule of contacts in the zone of this name; "": in the window's. Raises WindowError."""
        if not zone:
            return self.default
        found = self._zones.get(zone)
        if found is None:
            found = self._zones[zone] = self._in_zone(zone)
        return found

    def open_spans(self, now: datetime) -> Iterator[tuple[datetime, datetime | None]]:
        """Give from when to when it is open on the window's own clock."""
        return self.default.open_spans(now)

    def link_expiry(self, issued: datetime, grace: timedelta) -> datetime:
        """When the link of a contact without a zone expires."""
        return self.default.link_expiry(issued, grace)

    def describe_links(self, now: datetime, grace: timedelta) -> str:
        """Say how long the links of messages sent from `now` (aware) on will work."""
        if self.closes is None or self.local_closes is None:
            return self.default.describe_links(now, grace)
        return f"links work until {brief_duration(grace)} after the window has closed, each on its contact's own clock"

    def describe(self, now: datetime) -> str:
        """Say how things stand at `now` (aware) on the window's own clock, and that contacts have theirs."""
        return f"{self.default.describe(now)}; each contact by its own clock ({self.zone_column})"

    def _in_zone(self, name: str) -> Schedule:
        zone = find_zone(name)
        begins = self.default.opens if self.local_opens is None else first_shown(self.local_opens, zone)
        ends = self.default.closes
        if self.local_closes is not None:
            ends = first_shown(self.local_closes, zone)
        elif self.local_opens is not None and self.lasts is not None:
            ends = begins + self.lasts
        if ends is not None and ends.astimezone(UTC) <= begins.astimezone(UTC):
            begins = ends.astimezone(UTC) - _A_DAY  # it was over there before it opened: nothing is wrong with that
        return Schedule(opens=begins, closes=ends, zone=zone, hours=self.default.hours, days=self.default.days)
