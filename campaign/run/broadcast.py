"""Tells whoever watches a run how it goes: those who ask the ledger from elsewhere, and the run's own watchers.

Takes the workers' reports as often as they come, and whatever keeps the run waiting; says it about once a second. A
watcher that asks for single events gets them as they are reported. Raises what a watcher raises.
"""

import time
from collections.abc import Callable, Sequence
from typing import Protocol

from campaign.ledger.interface import RunLedger
from campaign.run.live_state import KnownServer, LiveState
from campaign.run.throttling import Throttle
from campaign.run_now import RunNow
from campaign.window import SendWindow
from campaign.worker.worker_report import Event, WorkerReport

_EVERY, _EVERY_WHILE_WAITING = 1.0, 5.0
"""Seconds."""


class RunWatcher(Protocol):
    """Whoever hears how a run goes, besides its observer."""

    @property
    def wants_events(self) -> bool:
        """Whether it wants to know of single messages."""

    @property
    def wants_addresses(self) -> bool:
        """Whether these are to name addresses."""

    def now(self, now: RunNow) -> None:
        """Hear how it goes: about once a second, and at the end of sending."""

    def throttled(self, change: Throttle) -> None:
        """Hear that the server takes less, or more again."""

    def happened(self, events: Sequence[Event]) -> None:
        """Hear of single messages; only if it wants to."""


class Broadcast:
    """One run's."""

    def __init__(
        self,
        ledger: RunLedger,
        watchers: Sequence[RunWatcher],
        *,
        servers: Sequence[KnownServer],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._ledger = ledger
        self._watchers = watchers
        self._state = LiveState(servers)
        self._clock = clock
        self._next = 0.0

    def waiting(self, window: SendWindow, *, words: str, until: float | None, total: int) -> None:
        """Say what the run waits for before it begins. `until`: Unix seconds."""
        if self._is_time(_EVERY_WHILE_WAITING):
            self._tell(self._state.waiting(window, words=words, until=until, total=total))

    def sending(
        self, window: SendWindow, reports: Sequence[WorkerReport], *, total: int, seconds: float, stopping: bool
    ) -> RunNow:
        """Say how far it is, `seconds` since it began to send; and give it."""
        now = self._state.sending(window, reports, total=total, seconds=seconds, stopping=stopping)
        if self._is_time(_EVERY) or all(report.last for report in reports):
            self._tell(now)
        events = [event for report in reports for event in report.events]
        if events:
            for watcher in self._watchers:
                if watcher.wants_events:
                    watcher.happened(events)
        return now

    def throttled(self, change: Throttle) -> None:
        """Say that the server takes less, or more again."""
        for watcher in self._watchers:
            watcher.throttled(change)

    def _is_time(self, every: float) -> bool:
        now = self._clock()
        if now < self._next:
            return False
        self._next = now + every
        return True

    def _tell(self, now: RunNow) -> None:
        self._ledger.publish(now)
        for watcher in self._watchers:
            watcher.now(now)
