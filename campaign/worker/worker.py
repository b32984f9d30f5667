"""The loop of one process: rows in, mail out, outcomes on record.

    rows ─▶ dispatcher ─▶ pool (SMTP)
              └─▶ journal (claims before bodies, outcomes after)

It ends when the rows do, or the window, or when it is told to drain, or when the fault is our own; what is in flight
is finished first.
"""

import gc
import time
from collections.abc import Callable
from datetime import UTC, datetime

from campaign.errors import CampaignError, LedgerError
from campaign.ledger.interface import RateLimit
from campaign.ledger.opening import open_for_worker
from campaign.smtp.connection_lifetime import ConnectionLifetime
from campaign.smtp.pipelining.trials import PipeliningTrials
from campaign.smtp.pool import Pool
from campaign.smtp.session.connect import connect
from campaign.worker.attempt_factory import AttemptFactory
from campaign.worker.circuit_breaker import CircuitBreaker
from campaign.worker.commits import Commits
from campaign.worker.connection_limit import ConnectionLimit
from campaign.worker.dispatcher import Dispatcher
from campaign.worker.held_queues import HeldQueues
from campaign.worker.job import Job, WorkerReport
from campaign.worker.limit_setup import daily_limit, domain_limits, paced
from campaign.worker.limits import Limits
from campaign.worker.profile import Profile
from campaign.worker.row_queue import RowQueue
from campaign.worker.send_rate import SendRate

_REPORT_EVERY = 0.25
_COLLECT_AFTER = 100_000
"""Objects after which the garbage collector looks: nothing in the loop makes cycles, but errors do."""


class Worker:
    """One process's share of a run. `report` is called now and then, and a last time at the end of `run`."""

    def __init__(
        self, job: Job, report: Callable[[WorkerReport], None], *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._report = report
        self._clock = clock
        self._window = job.message_plan.window
        self._profile = Profile(wanted=job.profile)
        attempts = AttemptFactory(job.message_plan, self._profile)
        self._breaker = CircuitBreaker(stop_after=job.stop_after, where=f"smtp.host {job.server.host}")
        self._ledger = open_for_worker(job.ledger, wake=lambda: self.pool.waker.wake())
        shared: RateLimit | None = None if job.rate is None else self._ledger.rate_limit("", job.rate)
        shared = paced(job, self._ledger, shared)
        self._send_rate = SendRate(job.rate, now=clock(), second=job.backoff, shared=shared)
        daily, domains = daily_limit(job, self._ledger, clock=clock), domain_limits(job, self._ledger)
        holds = [hold for hold in (daily, domains) if hold is not None]
        self._rows = RowQueue(self._ledger.due_rows, HeldQueues(*holds))
        limits = Limits(daily, domains, released=self._rows.look_again) if holds else None
        self._journal = self._ledger.journal
        self._dispatcher = Dispatcher(
            job,
            rows=self._rows,
            make=attempts.make,
            size_of=attempts.size_of,
            journal=self._journal,
            send_rate=self._send_rate,
            breaker=self._breaker,
            clock=clock,
            limits=limits,
        )
        self.pool = Pool(
            connect=lambda: connect(job.server),
            handler=self._dispatcher,
            limit=job.connections,
            timeout=job.server.timeout,
            lifetime=ConnectionLifetime(messages=job.messages_per_connection, seconds=job.seconds_per_connection),
            trials=PipeliningTrials(job.pipelining, self._ledger.server_memory, clock),
            clock=clock,
        )
        self._connections = ConnectionLimit(
            job.connections,
            pool=self.pool,
            rows=self._rows,
            send_rate=self._send_rate,
            dispatcher=self._dispatcher,
        )
        self._commits = Commits(
            self._journal,
            pool=self.pool,
            dispatcher=self._dispatcher,
            breaker=self._breaker,
            profile=self._profile,
            clock=clock,
        )
        self._next_report = 0.0

    def drain(self) -> None:
        """Begin no more messages; finish what is in flight. May be called from a signal handler."""
        self._dispatcher.draining = True
        self.pool.waker.wake()

    def run(self) -> None:
        """Work until there is nothing left to do, or reason to stop."""
        self._profile.begin()
        thresholds = gc.get_threshold()
        gc.freeze()  # what is loaded by now stays; without this the collector takes a twentieth of the time
        gc.set_threshold(_COLLECT_AFTER)
        try:
            while not self._finished():
                self._turn()
        except Exception as error:
            self._breaker.stop(CampaignError(f"a fault in this program: {type(error).__name__}", reason="fault"))
            raise
        finally:
            self._close()
            gc.set_threshold(*thresholds)  # whoever had the run done here goes on
            gc.unfreeze()

    def _turn(self) -> None:
        now = self._clock()
        self._mind_the_window()
        self._connections.widen(now)
        if not self._dispatcher.closed:
            self._connections.follow_the_rows(now)
        happened = self.pool.run_once(self._patience(now))
        self._connections.narrow(now)
        self._commits.go_on(happened)
        if now >= self._next_report:
            self._next_report = now + _REPORT_EVERY
            self.pool.resume_held()  # what waits for the window, not for the disk: the clock may have been set back
            self._tell()

    def _finished(self) -> bool:
        if self.pool.busy:
            return False
        if self._commits.unwritten:
            return self._commits.hopeless
        return self._dispatcher.closed or self._rows.done

    def _patience(self, now: float) -> float:
        """Seconds for which nothing needs doing unless something happens."""
        to_write = self._commits.patience
        if to_write is not None:
            return to_write
        patience = max(0.0, self._next_report - now)
        if not self._dispatcher.closed:
            if (moment := self._rows.next_moment()) is not None:
                patience = min(patience, max(0.0, moment - now) if not self._rows.ready(now) else patience)
            if (wait := self._send_rate.wait(now)) > 0:
                patience = min(patience, max(0.001, wait))
        return patience

    def _mind_the_window(self) -> None:
        dispatcher = self._dispatcher
        if self._window.closes is None or dispatcher.recalled or not self._window.is_over(datetime.now(UTC)):
            return
        dispatcher.draining = dispatcher.recalled = True
        self.pool.cancel_unsent()
        dispatcher.window_closed()

    def _close(self) -> None:
        """Hang up, write what is left, and say a last time how it went."""
        self.pool.close()
        try:
            self._journal.close()
            if self._breaker.reason is not None:
                self._ledger.revert(self._breaker.in_a_row)
        except LedgerError as error:
            self._breaker.stop(error)
        self._ledger.close()
        self._tell(last=True)

    def _tell(self, *, last: bool = False) -> None:
        self._report(
            WorkerReport(
                settled=dict(self._dispatcher.settled),
                deferred=self._rows.waiting,
                under_way=self._dispatcher.under_way,
                connections=self.pool.connections,
                limit=self.pool.limit,
                rate=self._send_rate.rate if self._send_rate.throttled else None,
                notices=self._breaker.notices(),
                trouble=self._breaker.reason,
                profile=self._profile.so_far(),
                suspicious=dict(self._breaker.suspicious) if last else {},
                last=last,
            )
        )
