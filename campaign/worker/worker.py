"""The loop of one process: rows in, mail out, outcomes on record.

    rows ─▶ dispatcher ─▶ pool (SMTP)
              └─▶ journal (claims before bodies, outcomes after)

It ends when the rows do, or the window, or when it is told to drain, or when the fault is our own; what is in flight
is finished first.
"""

import gc
import time
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial

from campaign.errors import CampaignError, LedgerError
from campaign.ledger.opening import open_for_worker
from campaign.model import Attempt, DueRow
from campaign.smtp.connect import connect
from campaign.smtp.lifetime import Lifetime
from campaign.smtp.pipelining import PipeliningTrials
from campaign.smtp.pool import Pool
from campaign.worker.circuit_breaker import CircuitBreaker
from campaign.worker.dispatcher import Dispatcher
from campaign.worker.job import Job, WorkerReport
from campaign.worker.message_factory import MessageFactory, this_second
from campaign.worker.row_queue import RowQueue
from campaign.worker.send_rate import SendRate

_REPORT_EVERY = 0.25
_COLLECT_AFTER = 100_000
"""Objects after which the garbage collector looks: nothing in the loop makes cycles, but errors do."""
_WIDEN_EVERY = 30.0
"""Seconds after which one more connection is tried, where the server had wanted fewer."""
_REST_AFTER = 10.0
"""Seconds of nothing to do after which connections are let go."""
_LEDGER_PATIENCE = 15.0
"""Seconds for which outcomes that can't be written (a full disk) are tried again before the run ends without them."""


