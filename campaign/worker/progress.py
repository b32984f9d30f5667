"""How far one worker is, as it tells the owner of the run: a `WorkerReport`, drawn together from its parts.

What is said only once (notices, events, stretches of the timeline) is in the next report that is asked for. Raises
nothing.
"""

import time
from collections.abc import Callable, Sequence

from campaign.worker.circuit_breaker import CircuitBreaker
from campaign.worker.long_wait import LongWait
from campaign.worker.profile import Profile
from campaign.worker.ranked_routes import RankedRoutes
from campaign.worker.route import Route
from campaign.worker.row_queue import RowQueue
from campaign.worker.worker_report import WorkerReport


class Progress:
    """One worker's. `clock`: monotonic seconds."""

    def __init__(
        self,
        routes: Sequence[Route],
        *,
        rows: RowQueue,
        ranked: RankedRoutes | None,
        breaker: CircuitBreaker,
        profile: Profile,
        waits: LongWait,
        clock: Callable[[], float],
    ) -> None:
        self._routes = routes
        self._rows = rows
        self._ranked = ranked
        self._breaker = breaker
        self._profile = profile
        self._waits = waits
        self._clock = clock

    def so_far(self, *, last: bool) -> WorkerReport:
        """Give the report. `last`: none comes after it."""
        routes, rows, waits = self._routes, self._rows, self._waits
        dispatcher = routes[0].dispatcher  # what it has settled is that of all
        now = self._clock()
        day_reached, opens = waits.until(now)
        rates = [route.throttled_rate for route in routes]
        logs = [route.dispatcher.events for route in routes]
        suspicious: dict[int, str] = {}
        if last:
            for breaker in {route.breaker for route in routes}:
                suspicious |= breaker.suspicious
        return WorkerReport(
            settled=dict(dispatcher.settled),
            deferred=rows.waiting,
            under_way=dispatcher.under_way,
            connections=sum(route.pool.connections for route in routes),
            limit=sum(route.pool.limit for route in routes),
            rate=None if None in rates else sum(rate for rate in rates if rate is not None),
            slowed_by=routes[0].slowed_by,
            fewer_by=routes[0].fewer_by,
            next_try_at=_unix(rows.next_try, now),
            held_until=_unix(rows.held_until(now), now),
            refusals=tuple(one for log in logs for one in log.refusals()),
            events=tuple(one for log in logs for one in log.take()),
            notices=self._breaker.notices(),
            trouble=self._breaker.reason,
            profile=self._profile.so_far(),
            timeline=tuple(stretch for route in routes for stretch in route.dispatcher.measurements.take()),
            suspicious=suspicious,
            servers={} if self._ranked is None else self._ranked.reports(),
            day_reached=day_reached,
            opens=opens,
            over=waits.over,
            left_early=dispatcher.draining and not dispatcher.recalled,
            last=last,
        )


def _unix(moment: float | None, now: float) -> float | None:
    """Give monotonic seconds, of which it is `now`, as Unix seconds."""
    return None if moment is None else time.time() + moment - now
