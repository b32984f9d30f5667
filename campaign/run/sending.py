"""The time in which mail goes out: the workers at work, while the contacts file is perhaps still being read.

Takes what the run was prepared with; leaves in its `RunState` what the workers told, and why it stopped. Raises what
the contacts file is to blame for as a whole, where nobody can have been mailed.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

from campaign.ledger.interface import RunLedger
from campaign.run.broadcast import Broadcast
from campaign.run.enrolment import BackgroundEnrolment
from campaign.run.nobody_accepted import nobody_accepted
from campaign.run.progress import RunObserver, progress_of, what_is_waited_for
from campaign.run.shutdown import ShutdownSignals
from campaign.run.state import RunState, trouble_with, unread
from campaign.run.throttling import Throttling
from campaign.run.timeline import Timeline
from campaign.worker.job import Job
from campaign.worker.worker_report import WorkerReport

_STALE = 1.0
"""Seconds after which no report of a worker is from before a signal: there are four a second."""


class Pool(Protocol):
    """The workers of a run: this machine's own (`WorkerPool`), or those of all machines (`SharedPool`)."""

    def work(
        self,
        job: Job,
        lock: int | None,
        signals: ShutdownSignals,
        report: Callable[[Sequence[WorkerReport]], None],
        tick: Callable[[], None],
    ) -> None:
        """Do the job: `WorkerPool.work` has the rules."""

    def drain(self) -> None:
        """Let the workers begin no more messages."""


class Sending:
    """One run's."""

    def __init__(
        self,
        ledger: RunLedger,
        workers: Pool,
        background: BackgroundEnrolment | None,
        *,
        state: RunState,
        observer: RunObserver,
        signals: ShutdownSignals,
        broadcast: Broadcast,
    ) -> None:
        """`background`: the reading of the contacts file, where it has not been read yet."""
        self._ledger = ledger
        self._workers = workers
        self._background = background
        self._state = state
        self._told_once: set[str] = set()
        self._observer = observer
        self._signals = signals
        self._broadcast = broadcast
        self._opens_told: tuple[int, str] | None = None
        self._timeline = Timeline(ledger)
        self._rate: float | None = None

    def go(self, job: Job, *, columns_known: Callable[[], None]) -> None:
        """Send. `columns_known` is called when the file has been read as far as the workers need."""
        self._throttling = [Throttling(server.name, server.connections) for server in job.servers]
        self._window = job.message_plan.window
        self._state.before = self._ledger.reader.deliveries()
        self._state.started = time.monotonic()
        self._state.began = True
        rates = [server.rate for server in job.servers if server.rate is not None]
        self._rate = sum(rates) if len(rates) == len(job.servers) else None
        if self._background is not None:
            self._read_ahead(self._background)
            columns_known()
        self._workers.work(job, self._ledger.lock, self._signals, self._hear, self._tick)

    def end(self, *, where: str) -> None:
        """Find out why it ended, and let the reading come to its end. `where` names the server."""
        state, ledger = self._state, self._ledger
        state.trouble = state.trouble or trouble_with(ledger)
        if state.trouble is None:
            state.trouble = nobody_accepted(state.reports, ledger, where=where)
        ledger.settle_run()
        background = self._background
        if background is not None:
            if self._signals.asked and background.is_alive():
                self._observer.notice("reading the contacts file to its end: the results have every row")
            background.join()
            if background.error is not None:  # who was read has an outcome, which is to be said all the same
                state.trouble = state.trouble or unread(background.error)
        self._timeline.write()

    def _read_ahead(self, background: BackgroundEnrolment) -> None:
        """Begin to read, as far as the columns, which a worker wants to know."""
        background.start()
        reader = self._ledger.reader
        while not reader.columns() and background.error is None:
            time.sleep(0.002)
        if not reader.columns() and background.error is not None:  # a suppression list: nobody was ever mailed
            background.join()
            self._ledger.withdraw_run()
            self._state.began = False
            raise background.error

    def _tick(self) -> None:
        """What has to be looked at a few times a second."""
        self._ledger.checkpoint()
        self._signals.heed()
        state = self._state
        if self._signals.asked and not state.stop_told:
            self._tell_of_the_stop()
        if self._background is not None and self._background.error is not None:
            self._workers.drain()
        if state.trouble is None and (trouble := trouble_with(self._ledger)) is not None:
            state.trouble = trouble
            self._workers.drain()

    def _tell_of_the_stop(self) -> None:
        """Say what is waited for. Reports may be older than what is in flight: so "nothing" comes after a while."""
        state, now = self._state, time.monotonic()
        state.stop_asked_at = min(state.stop_asked_at, now)
        count = sum(report.under_way for report in state.reports)
        if not count and now - state.stop_asked_at < _STALE:
            return
        state.stop_told = True
        flight = f"finishing {count:,} message{'' if count == 1 else 's'} in flight" if count else "stopping"
        doubt = ", and what is not answered by then is in_doubt" if count else ""
        waits = "; waiting for the server's replies" if count else ""
        self._observer.notice(f"{flight}{waits}; the same signal once more stops at once{doubt}")

    def _hear(self, reports: Sequence[WorkerReport]) -> None:
        state = self._state
        state.reports = reports
        reading = self._background is not None and self._background.is_alive()
        self._timeline.hear(reports, rate=self._rate, hold=reading)
        seconds = time.monotonic() - state.started
        now = self._broadcast.sending(
            self._window, reports, total=state.total, seconds=seconds, stopping=self._signals.asked
        )
        for change in (change for one in self._throttling for change in one.changes(reports, seconds)):
            self._broadcast.throttled(change)
            self._observer.notice(change.words())
        for words in noticed(reports, self._told_once):
            self._observer.notice(words)
        progress = progress_of(now, seconds=seconds)
        if progress.opens is not None and progress.opens != self._opens_told and not progress.stopping:
            self._opens_told = progress.opens
            self._observer.notice(what_is_waited_for(progress.day_reached, progress.opens[1]))
        self._observer.sending(progress)


def noticed(reports: Sequence[WorkerReport], told_once: set[str]) -> Iterator[str]:
    """Say what workers have noticed, each once: many meet the same. With names where all of them are elsewhere.
    `told_once`: what is not to be told again; what is told now is added.
    """
    told: dict[str, set[str]] = {}
    for notice in (notice for report in reports for notice in report.notices if notice.ends_with is None):
        if notice.once in told_once:
            continue
        if notice.once:
            told_once.add(notice.once)
        told.setdefault(notice.words, set()).add(notice.by)
    for words, by in told.items():
        yield words if "" in by else f"{', '.join(sorted(by))}: {words}"
