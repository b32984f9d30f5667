"""One worker for a run that others share: it waits for the run, joins it, works until nothing is left or it is told to
stop, and ends.

    ledger ─▶ is there a run? ─▶ its orders (`campaign.run.joining`) ─▶ `Worker` ─▶ reports, through the ledger

SIGTERM, SIGINT and SIGHUP drain, a second one stops at once: what was under way is then in doubt. The run's owner may
have it drain as well. Raises UsageError before it has joined; from then on nothing that it can help: why it stopped
stands in its `WorkEnd`.
"""

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

from campaign.errors import LedgerError, RunEndedError
from campaign.ledger.interface import RunOnRecord
from campaign.ledger.opening import open_for_joining
from campaign.ledger_place import DatabasePlace
from campaign.run.joining import join
from campaign.run.shutdown import ShutdownSignals
from campaign.run.work_folder import own_folder
from campaign.worker.job import Job
from campaign.worker.worker import Worker
from campaign.worker.worker_report import StopReason, WorkerReport

_LOOK_EVERY = 1.0
_HEED_EVERY = 0.1
"""Seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkOrder:
    """What a worker is told besides where the ledger is."""

    name: str = ""
    """What whoever placed it calls it."""
    wait: float = 600.0
    """Seconds to wait for a run to begin."""
    files: Path | None = None
    """A folder as the campaign's, where contacts have attachments of their own."""
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkEnd:
    """How it ended."""

    joined: bool
    """Whether there was a run to join."""
    settled: Mapping[str, int]
    """Rows by the word that this worker has given them."""
    trouble: StopReason | None
    """Why it stopped before there was nothing left to do, unless it was asked to."""
    stopped: bool
    """Whether it was asked to, by a signal."""
    seconds: float
    """Since it had joined."""

    @property
    def exit_code(self) -> int:
        """0: it ended in order, by itself or asked to; 3: it stopped before, or there was no run."""
        return 0 if self.trouble is None and (self.joined or self.stopped) else 3


class WorkObserver(Protocol):
    """Whoever follows a worker."""

    def waiting(self, place: DatabasePlace, seconds: float) -> None:
        """No run goes on yet; so many seconds are left to wait for one."""

    def away(self, error: LedgerError) -> None:
        """The ledger can't be reached just now; it is tried again."""

    def joined(self, run: RunOnRecord, job: Job) -> None:
        """The worker begins."""

    def stopping(self) -> None:
        """It was asked to end: no more messages begin."""

    def heard(self, report: WorkerReport) -> None:
        """How it goes: about four times a second, and a last time at the end."""


def work(
    place: DatabasePlace,
    order: WorkOrder,
    observer: WorkObserver,
    *,
    signals: ShutdownSignals | None = None,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> WorkEnd:
    """Work for the campaign's run. Raises UsageError, LedgerError; then nothing was done."""
    signals = signals or ShutdownSignals()
    with signals.listening(), own_folder() as folder:
        found = _joined(place, order, observer, signals, folder, sleep, clock)
        if found is None:
            return WorkEnd(joined=False, settled={}, trouble=None, stopped=signals.asked, seconds=0.0)
        run, job = found
        began = clock()
        latest = [WorkerReport(settled={})]

        def hear(report: WorkerReport) -> None:
            latest[0] = report
            signals.heed()
            observer.heard(report)

        try:
            worker = Worker(job, hear)
        except RunEndedError:  # others came to its end while this one got ready
            return WorkEnd(joined=True, settled={}, trouble=None, stopped=signals.asked, seconds=clock() - began)
        observer.joined(run, job)

        def stop() -> None:
            worker.drain()
            observer.stopping()

        signals.on_ask.append(stop)
        if signals.asked:
            stop()
        worker.run()
    return WorkEnd(
        joined=True,
        settled=latest[0].settled,
        trouble=latest[0].trouble,
        stopped=signals.asked,
        seconds=clock() - began,
    )


def _joined(
    place: DatabasePlace,
    order: WorkOrder,
    observer: WorkObserver,
    signals: ShutdownSignals,
    folder: Path,
    sleep: Callable[[float], None],
    clock: Callable[[], float],
) -> tuple[RunOnRecord, Job] | None:
    """Wait for a run, and get the orders for it. None where none came, or the worker was asked to end. Raises what
    does not fit, and LedgerError where the ledger could not even be looked at once.
    """
    until, ever, away = clock() + order.wait, False, None
    while not signals.asked:
        found = None
        try:
            with open_for_joining(place, place.campaign) as run:
                found = run.current()
                ever, away = True, None
                if found is not None:
                    job = join(run, found, place=place, folder=folder, environ=order.environ, files=order.files)
                    return found, replace(job, run=found.number, worker_name=order.name)
        except LedgerError as error:
            if not ever or (found is not None and _goes_on(place, found)):
                raise
            away = error if found is None else None
        left = until - clock()
        if left <= 0:
            if away is not None:
                raise away
            return None
        if away is not None:
            observer.away(away)
        else:
            observer.waiting(place, left)
        _rest(min(_LOOK_EVERY, left), signals, sleep)
    return None


def _goes_on(place: DatabasePlace, found: RunOnRecord) -> bool:
    """Whether a run that could not be joined is still there: the next one drops what workers of it would need."""
    try:
        with open_for_joining(place, place.campaign) as run:
            now = run.current()
    except LedgerError:
        return True
    return now is not None and now.number == found.number


def _rest(seconds: float, signals: ShutdownSignals, sleep: Callable[[float], None]) -> None:
    """Wait, and heed whoever asks to end."""
    while seconds > 0 and not signals.asked:
        sleep(min(_HEED_EVERY, seconds))
        seconds -= _HEED_EVERY
        signals.heed()
