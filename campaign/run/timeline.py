"""What the workers have measured, on its way to the ledger: collected for a few seconds, then written at once.

Takes the workers' reports; writes `Stretch`es, with the operator's rate and what throttling left of it. Raises nothing:
a ledger that can't be written stops the run elsewhere, and pictures are no reason for it.
"""

import contextlib
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from campaign.errors import LedgerError
from campaign.histogram import Stretch
from campaign.ledger.interface import RunLedger
from campaign.worker.worker_report import WorkerReport

_EVERY = 5.0
"""Seconds between two times that it is written: as much may be missing after a kill."""


class Timeline:
    """One run's."""

    def __init__(self, ledger: RunLedger, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._ledger = ledger
        self._clock = clock
        self._next = clock() + _EVERY
        self._unwritten: list[Stretch] = []

    def hear(self, reports: Sequence[WorkerReport], *, rate: float | None, hold: bool = False) -> None:
        """Take what the reports have measured. `rate`: the operator's. `hold`: it is not the time to write, since
        somebody else keeps the ledger busy.
        """
        rates = [report.rate for report in reports if report.rate is not None]
        allowed = sum(rates) if rates else None
        self._unwritten += (
            replace(stretch, rate=rate, allowed=allowed) for report in reports for stretch in report.timeline
        )
        if self._unwritten and not hold and self._clock() >= self._next:
            self.write()

    def write(self) -> None:
        """Write what there is; what could not be written goes with the next."""
        self._next = self._clock() + _EVERY
        with contextlib.suppress(LedgerError):
            self._ledger.add_to_timeline(self._unwritten)
            self._unwritten = []
