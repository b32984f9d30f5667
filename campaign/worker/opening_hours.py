"""The hours of each row's zone, as one worker keeps them: a `Hold` of rows (`held_queues`), by their queue's zone.

A row of an unknown zone is not held: it is found invalid when its message is made. Moments are monotonic seconds; the
wall clock is handed in. Raises nothing.
"""

from collections.abc import Callable, Collection
from datetime import UTC, datetime, timedelta

from campaign.errors import WindowError
from campaign.ledger.row_queues import queue_parts
from campaign.schedule import Schedule
from campaign.window import say_moment

_NEVER = float("inf")


class OpeningHours:
    """One worker's. `wait`: whether the run waits for hours that are to come."""

    def __init__(
        self,
        window: Schedule,
        *,
        wait: bool,
        clock: Callable[[], float],
        wall: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._window = window
        self._wait = wait
        self._clock = clock
        self._wall = wall
        self._schedules: dict[str, Schedule | None] = {}
        self._over: frozenset[str] = frozenset()

    def until(self, queue: str, now: float) -> float:
        """Give the moment until which rows of a queue are held: as `Hold.until`."""
        schedule = self.schedule(queue)
        if schedule is None:
            return now
        moment = self._wall() + timedelta(seconds=now - self._clock())
        if schedule.is_open(moment):
            return now
        opening = schedule.next_opening(moment)
        if opening is None or not self._wait:
            return _NEVER
        return now + max(0.001, (opening.astimezone(UTC) - moment).total_seconds())

    def schedule(self, queue: str) -> Schedule | None:
        """Give the schedule that a queue's rows go by; None where their zone is unknown."""
        found = self._schedules.get(queue, self._window)
        if found is self._window:
            try:
                found = self._window.of(queue_parts(queue)[0])
            except WindowError:
                found = None
            self._schedules[queue] = found
        return found

    def is_open(self, queue: str) -> bool:
        """Whether a message to somebody in this queue may leave now."""
        schedule = self.schedule(queue)
        return schedule is None or schedule.is_open(self._wall())

    def is_over(self, queue: str) -> bool:
        """Whether the window of a queue's rows is over for good."""
        schedule = self.schedule(queue)
        return schedule is not None and schedule.is_over(self._wall())

    def ended(self) -> bool:
        """Whether more windows are over than when this was asked last."""
        over = frozenset(queue for queue in self._schedules if self.is_over(queue))
        before, self._over = self._over, over
        return not over <= before

    def seconds_left(self, queue: str) -> float | None:
        """Seconds until the window of a queue's rows closes, 0 once it is over; None where it never closes."""
        schedule, moment = self.schedule(queue), self._wall()
        if schedule is None:
            return None
        return 0.0 if schedule.is_over(moment) else schedule.seconds_left(moment)

    def opening(self, queues: Collection[str]) -> tuple[int, str] | None:
        """Give when the first of these queues opens, in Unix seconds and in words: "Tue 1 Dec 2026 09:00 JST
        (Asia/Tokyo)"; None where one is open, or none ever opens.
        """
        moment = self._wall()
        openings = []
        for queue in queues:
            schedule = self.schedule(queue)
            if schedule is None or schedule.is_open(moment):
                return None
            opening = schedule.next_opening(moment)
            if opening is not None:
                openings.append((int(opening.timestamp()), say_moment(opening, schedule.zone), schedule.zone.key))
        if not openings:
            return None
        seconds, words, zone = min(openings)
        return seconds, words if words.endswith(f" {zone}") else f"{words} ({zone})"


def opening_hours(window: Schedule, *, wait: bool, clock: Callable[[], float]) -> OpeningHours | None:
    """Give the hours of a run; None where its window has none, nor is on each contact's own clock."""
    if not window.restricted and not window.zone_column:
        return None
    return OpeningHours(window, wait=wait, clock=clock)
