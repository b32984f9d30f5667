"""The window of a run as plain values, for a worker on another machine, and back: the same moments, the same clocks.

Moments go in UTC. Raises ValueError, KeyError or WindowError for what is no window. Limits: both machines' own rules of
time zones hold, so their `tzdata` should be of one age.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from campaign.contact_clocks import ContactClocks
from campaign.hours import Hours
from campaign.schedule import Schedule
from campaign.window import find_zone


def window_to_json(window: Schedule) -> dict[str, Any]:
    """Give it as JSON has values."""
    found: dict[str, Any] = {
        "opens": window.opens.astimezone(UTC).isoformat(),
        "closes": _text(None if window.closes is None else window.closes.astimezone(UTC)),
        "zone": window.zone.key,
        "hours": None if window.hours is None else [window.hours.begins, window.hours.ends],
        "days": sorted(window.days),
        "zone_column": window.zone_column,
    }
    if isinstance(window, ContactClocks):
        found["default"] = window_to_json(window.default)
        found["local_opens"], found["local_closes"] = _text(window.local_opens), _text(window.local_closes)
        found["lasts"] = None if window.lasts is None else window.lasts.total_seconds()
    return found


def window_from_json(found: dict[str, Any]) -> Schedule:
    """Give the window."""
    same: dict[str, Any] = {
        "opens": datetime.fromisoformat(found["opens"]),
        "closes": _moment(found["closes"]),
        "zone": find_zone(found["zone"]),
        "hours": None if found["hours"] is None else Hours(begins=found["hours"][0], ends=found["hours"][1]),
        "days": frozenset(found["days"]),
        "zone_column": found["zone_column"],
    }
    if "default" not in found:
        return Schedule(**same)
    return ContactClocks(
        **same,
        default=window_from_json(found["default"]),
        local_opens=_moment(found["local_opens"]),
        local_closes=_moment(found["local_closes"]),
        lasts=None if found["lasts"] is None else timedelta(seconds=found["lasts"]),
    )


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
