"""From a job to what limits one worker besides the rate: the daily limit, recipient domains, the pace.

Each is None where the operator has set none, and then costs nothing. Takes the `WorkerLedger`, which has what all
processes share. Raises LedgerError.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from functools import partial

from campaign.daily_plan import OpenDay, Span, day_of, limited_days, open_days
from campaign.ledger.interface import RateLimit, WorkerLedger
from campaign.schedule import Schedule
from campaign.worker.daily_limit import DailyLimit
from campaign.worker.domain_limits import DomainLimits
from campaign.worker.job import Job, ServerOrders
from campaign.worker.pace import Pace

_PACE = "pace"
_BEFORE_THE_END = 0.02
"""Of the whole open time: by how much earlier than the window closes an even pace means to be done."""


def _now() -> datetime:
    return datetime.now(UTC)


def daily_limit(
    job: Job,
    ledger: WorkerLedger,
    *,
    clock: Callable[[], float],
    wall: Callable[[], datetime] = _now,
    server: ServerOrders | None = None,
) -> DailyLimit | None:
    """Give the campaign's daily limit, or a server's own."""
    name, ladder = "", job.daily_limit
    if server is not None:
        name, ladder = server.name or server.server.host, server.daily_limit
    if not ladder:
        return None
    window = job.message_plan.window
    return DailyLimit(
        ledger.daily_count(name),
        ladder,
        zone=window.zone,
        goes_on=lambda moment: job.wait and not window.is_over(moment),
        clock=clock,
        wall=wall,
    )


def domain_limits(job: Job, ledger: WorkerLedger) -> DomainLimits | None:
    """Give the limits of recipient domains."""
    return DomainLimits(job.domain_limits, ledger.rate_limit, ledger.budget) if job.domain_limits else None


def paced(
    job: Job, ledger: WorkerLedger, then: RateLimit | None, *, wall: Callable[[], datetime] = _now
) -> RateLimit | None:
    """Give the pace, which asks the rate `then` as well; where there is none, that rate alone."""
    if job.rows_beyond is None:
        return then
    return Pace(
        ledger.rate_limit(_PACE, 1.0),
        rows_left=partial(_rows_left, ledger, job.rows_beyond),
        days_left=DaysLeft(job, ledger),
        then=then,
        wall=wall,
    )


class DaysLeft:
    """The days that a campaign has left for an even pace, from a moment on: without the last part of its open time."""

    def __init__(self, job: Job, ledger: WorkerLedger) -> None:
        self._window = window = job.message_plan.window
        self._ladder = job.daily_limit
        self._count = ledger.daily_count("") if job.daily_limit else None
        self._spare = _BEFORE_THE_END * sum(seconds for _, seconds in open_days(_spans(window), window.zone))

    def __call__(self, now: datetime) -> Sequence[OpenDay]:
        """Give the days with open time from an aware moment on, the first of them perhaps begun."""
        zone = self._window.zone
        days = list(open_days(_spans(self._window, now), zone))
        spare = self._spare
        while days and spare >= days[-1][1]:
            spare -= days.pop()[1]
        if days:
            days[-1] = (days[-1][0], days[-1][1] - spare)
        today = day_of(now, zone)
        count = self._count
        return list(
            limited_days(
                days,
                ladder=self._ladder,
                climbed=0 if count is None else count.days_before(today),
                today=today,
                begun_today=0 if count is None else count.count(today),
            )
        )


def _spans(window: Schedule, now: datetime | None = None) -> Iterator[Span]:
    return window.open_spans(window.opens if now is None else now)


def _rows_left(ledger: WorkerLedger, beyond: int) -> int:
    return max(0, ledger.rows_left() - beyond)
