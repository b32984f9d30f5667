"""How a run goes now, put together from the workers' reports once a second: a `RunNow` for whoever watches.

Takes moments as Unix seconds, and seconds of the run as they are counted without a clock that may be set. Remembers the
last minutes, for the rate. Raises nothing.
"""

import os
import socket
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from campaign.run_now import RunNow, ServerNow
from campaign.window import SendWindow
from campaign.worker.worker_report import ServerReport, WorkerReport

_RECENT = 15.0
"""Seconds over which the rate is taken: long enough to be calm, short enough to follow a server that slows down."""
_STRETCH, _STRETCHES = 5.0, 60
"""Seconds, and how many of them are remembered: five minutes."""
_REFUSALS = 5
_A_WHILE = 5.0
"""Seconds: a rate holds rows back for less."""
_HOURS, _TOMORROW = "the first of their hours begin", "another day begins: today's number of messages is sent"
_LIMIT = "a limit lets more go"


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownServer:
    """A server as the settings have it."""

    name: str
    """What it is called where there are several; otherwise ""."""
    host: str
    connections: int


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

    def __init__(self, servers: Sequence[KnownServer], *, wall_clock: Callable[[], float] = time.time) -> None:
        self._servers = servers
        self._clock = wall_clock
        self._rate = RecentRate()
        self._started_at: float | None = None

    def waiting(self, window: SendWindow, *, words: str, until: float | None, total: int) -> RunNow:
        """Say that nothing may be begun yet, and why."""
        return RunNow(
            at=self._clock(),
            pid=os.getpid(),
            host=socket.gethostname(),
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
        moments = [report.next_try_at for report in reports if report.next_try_at is not None]
        refusals = sorted((one for report in reports for one in report.refusals), key=lambda one: one.at)
        deferred, in_flight = sum(report.deferred for report in reports), sum(report.under_way for report in reports)
        opens = _opens(reports)
        held_until = None if deferred or in_flight else _held_until(reports, now)
        day = day_reached(reports)
        waits_until: float | None
        if opens is not None:
            waits_for, waits_until = _TOMORROW if day else _HOURS, float(opens[0])
        else:
            waits_for, waits_until = _LIMIT if held_until else "", held_until
        return RunNow(
            at=now,
            pid=os.getpid(),
            host=socket.gethostname(),
            workers=sum(not report.last for report in reports),
            phase="stopping" if stopping else "sending",
            started_at=self._started_at,
            total=total,
            settled=dict(settled),
            under_way=in_flight,
            deferred=deferred,
            next_try_at=min(moments) if moments and deferred else None,
            rate=round(rate, 3),
            rates=self._rate.history,
            rates_every=self._rate.every,
            servers=tuple(_server_now(server, reports_of(server.name, reports)) for server in self._servers),
            waits_for=waits_for,
            waits_until=waits_until,
            day_reached=day,
            opens=opens,
            window_closes_at=_closing(window),
            refusals=tuple(refusals[-_REFUSALS:]),
        )


def reports_of(server: str, reports: Sequence[WorkerReport]) -> Sequence[WorkerReport | ServerReport]:
    """What the workers report of one server; "" is the only one."""
    return [report.servers[server] for report in reports if server in report.servers] if server else reports


def first(words: Iterable[str]) -> str:
    """Give the first that says anything."""
    return next((said for said in words if said), "")


def _server_now(server: KnownServer, reports: Sequence[WorkerReport | ServerReport]) -> ServerNow:
    slowed = [report.rate for report in reports if report.rate is not None]
    limit = sum(report.limit for report in reports)
    out = [report.out for report in reports if isinstance(report, ServerReport)]
    return ServerNow(
        name=server.name or server.host,
        connections=sum(report.connections for report in reports),
        limit=limit,
        most=server.connections,
        slowed_to=sum(slowed) if slowed else None,
        slowed_by=first(report.slowed_by for report in reports) if slowed else "",
        fewer_by=first(report.fewer_by for report in reports) if limit < server.connections else "",
        out=first(out) if all(out) else "",
    )


def day_reached(reports: Sequence[WorkerReport]) -> int:
    """Give today's number of messages, where it is reached and no worker has a row that may go now; otherwise 0."""
    at_work = [report.day_reached for report in reports if not report.last]
    return min(at_work) if at_work else max((report.day_reached for report in reports), default=0)


def _opens(reports: Sequence[WorkerReport]) -> tuple[int, str] | None:
    """When rows go on, where no worker has one that may go now."""
    at_work = [report.opens for report in reports if not report.last]
    known = [opens for opens in at_work if opens is not None]
    return min(known) if known and len(known) == len(at_work) else None


def _held_until(reports: Sequence[WorkerReport], now: float) -> float | None:
    """When the first row may go again, where all workers wait for that, and not just for a moment."""
    moments = [report.held_until for report in reports if not report.last]
    until = min((moment for moment in moments if moment is not None), default=now)
    return until if None not in moments and until - now >= _A_WHILE else None


def _closing(window: SendWindow) -> float | None:
    return None if window.closes is None else window.closes.timestamp()