class Worker:
    """One process's share of a run. `report` is called now and then, and a last time at the end of `run`."""

    def __init__(
        self, job: Job, report: Callable[[WorkerReport], None], *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._job = job
        self._report = report
        self._clock = clock
        self._window = job.message_plan.window
        factory = MessageFactory(job.message_plan)
        self._assemble = partial(factory.assemble_timed, spent=self._spent) if job.profile else factory.assemble
        self._second = this_second(self._window.zone)
        self._breaker = CircuitBreaker(stop_after=job.stop_after, where=f"smtp.host {job.server.host}")
        self._ledger = open_for_worker(job.ledger, rate=job.rate, wake=lambda: self.pool.waker.wake())
        self._send_rate = SendRate(job.rate, now=clock(), second=job.backoff, shared=self._ledger.rate_limit)
        self._rows = RowQueue(self._ledger.due_rows)
        self._journal = self._ledger.journal
        self._dispatcher = Dispatcher(
            job,
            rows=self._rows,
            make=self._make,
            journal=self._journal,
            send_rate=self._send_rate,
            breaker=self._breaker,
            clock=clock,
        )
        self.pool = Pool(
            connect=lambda: connect(job.server),
            handler=self._dispatcher,
            limit=job.connections,
            timeout=job.server.timeout,
            lifetime=Lifetime(messages=job.messages_per_connection, seconds=job.seconds_per_connection),
            trials=PipeliningTrials(job.pipelining, self._ledger.server_memory, clock),
            clock=clock,
        )
        self._expiry: datetime | None = None
        self._expires_at = 0
        self._ledger_failing_since: float | None = None
        self._profile: defaultdict[str, float] = defaultdict(float)
        self._cpu_before = 0.0
        self._next_report = 0.0
        self._widen_at = float("inf")

    def drain(self) -> None:
        """Begin no more messages; finish what is in flight. May be called from a signal handler."""
        self._dispatcher.draining = True
        self.pool.waker.wake()

    def run(self) -> None:
        """Work until there is nothing left to do, or reason to stop."""
        self._cpu_before = time.process_time()
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
            self.pool.close()
            try:
                self._journal.close()
                if self._breaker.reason is not None:
                    self._ledger.revert(self._breaker.in_a_row)
            except LedgerError as error:
                self._breaker.stop(error)
            self._ledger.close()
            self._tell(last=True)
            gc.set_threshold(*thresholds)  # whoever had the run done here goes on
            gc.unfreeze()

    def _turn(self) -> None:
        now = self._clock()
        self._mind_the_window()
        self._mind_the_connections(now)
        happened = self.pool.step(self._patience(now))
        self._mind_the_limit(now)
        self._mind_the_journal(happened)
        if now >= self._next_report:
            self._next_report = now + _REPORT_EVERY
            self.pool.release()  # what waits for the window, not for the disk: the clock may have been set back
            self._tell()

    def _finished(self) -> bool:
        if self.pool.occupied:
            return False
        if self._journal.queued or self._journal.syncing:
            since = self._ledger_failing_since
            return since is not None and self._clock() - since > _LEDGER_PATIENCE
        return self._dispatcher.closed or self._rows.done

    def _patience(self, now: float) -> float:
        """Seconds for which nothing needs doing unless something happens."""
        if self._journal.queued and not self._journal.syncing:
            return 0.0 if self._ledger_failing_since is None else 0.5
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
        self.pool.recall()
        dispatcher.window_over()

    def _mind_the_connections(self, now: float) -> None:
        pool, dispatcher = self.pool, self._dispatcher
        if now >= self._widen_at:
            pool.limit = min(self._job.connections, pool.limit + 1)
            self._widen_at = now + _WIDEN_EVERY if pool.limit < self._job.connections else float("inf")
        if dispatcher.closed:
            return
        ready = self._rows.ready(now)
        if ready:
            pool.open(pool.occupied + ready)
            if self._send_rate.wait(now) > 0:
                dispatcher.fetch()
            elif pool.idle:
                pool.feed()
        elif pool.idle:
            moment = self._rows.next_moment()
            if moment is not None and moment - now > _REST_AFTER:
                pool.rest()

    def _mind_the_limit(self, now: float) -> None:
        pool, sessions = self.pool, self._dispatcher.sessions
        if sessions.crowded is not None:
            pool.limit = max(1, min(pool.limit, sessions.crowded or pool.connections))
            sessions.crowded = None
            self._widen_at = now + _WIDEN_EVERY

    def _mind_the_journal(self, happened: int) -> None:
        """Begin a round when there is nothing else to do, or enough of it; let go what has become durable."""
        journal = self._journal
        try:
            if journal.queued and not journal.syncing and (not happened or journal.queued >= self._group()):
                start = time.perf_counter()
                lost = journal.commit()
                self._spent("ledger", time.perf_counter() - start)
                self._ledger_failing_since = None
                if lost:
                    self._dispatcher.lost(lost)
                    self.pool.recall()
            durable = journal.collect()
            if durable:
                self._dispatcher.cleared(durable)
                self.pool.release()
        except LedgerError as error:
            if self._ledger_failing_since is None:
                self._ledger_failing_since = self._clock()
            self._breaker.stop(error)
            self._dispatcher.draining = True
            self.pool.recall()

    def _group(self) -> int:
        """How many claims and outcomes make a round worth its fsync."""
        return max(8, 2 * self.pool.connections)

    def _make(self, due: DueRow) -> Attempt:
        link, _, message = self._assemble(due.contact, self._second())
        if link.expires_at is not self._expiry:  # nearly always the same moment: the window's close and the grace
            self._expiry, self._expires_at = link.expires_at, int(link.expires_at.timestamp())
        return Attempt(
            contact=due.id,
            message=message,
            link_expires_at=self._expires_at,
            link_fingerprint=link.fingerprint,
            token=link.token,
            tries=due.tries,
        )

    def _spent(self, stage: str, seconds: float) -> None:
        self._profile[stage] += seconds

    def _tell(self, *, last: bool = False) -> None:
        profile = dict(self._profile) if self._job.profile else {}
        if profile:  # the rest of this process's work: SMTP, and the loop itself
            profile["send"] = max(0.0, time.process_time() - self._cpu_before - sum(profile.values()))
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
                profile=profile,
                suspicious=dict(self._breaker.suspicious) if last else {},
                last=last,
            )
        )
