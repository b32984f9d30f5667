"""The workers of a run that several machines share: the owner's own processes, and those that the ledger tells of.

    own processes ─▶ pipe  ─┐
                            ├─▶ one list of reports, as a `WorkerPool` gives them
    elsewhere ─▶ the ledger ┘

A worker that dies, here or there, is a notice: the others go on with its rows. What stops the run is our own fault, and
whatever stops all of it. The database may be away for a while: workers hold bodies back meanwhile, and the owner waits.
It ends when nobody is at work any more and nothing is left to do, or the run is another owner's.
"""

import os
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from campaign.errors import LedgerError
from campaign.ledger.interface import SharedRun
from campaign.run.placing import nobody_can_work
from campaign.run.shutdown import ShutdownSignals
from campaign.run.worker_pool import WorkerPool, told
from campaign.run.workers_elsewhere import WorkersElsewhere, came_to_the_end
from campaign.worker.job import Job
from campaign.worker.worker_report import Notice, StopReason, WorkerReport

if TYPE_CHECKING:
    from campaign.cluster import ClusterWorkers

_EVERY = 0.25
_LOOK_EVERY = 1.0
_PATIENCE = 900.0
"""Seconds for which a database may be away: as long as workers wait for it."""
_ITS_OWN = frozenset(("worker_died", "ledger"))
"""Reasons for which a worker ends that are no other's: it was killed, or it alone has lost the ledger."""


class SharedPool:
    """One run's."""

    def __init__(
        self,
        own: WorkerPool,
        shared: SharedRun,
        *,
        begin: Callable[[Job], None],
        notice: Callable[[str], None],
        placed: "ClusterWorkers | None" = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """`begin` lets others join, with what they need; `notice` says what an operator would want to know; `placed`:
        those that a cluster places.
        """
        self._own = own
        self._shared = shared
        self._begin = begin
        self._notice = notice
        self._placed = placed
        self._no_workers: StopReason | None = None
        self._clock = clock
        self._sleep = sleep
        self._elsewhere = WorkersElsewhere(shared, is_ours=self._is_ours)
        self._here: Sequence[WorkerReport] = ()
        self._next_look = 0.0
        self._away_since: float | None = None
        self._draining = False
        self._drain_told = False
        self._excused: set[StopReason] = set()

    def work(
        self,
        job: Job,
        lock: int | None,
        signals: ShutdownSignals,
        report: Callable[[Sequence[WorkerReport]], None],
        tick: Callable[[], None],
    ) -> None:
        """Do the job; as `WorkerPool.work`."""

        def hear(here: Sequence[WorkerReport]) -> None:
            self._here = here
            report(list(self._heard()))

        def look() -> None:
            self._look()
            tick()

        self._begin(job)
        signals.on_ask.append(self.drain)
        if signals.asked:
            self.drain()
        self._own.work(replace(job, run=self._shared.number), lock, signals, hear, look, stops_all=_stops_all)
        self._next_look = 0.0
        look()
        while not self._is_over():
            self._sleep(_EVERY)
            look()
            report(list(self._heard()))
        self._end(tick)
        report(list(self._heard(ended=True)))

    def drain(self) -> None:
        """Let nobody begin more messages. May be called from a signal handler: those elsewhere hear of it by the next
        look.
        """
        self._draining = True
        self._own.drain()

    def _look(self) -> None:
        """Ask the ledger how it goes elsewhere, and tell it what they must know there."""
        now = self._clock()
        in_haste = self._draining and not self._drain_told
        if (now < self._next_look and not in_haste) or not self._shared.held:
            return
        self._next_look = now + _LOOK_EVERY
        try:
            if in_haste:
                self._shared.drain()
                self._drain_told = self._elsewhere.ending = True
            words = self._elsewhere.look()
        except LedgerError as error:
            self._is_away(error)
            return
        if self._away_since is not None:
            self._away_since = None
            self._notice("the database is there again")
        for said in words:
            self._notice(said)
        if self._placed is not None:
            self._look_after(self._placed)

    def _look_after(self, placed: "ClusterWorkers") -> None:
        """Have a cluster place who is missing. Where nobody can work there, and nobody does, the run is over."""
        at_work, more = self._elsewhere.names, not (self._draining or self._finished)
        for words in placed.look(at_work, more=more):
            self._notice(words)
        if more and not self._elsewhere.at_work and (last := placed.hopeless(at_work)) is not None:
            self._no_workers = nobody_can_work(last)
            self._stop()

    def _is_away(self, error: LedgerError) -> None:
        """Wait for a database that is not there. Raises the error where that takes too long."""
        if self._away_since is None:
            self._away_since = self._clock()
            self._notice(f"{error.what}; nothing begins until it can be, and the run waits for it")
        elif self._clock() - self._away_since > _PATIENCE:
            raise error

    def _heard(self, *, ended: bool = False) -> Iterator[WorkerReport]:
        """The latest report of every worker. The trouble of one is no trouble of a run that goes on, or came to its
        end.
        """
        latest = [*self._here, *self._elsewhere.reports()]
        self._here = [told(one) for one in self._here]
        excused = not ended or self._draining or self._finished
        if self._no_workers is not None:
            yield WorkerReport(settled={}, trouble=self._no_workers, last=True)
        for heard in latest:
            one = replace(heard, notices=tuple(notice for notice in heard.notices if not notice.of_ledger))
            trouble = one.trouble
            if trouble is None:
                yield one
            elif _stops_all(trouble):
                self._stop()
                yield one
            elif not excused:
                yield one
            else:
                notices = one.notices
                if trouble not in self._excused:
                    self._excused.add(trouble)
                    notices = (*notices, Notice(f"{trouble.what}; the others go on"))
                yield replace(one, trouble=None, notices=notices)

    def _stop(self) -> None:
        if not self._draining:
            self.drain()

    @property
    def _finished(self) -> bool:
        """Whether a worker has come to the end of the run."""
        return self._elsewhere.finished or any(map(came_to_the_end, self._here))

    def _is_over(self) -> bool:
        """Whether there is nothing to wait for. Without workers of its own a run waits for others to come."""
        if not self._shared.held:
            return True
        if self._away_since is not None or self._elsewhere.at_work:
            return False
        return self._draining or self._finished or bool(self._here) or not self._shared.rows_left()

    def _end(self, tick: Callable[[], None]) -> None:
        """Let nobody join any more, and wait for whoever has just come."""
        while self._shared.held:
            try:
                self._shared.end()
                self._elsewhere.look()
            except LedgerError as error:
                self._is_away(error)
            else:
                if not self._elsewhere.at_work:
                    return
            self._sleep(_EVERY)
            tick()

    def _is_ours(self, host: str, pid: int) -> bool:
        return host == socket.gethostname() and (
            pid == os.getpid() or pid in [process.pid for process in self._own.processes]
        )


def _stops_all(trouble: StopReason) -> bool:
    return trouble.reason not in _ITS_OWN
