"""The calculation of a forecast, from one moment at which something changes to the next.

Messages flow evenly between two such moments: a queue opens, closes or is empty, a day ends, a limit of the day is
reached. So a run of millions over weeks costs milliseconds. All comparisons are of moments in UTC (PEP 495). Takes a
`SendPlan`, gives a `Forecast`; raises nothing.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from math import inf

from campaign.daily_plan import day_begins, day_of
from campaign.run.forecast import DayLimit, Forecast, Piece, QueueForecast, SendPlan, capacities

_NOTHING = 1e-6
"""Messages that are none: what calculating with fractions leaves."""
_TICK = 1e-6
"""Seconds: the shortest time that a datetime knows."""
_NEARLY = 0.99
_SPARE = 0.02
"""Of the open time: by how much earlier than the end an even pace means to be done (`worker.limit_setup`)."""
_MOST_TENTHS = 1_000
_MOST_STEPS = 20_000
_HORIZON = timedelta(days=3_660)


def forecast(plan: SendPlan, now: datetime) -> Forecast:
    """Calculate it from `now` (aware) on."""
    return _Calculation(plan, now.astimezone(UTC)).result()


def least_that_fits(fits: Callable[[int], bool], most: int) -> int | None:
    """Give the least number from 1 to `most` that will do, where more is never worse; None where none will."""
    if not fits(most):
        return None
    low, high = 1, most
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if fits(middle) else (middle + 1, high)
    return low


def spread(plan: SendPlan, now: datetime) -> SendPlan:
    """Give the plan at the pace at which it takes all the open time there is; the plan itself where that has no end, or
    does not suffice.
    """
    fast = forecast(plan, now)
    endless = any(not queue.spans or queue.spans[-1][1] is None for queue in plan.queues if queue.rows)
    if endless or not fast.fits:
        return plan
    seconds = max((_open_seconds(queue, now) for queue in plan.queues if queue.rows), default=0.0) * (1 - _SPARE)
    if seconds <= plan.delay:
        return plan
    even = plan.rows / (seconds - plan.delay)

    def hurried(tenths: int) -> SendPlan:
        return replace(plan, rate=min(plan.most, even * (1 + (tenths - 1) / 10)))

    # On days whose limit is less than the even share, the others make up for it.
    enough = least_that_fits(lambda tenths: forecast(hurried(tenths), now).fits, _MOST_TENTHS)
    return plan if enough is None else hurried(enough)


def _open_seconds(queue: QueueForecast, now: datetime) -> float:
    return sum(
        max(0.0, (closes - max(opens, now)).total_seconds()) for opens, closes in queue.spans if closes is not None
    )


class _Queue:
    """One on its way: rows left, and the span that is open or comes next."""

    def __init__(self, queue: QueueForecast, now: datetime) -> None:
        self.left = float(queue.rows)
        self.rate = inf if queue.rate is None else queue.rate
        self._spans = iter(queue.spans)
        self._span = self._next()
        self.at(now)

    def _next(self) -> tuple[datetime, datetime | None] | None:
        span = next(self._spans, None)
        if span is None:
            return None
        opens, closes = span
        return opens.astimezone(UTC), None if closes is None else closes.astimezone(UTC)

    def at(self, now: datetime) -> bool:
        """Go on to `now`. Gives whether it is open."""
        while self._span is not None and self._span[1] is not None and self._span[1] <= now:
            self._span = self._next()
        return self._span is not None and self._span[0] <= now

    @property
    def over(self) -> bool:
        """Whether it will never be open again."""
        return self._span is None

    def changes(self, now: datetime) -> datetime | None:
        """When it opens, or closes, next."""
        if self._span is None:
            return None
        return self._span[1] if self._span[0] <= now else self._span[0]


class _Calculation:
    """One, step by step."""

    def __init__(self, plan: SendPlan, now: datetime) -> None:
        self._plan = plan
        self._now = now
        self._horizon = now + _HORIZON
        self._queues = [_Queue(queue, now) for queue in plan.queues]
        self._day: date | None = None
        self._days_with_mail = 0
        self._mail_today = plan.mail_today
        self._left_today = inf
        self._server_left = [inf for _ in plan.servers]
        self._waits = plan.delay  # open time that is lost in the beginning
        self._limited = False
        self._pieces: list[Piece] = []

    def result(self) -> Forecast:
        plan = self._plan
        for _ in range(_MOST_STEPS):
            if self._left() <= _NOTHING or self._now >= self._horizon or not self._step():
                break
        left = round(self._left())
        first = self._pieces[0] if self._pieces else None
        seconds = (first.ends - first.begins).total_seconds() if first else 0.0
        pace = first.messages / seconds if first and seconds else plan.most
        return Forecast(
            rows=plan.rows,
            ends=self._pieces[-1].ends if self._pieces else None,
            unsent=left,
            per_second=pace,
            set_by="queue_rate" if pace < _NEARLY * plan.most else plan.set_by,
            day_limited=self._limited,
            pieces=tuple(self._pieces),
        )

    def _left(self) -> float:
        return sum(queue.left for queue in self._queues)

    def _step(self) -> bool:
        """Go on to the next moment at which something changes; False: nothing will."""
        self._begin_day()
        opened = [queue for queue in self._queues if queue.at(self._now) and queue.left > _NOTHING]
        until = self._next_change()
        seconds = inf if until is None else (until - self._now).total_seconds()
        if opened and self._waits:
            lost = min(self._waits, seconds)
            self._waits -= lost
            self._now += timedelta(seconds=lost)
            return True
        flow, through = self._flows(opened)
        total = sum(flow)
        if total <= 0:
            self._limited = self._limited or bool(opened)
            if until is not None:
                self._now = until
            return until is not None
        ends = [queue.left / part for queue, part in zip(opened, flow, strict=True) if part > 0]
        ends += [left / part for left, part in zip(self._server_left, through, strict=True) if part > 0]
        ends.append((self._horizon - self._now).total_seconds())
        seconds = max(_TICK, min(seconds, self._left_today / total, *ends))
        self._advance(opened, flow, through, seconds)
        return True

    def _advance(
        self, opened: Sequence[_Queue], flow: Sequence[float], through: Sequence[float], seconds: float
    ) -> None:
        for queue, part in zip(opened, flow, strict=True):
            queue.left = max(0.0, queue.left - part * seconds)
        messages = sum(flow) * seconds
        self._left_today = max(0.0, self._left_today - messages)
        for index, part in enumerate(through):
            self._server_left[index] = max(0.0, self._server_left[index] - part * seconds)
        self._mail_today = True
        begins, self._now = self._now, self._now + timedelta(seconds=seconds)
        self._pieces.append(Piece(begins=begins, ends=self._now, messages=messages))

    def _begin_day(self) -> None:
        plan = self._plan
        day = day_of(self._now, plan.zone)
        if day == self._day or not plan.has_day_limits:
            return
        if self._day is not None:
            self._days_with_mail += self._mail_today
            self._mail_today = False
        self._day = day
        self._left_today = self._limit(plan.day_limit, day)
        self._server_left = [self._limit(server.day_limit, day) for server in plan.servers]

    def _limit(self, limit: DayLimit | None, day: date) -> float:
        left = None if limit is None else limit(day, self._days_with_mail)
        return inf if left is None else float(max(0, left))

    def _next_change(self) -> datetime | None:
        moments = [queue.changes(self._now) for queue in self._queues if queue.left > _NOTHING and not queue.over]
        known = [moment for moment in moments if moment is not None]
        if moments and self._plan.has_day_limits:
            known.append(day_begins(day_of(self._now, self._plan.zone) + timedelta(days=1), self._plan.zone))
        return min(known, default=None)

    def _flows(self, opened: Sequence[_Queue]) -> tuple[list[float], list[float]]:
        """Messages a second from each open queue, and through each server."""
        plan = self._plan
        able = [index for index, left in enumerate(self._server_left) if left > _NOTHING]
        most = [0.0] * len(plan.servers)
        for index, capacity in zip(able, capacities([plan.servers[index] for index in able]), strict=True):
            most[index] = capacity
        total = min(plan.shared, sum(most)) if self._left_today > _NOTHING else 0.0
        flow = _shared(total, opened)
        share = sum(flow) / sum(most) if total else 0.0
        return flow, [share * one for one in most]


def _shared(total: float, queues: Sequence[_Queue]) -> list[float]:
    """Share a flow among queues in proportion to what is left in each, none above its own rate."""
    flow = [0.0] * len(queues)
    others = list(range(len(queues)))
    while others and total > 0:
        waiting = sum(queues[index].left for index in others)
        full = [index for index in others if total * queues[index].left / waiting >= queues[index].rate]
        for index in full or others:
            flow[index] = queues[index].rate if full else total * queues[index].left / waiting
        if not full:
            break
        total -= sum(flow[index] for index in full)
        others = [index for index in others if index not in full]
    return flow
