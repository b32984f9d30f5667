"""The time as messages have it: whole seconds, which is all that a JWT and a Date header can say. Raises nothing."""

import time
from collections.abc import Callable
from datetime import datetime, tzinfo


def this_second(zone: tzinfo, clock: Callable[[], float] = time.time) -> Callable[[], datetime]:
    """Give a clock of aware datetimes in `zone`: one object a second."""
    known_second, known = -1, datetime.fromtimestamp(0, zone)

    def now() -> datetime:
        nonlocal known_second, known
        second = int(clock())
        if second != known_second:
            known_second, known = second, datetime.fromtimestamp(second, zone)
        return known

    return now
