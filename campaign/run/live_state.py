"""How a run goes now, put together from the workers' reports once a second: a `RunNow` for whoever watches.

Takes moments as Unix seconds, and seconds of the run as they are counted without a clock that may be set. Remembers the
last minutes, for the rate. Raises nothing.
"""

import os
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Sequence

from campaign.run_now import RunNow, ServerNow
from campaign.window import SendWindow
from campaign.worker.job import WorkerReport

_RECENT = 15.0
"""Seconds over which the rate is taken: long enough to be calm, short enough to follow a server that slows down."""
_STRETCH, _STRETCHES = 5.0, 60
"""Seconds, and how many of them are remembered: five minutes."""
_REFUSALS = 5


class RecentRate:
    """How many contacts came to their end in a second, of late, and over the last minutes."""

    def __init__(self) -> None:
        self._recent: deque[tuple[float, int]] = deque()
        self._stretches: deque[float] = deque(maxlen=_STRETCHES)
        self._stretch = (0.0, 0)

    def add(self, seconds: float, done: int) -> float:
        """Hear how many are done after so many seconds of the run; later than before. Give the rate of late."""
        recent = self._recent
        recent.append((seconds, done))
        while recent[0][0] < seconds - _RECENT and len(recent) > 2:
            recent.popleft()
        begun, before = self._stretch
        while seconds - begun >= _STRETCH:  # what came in a long silence is spread over it
            share = (done - before) / ((seconds - begun) / _STRETCH)
            self._stretches.append(round(share / _STRETCH, 3))
            begun, before = begun + _STRETCH, before + round(share)
        self._stretch = (begun, before)
        first, at_first = recent[0] if len(recent) > 1 and seconds > _RECENT else (0.0, 0)
        passed = seconds - first
        return (done - at_first) / passed if passed > 0.2 else 0.0

    @property
    def history(self) -> tuple[float, ...]:
        """Contacts a second, for each stretch that is over, the latest last."""
        return tuple(self._stretches)

    every = _STRETCH


class LiveState:
    """One run's."""

    def __init__(self, *, server: str, connections: int, wall_clock: Callable[[], float] = time.time) -> None:
        self._server = server
        self._most = connections
        self._clock = wall_clock
        self._rate = RecentRate()
        self._started_at: float | None = None

    def waiting(self, window: SendWindow, *, words: str, until: float | None, total: int) -> RunNow:
        """Say that nothing may be begun yet, and why."""
        return RunNow(
            at=self._clock(),
            pid=os.getpid(),
            phase="waiting",
            total=total,
            waits_for=words,
            waits_until=until,
            window_closes_at=_closing(window),
        )

    def sending(
        self, window: SendWindow, reports: Sequence[WorkerReport], *, total: int, seconds: float, stopping: bool
    ) -> RunNow:
        """Say how far it is: `seconds` since it began to send."""
        now = self._clock()
        if self._started_at is None:
            self._started_at = now - seconds
        settled: Counter[str] = Counter()
        for report in reports:
            settled.update(report.settled)
        rate = self._rate.add(seconds, settled.total())
        slowed = [report.rate for report in reports if report.rate is not None]
        moments = [report.next_try_at for report in reports if report.next_try_at is not None]
        refusals = sorted((one for report in reports for one in report.refusals), key=lambda one: one.at)
        connections, limit = sum(report.connections for report in reports), sum(report.limit for report in reports)
        deferred = sum(report.deferred for report in reports)
        return RunNow(
            at=now,
            pid=os.getpid(),
            phase="stopping" if stopping else "sending",
            started_at=self._started_at,
            total=total,
            settled=dict(settled),
            under_way=sum(report.under_way for report in reports),
            deferred=deferred,
            next_try_at=min(moments) if moments and deferred else None,
            rate=round(rate, 3),
            rates=self._rate.history,
            rates_every=self._rate.every,
            slowed_to=sum(slowed) if slowed else None,
            slowed_by=_first(report.slowed_by for report in reports) if slowed else "",
            fewer_by=_first(report.fewer_by for report in reports) if limit < self._most else "",
            servers=(ServerNow(name=self._server, connections=connections, limit=limit, most=self._most),),
            window_closes_at=_closing(window),
            refusals=tuple(refusals[-_REFUSALS:]),
        )


def _closing(window: SendWindow) -> float | None:
    return None if window.closes is None else window.closes.timestamp()


def _first(words: Iterable[str]) -> str:
    return next((said for said in words if said), "")
