"""Where all rows that a worker has left wait: for another day, or for their hours. Raises nothing."""

from collections.abc import Sequence

from campaign.schedule import Schedule
from campaign.window import say_moment
from campaign.worker.daily_limit import DailyLimit
from campaign.worker.opening_hours import OpeningHours
from campaign.worker.route import Route
from campaign.worker.row_queue import RowQueue


def long_wait(
    rows: RowQueue,
    routes: Sequence[Route],
    *,
    hours: OpeningHours | None,
    daily: DailyLimit | None,
    window: Schedule,
    now: float,
) -> tuple[int, tuple[int, str] | None]:
    """Give today's number, if that is reached, and when rows go on, if they do: Unix seconds, and words. `now`:
    monotonic seconds.
    """
    if (hours is None and daily is None) or rows.ready(now):
        return 0, None
    queues = rows.held_queues
    if not queues or any(route.dispatcher.under_way for route in routes):
        return 0, None
    if daily is not None and daily.reached:
        opening = window.next_opening(daily.tomorrow)
        if opening is None:
            return daily.reached, None
        return daily.reached, (int(opening.timestamp()), say_moment(opening, window.zone))
    return 0, None if hours is None else hours.opening(queues)
