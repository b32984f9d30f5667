"""Whether a message may leave now, by the clock: the window and the hours of its row's zone.

Clocks are the machine's, but for those of the hours (`opening_hours`). Raises nothing.
"""

import time
from datetime import UTC, datetime

from campaign.model import DueRow
from campaign.window import SendWindow
from campaign.worker.job import Job
from campaign.worker.opening_hours import OpeningHours


class SendTimes:
    """One worker's. `hours`: None where the window has none, nor is on each contact's own clock."""

    def __init__(self, job: Job, hours: OpeningHours | None) -> None:
        self._window: SendWindow = job.message_plan.window
        self._hours = hours
        self._opening_is_set = job.opening_is_set
        closes = self._window.closes
        self._closes = float("inf") if closes is None else closes.timestamp()

    def too_early(self) -> bool:
        """Whether a clock that was set back says that the window is not open yet."""
        return self._opening_is_set and self._window.seconds_until_open(datetime.now(UTC)) > 0

    def out_of_hours(self, due: DueRow | None) -> bool:
        """Whether the row's hours have ended, or its window."""
        return self._hours is not None and due is not None and not self._hours.is_open(due.queue)

    def allow(self, due: DueRow | None) -> bool:
        """Whether the row's message may leave."""
        if (self._hours is not None and self.out_of_hours(due)) or (self._opening_is_set and self.too_early()):
            return False
        return time.time() < self._closes
