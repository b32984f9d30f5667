"""The campaign's daily limit, as one worker keeps it: leave for a message today, and when there is more.

A day is one of the window's zone; its number comes from a ladder, whose step is how many days before it had mail. What
counts is a message that the server took, refused or may have: a row that is put off, given back or found invalid gives
its leave back, and takes another when it goes again. All processes and later runs count together (`DailyCount`).

A `Hold` of rows (`held_queues`): once the day's number is reached, rows of every queue are held until the next day.
Moments are monotonic seconds; the wall clock is handed in. Raises LedgerError.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from campaign.daily_plan import day_begins, day_of, step_of
from campaign.errors import LedgerError
from campaign.ledger.interface import DailyCount

_LOOK_AGAIN = 1.0
"""Seconds after which to see whether others have given leave back."""
_NO_MORE = float("inf")


class DailyLimit:
    """One worker's. `goes_on`: whether mail may still go out at or after an aware moment that the run may wait for."""

    def __init__(
        self,
        count: DailyCount,
        ladder: Sequence[int],
        *,
        zone: ZoneInfo,
        goes_on: Callable[[datetime], bool],
        clock: Callable[[], float],
        wall: Callable[[], datetime],
    ) -> None:
        self._count = count
        self._ladder = ladder
        self._zone = zone
        self._goes_on = goes_on
        self._clock = clock
        self._wall = wall
        self._today = date.min
        self._begins = self._ends = datetime.min.replace(tzinfo=UTC)
        self._limit = 0
        self._full = False
        self._looked = float("-inf")
        self._under_way: dict[int, date] = {}
        """The day whose leave a message has that is being sent, by contact."""

    def until(self, queue: str, now: float) -> float:
        """Give the moment until which rows are held: as `Hold.until`, the same for each queue."""
        del queue
        present = self._clock()
        try:
            moment = self._look_at_the_day()
            if present - self._looked >= _LOOK_AGAIN:
                self._looked = present
                self._full = not self._count.has_room(self._today, self._limit)
        except LedgerError:  # whoever claims and settles tells of it
            return now + _LOOK_AGAIN
        if not self._full:
            return now
        if not self._goes_on(self._ends):
            return _NO_MORE
        return max(now, present + max(0.001, (self._ends - moment).total_seconds()))

    def take(self) -> bool:
        """Have leave for one message; False where there is none, or none yet. What is not used is good for the next."""
        self._look_at_the_day()
        if self._full or self._count.reserve(self._today, self._limit):
            return not self._full
        if not self._count.asking:
            self._full, self._looked = True, self._clock()
        return False

    def give_back(self) -> None:
        """Let others have what is not used."""
        self._count.hand_back()

    def begun(self, contact: int) -> None:
        """Hear that the contact's message has begun, by the leave that was taken just before, and is claimed now."""
        if self._count.begin(self._today, self._limit):
            self._under_way[contact] = self._today

    def ended(self, contact: int, *, left: bool) -> None:
        """Hear what became of a message that had begun: whether it has `left`, or the row goes again."""
        day = self._under_way.pop(contact, None)
        if day is not None and not left:
            self._count.give_back(day)

    @property
    def reached(self) -> int:
        """Today's number, where it is reached; 0 where not."""
        return self._limit if self._full else 0

    @property
    def tomorrow(self) -> datetime:
        """When the next day begins (aware)."""
        return self._ends

    def _look_at_the_day(self) -> datetime:
        """See whether another day has begun. Gives the present moment."""
        moment = self._wall()
        if self._begins <= moment < self._ends:
            return moment
        self._today = day_of(moment, self._zone)
        self._begins = day_begins(self._today, self._zone)
        self._ends = day_begins(self._today + timedelta(days=1), self._zone)
        self._limit = step_of(self._ladder, self._count.days_before(self._today))
        self._full, self._looked = False, float("-inf")
        return moment
