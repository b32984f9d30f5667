"""Where all rows that a worker has left wait: for another day, or for their hours. Raises nothing."""

from collections.abc import Sequence

from campaign.schedule import Schedule
from campaign.window import say_moment
from campaign.worker.daily_limit import DailyLimit
from campaign.worker.opening_hours import OpeningHours
from campaign.worker.route import Route
from campaign.worker.row_queue import RowQueue


class LongWait:
    """One worker's."""

    def __init__(
        self,
        routes: Sequence[Route],
        *,
        rows: RowQueue,
        hours: OpeningHours | None,
        daily: DailyLimit | None,
        window: Schedule,
    ) -> None:
        self._routes = routes
        self._rows = rows
        self._hours = hours
        self._daily = daily
        self._window = window

    @property
    def over(self) -> bool:
        """Whether there are rows that wait for hours which do not come again."""
        return self._hours is not None and any(map(self._hours.is_over, self._rows.held_queues))

    def until(self, now: float) -> tuple[int, tuple[int, str] | None]:
        """Give today's number, if that is reached, and when rows go on, if they do: Unix seconds, and words. `now`:
        monotonic seconds.
        """
        hours, daily = self._hours, self._daily
        if (hours is None and daily is None) or self._rows.ready(now):
            return 0, None
        queues = self._rows.held_queues
        if not queues or any(route.dispatcher.under_way for route in self._routes):
            return 0, None
        if daily is not None and daily.reached:
            opening = self._window.next_opening(daily.tomorrow)
            if opening is None:
                return daily.reached, None
            return daily.reached, (int(opening.timestamp()), say_moment(opening, self._window.zone))
        return 0, None if hours is None else hours.opening(queues)
