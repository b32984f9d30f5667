"""The limits on what may begin, besides the rate: the campaign's daily limit, and those of recipient domains.

One worker's; where the operator has set none there is no such object. Leave is asked for in two steps: for any message
(`take`), and for one of a row's domain (`admit`). It is used when a message has `begun`, and what becomes of the
message is told by `ended`. Moments are monotonic seconds. Raises LedgerError.
"""

from collections.abc import Callable
from typing import Protocol

from campaign.model import DueRow
from campaign.worker.domain_limits import DomainLimits


class Daily(Protocol):
    """A daily limit: as `DailyLimit`."""

    def take(self) -> bool:
        """Have leave for one message."""

    def give_back(self) -> None:
        """Let others have what is not used."""

    def begun(self, contact: int) -> None:
        """Hear that the contact's message has begun."""

    def ended(self, contact: int, *, left: bool) -> None:
        """Hear what became of it."""


class Limits:
    """Both of them, or one. `released` is called when rows may be held no more that were."""

    def __init__(
        self, daily: Daily | None, domains: DomainLimits | None, *, released: Callable[[], None] = lambda: None
    ) -> None:
        self._daily = daily
        self._domains = domains
        self._released = released
        self._admitted: DueRow | None = None
        """The row whose domain has given leave that is not used yet."""

    def take(self) -> bool:
        """Have leave for one message. What is not used is good for the next."""
        return self._daily is None or self._daily.take()

    def give_back(self, now: float) -> None:
        """Let others have what is not used, where there is no row to begin."""
        if self._daily is not None:
            self._daily.give_back()
        self._give_up(now)

    def admit(self, due: DueRow, now: float) -> bool:
        """Say whether this row's message may begin. Leave of the row before, if that became none, is given back."""
        if self._domains is None:
            return True
        self._give_up(now)
        if not self._domains.take(due.queue, now):
            return False
        self._admitted = due
        return True

    def begun(self, due: DueRow) -> None:
        """Hear that the row became a message."""
        if self._daily is not None:
            self._daily.begun(due.id)
        if self._domains is not None:
            self._domains.begun(due.id, due.queue)
            self._admitted = None

    def ended(self, due: DueRow, *, left: bool) -> None:
        """Hear that the row's message is under way no more: it has `left`, or the row goes again."""
        if self._daily is not None:
            self._daily.ended(due.id, left=left)
        if self._domains is not None and self._domains.ended(due.id):
            self._released()

    def _give_up(self, now: float) -> None:
        """Give back the leave of a row that became no message."""
        if self._domains is not None and self._admitted is not None:
            self._domains.give_back(self._admitted.queue, now)
            self._admitted = None
