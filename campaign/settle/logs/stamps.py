"""Stamps of log lines as Unix seconds: those without a year or a zone (RFC 3164), and ISO 8601 (RFC 3339).

The year of a stamp that has none is the latest for which it does not lie after the file's last change by more than a
day: a file may go over the turn of a year, but not over more than one. Its zone is this machine's, and so is that of an
ISO stamp without one. In the hour that a clock goes through twice, the second time is known by the jump backwards.
A file whose own date was lost on a copy (1970) counts as changed now. Raises nothing: None for what is no stamp.
"""

import time
from datetime import datetime

_NAMES = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MONTHS = {name: month for month, name in enumerate(_NAMES, start=1)}
_AHEAD = 86400.0
"""Seconds by which a stamp may lie after the file's last change: clocks and zones differ."""
_YEARS = 9
"""How far back a year is sought: eight years may lie between two 29ths of February."""
_BACK = 600
"""Seconds of a jump backwards that is more than clocks of several hosts in one file."""
_KEPT = 4096
_EARLIEST = 946_684_800.0
"""Unix seconds of the year 2000: no log is older."""
_LATEST = 2**33
"""Unix seconds of the year 2242: what comes later, or before 1970, is no time of a log, and may be none at all."""


class Stamps:
    """Those of one file. `modified`: when it was last changed, in Unix seconds."""

    def __init__(self, modified: float) -> None:
        self._modified = modified if modified >= _EARLIEST else time.time()
        self._known: dict[str, int | None] = {}
        self._last = 0

    def moment(self, stamp: str) -> int | None:
        """Give `Nov  6 09:15:00`, `Nov 06 09:15:00.123`, or an ISO 8601 stamp as Unix seconds."""
        whole, _, fraction = stamp.partition(".")
        stamp = whole + fraction.lstrip("0123456789")  # the zone: the same second is read once
        try:
            moment = self._known[stamp]
        except KeyError:
            if len(self._known) >= _KEPT:
                self._known.clear()
            moment = self._read(stamp)
            if moment is None or not _is_told_twice(moment):
                self._known[stamp] = moment
        if moment is not None:
            self._last = moment
        return moment

    def _read(self, stamp: str) -> int | None:
        try:
            moment = self._without_year(stamp) if stamp[:1].isalpha() else self._iso(stamp)
        except (ValueError, OverflowError, OSError, KeyError):  # what datetime and the C library make of odd numbers
            return None
        return moment if moment is not None and 0 < moment < _LATEST else None

    def _without_year(self, stamp: str) -> int | None:
        month, day, clock = stamp.split()
        hour, minute, second = clock.split(":")
        # A leap second (RFC 3164 has none, but clocks do) is the last one of its minute.
        parts = (_MONTHS[month], int(day), int(hour), int(minute), min(int(second), 59))
        latest = datetime.fromtimestamp(self._modified + _AHEAD).year
        for year in range(latest, latest - _YEARS, -1):
            try:
                local = datetime(year, *parts)
            except ValueError:  # 29 February
                if parts[:2] != (2, 29):
                    return None
                continue
            if local.timestamp() <= self._modified + _AHEAD:
                return self._placed(local)
        return None

    def _iso(self, stamp: str) -> int | None:
        # Exim and others put a space before the zone, which ISO 8601 does not have.
        moment = datetime.fromisoformat(stamp[:11] + stamp[11:].replace(" ", ""))
        return self._placed(moment) if moment.tzinfo is None else int(moment.timestamp() // 1)

    def _placed(self, local: datetime) -> int:
        """Of the two moments that a local time may have, the one that goes with what was read before."""
        first, second = (int(local.replace(fold=fold).timestamp() // 1) for fold in (0, 1))
        return second if first < second and self._last - first > _BACK else first


def _is_told_twice(moment: int) -> bool:
    """Whether the clock here shows the same an hour earlier or later: such a stamp has to be read anew each time."""
    here = datetime.fromtimestamp(moment)
    return here.timestamp() != here.replace(fold=1 - here.fold).timestamp()
