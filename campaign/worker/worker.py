"""The loop of one process: rows in, mail out, outcomes on record.

    rows ─▶ dispatcher ─▶ pool (SMTP)                                one for each server: its `Route`
              └─▶ journal (claims before bodies, outcomes after)

It ends when the rows do, or the window, or when it is told to drain, or when the fault is our own; what is in flight
is finished first.
"""

import gc
import time
from collections.abc import Callable
from datetime import UTC, datetime

from campaign.errors import CampaignError, LedgerError
from campaign.ledger.opening import open_for_worker
from campaign.smtp.event_loop import EventLoop
from campaign.worker.attempt_factory import AttemptFactory
from campaign.worker.circuit_breaker import CircuitBreaker
from campaign.worker.commits import Commits
from campaign.worker.held_queues import HeldQueues
from campaign.worker.job import Job
from campaign.worker.ledger_watch import LedgerWatch
from campaign.worker.long_wait import LongWait
from campaign.worker.made_ahead import MadeAhead
from campaign.worker.opening_hours import opening_hours
from campaign.worker.profile import Profile
from campaign.worker.progress import Progress
from campaign.worker.published_reports import PublishedReports
from campaign.worker.ranked_routes import RankedRoutes
from campaign.worker.route import Common, Route
from campaign.worker.row_queue import RowQueue
from campaign.worker.run_limits import RunLimits
from campaign.worker.server_parts import only_server
from campaign.worker.worker_report import WorkerReport

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
        self._window = window = job.message_plan.window
        surely_open = window.opens if window.restricted else window.closes
        self._open_until = float("inf") if window.closes is None or surely_open is None else surely_open.timestamp()
        """Unix seconds before which the window can't be over."""
        self._profile = Profile(wanted=job.profile)
        factory = AttemptFactory(job.message_plan, self._profile)
        where = ", ".join(orders.server.place for orders in job.servers)
        self._breaker = CircuitBreaker(stop_after=job.stop_after, where=where)
        self.loop = EventLoop()
        self._ledger = open_for_worker(job.ledger, wake=self.loop.waker.wake, name=job.worker_name, run=job.run)
        self._by_ledger = job.by_ledger
        if job.by_ledger:
            self._report = PublishedReports(self._ledger.publish, also=report, clock=clock).hear
        self._limits = limits = RunLimits(job, self._ledger, clock)
        self._hours = opening_hours(self._window, wait=job.wait, clock=clock)
        holds = limits.holds if self._hours is None else [*limits.holds, self._hours]
        self._rows = RowQueue(self._ledger.due_rows, HeldQueues(*holds))
        self._attempts = MadeAhead(factory, self._rows, clock)
        self._journal = self._ledger.journal
        common = Common(
            job=job,
            ledger=self._ledger,
            loop=self.loop,
            rows=self._rows,
            attempts=self._attempts,
            breaker=self._breaker,
            clock=clock,
            limits=limits,
            hours=self._hours,
        )
        self._ranked = RankedRoutes(common) if len(job.servers) > 1 else None
        self._routes = (_only_route(common),) if self._ranked is None else self._ranked.routes
        self._dispatcher = self._routes[0].dispatcher
        self._commits = Commits(
            self._journal, routes=self._routes, breaker=self._breaker, profile=self._profile, clock=clock
        )
        self._watch = LedgerWatch(self._ledger, routes=self._routes, breaker=self._breaker, drain=self.drain)
        self._progress = Progress(
            self._routes,
            rows=self._rows,
            ranked=self._ranked,
            breaker=self._breaker,
            profile=self._profile,
            waits=LongWait(self._routes, rows=self._rows, hours=self._hours, daily=limits.daily, window=self._window),
            clock=clock,
        )
        self._next_report = 0.0

    def drain(self) -> None:
        """Begin no more messages; finish what is in flight. May be called from a signal handler."""
        for route in self._routes:
            route.dispatcher.draining = True
        self.loop.waker.wake()

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
        self._watch.mind_the_lease()
        for route in self._routes:
            route.connections.widen(now)
        if not self._dispatcher.closed:
            if self._ranked is None:
                self._routes[0].connections.follow_the_rows(now)
            else:
                self._ranked.steer(now)
        else:
            for route in self._routes:
                route.pool.cancel_waiting()
        happened = self._wait(self._patience(now))
        for route in self._routes:
            route.connections.narrow(now)
        self._commits.go_on(happened)
        if now >= self._next_report:
            self._next_report = now + _REPORT_EVERY
            self._watch.look()
            if self._hours is not None:
                self._mind_the_hours()
            self._limits.heed(self._rows.look_again)
            for route in self._routes:  # what waits for the window, not for the disk: the clock may have been set back
                route.pool.resume_held()
            self._tell()

    def _wait(self, timeout: float) -> int:
        """Wait up to `timeout` seconds for something to happen, and deal with it. Gives how many things happened."""
        for route in self._routes:
            timeout = route.pool.shortened(timeout)
        happened = self._make_ahead() if timeout > 0 else 0
        if not happened:
            happened = self.loop.run_once(timeout)
        for route in self._routes:
            route.pool.attend()
        return happened

    def _make_ahead(self) -> int:
        """Make the messages that come next, as long as nothing happens; give how many things have."""
        happened, most = 0, self._soon_wanted()
        while most and not (happened := self.loop.run_once(0.0)) and self._attempts.make_one(most):
            pass
        return happened

    def _soon_wanted(self) -> int:
        """How many messages the connections will soon ask for: one each, where no rate holds them back."""
        if self._dispatcher.closed:
            return 0
        now = self._clock()
        return sum(route.pool.busy for route in self._routes if not route.send_rate.wait(now) > 0)

    def _finished(self) -> bool:
        for route in self._routes:
            if route.pool.busy:
                return False
        if self._commits.unwritten:
            return self._commits.hopeless
        return self._dispatcher.closed or (self._rows.done and self._nothing_waits())

    def _nothing_waits(self) -> bool:
        """Whether no row waits for one server of several, or goes again through another."""
        if self._ranked is not None:
            self._ranked.reconsider()
            if self._ranked.has_rows or not self._rows.done:
                return False
            self._ranked.end()
        return True

    def _patience(self, now: float) -> float:
        """Seconds for which nothing needs doing unless something happens."""
        to_write = self._commits.patience
        if to_write == 0:
            return 0.0
        patience = max(0.0, self._next_report - now)
        if to_write is not None:
            patience = min(patience, to_write)
        if not self._dispatcher.closed:
            if not self._rows.ready(now) and (moment := self._rows.next_moment()) is not None:
                patience = min(patience, max(0.0, moment - now))
            for route in self._routes:  # a rate whose leave is fetched ahead is asked only where it is needed
                if route.connections.has_rows(now) and (wait := route.send_rate.wait(now)) > 0:
                    patience = min(patience, max(0.001, wait))
        return patience

    def _mind_the_window(self) -> None:
        dispatcher = self._dispatcher
        if time.time() < self._open_until or dispatcher.recalled or not self._window.is_over(datetime.now(UTC)):
            return
        for route in self._routes:
            route.dispatcher.draining = route.dispatcher.recalled = True
            route.pool.cancel_unsent()
        if self._ranked is not None:
            self._ranked.let_go()
        dispatcher.window_closed()

    def _mind_the_hours(self) -> None:
        """Take back what has not begun to leave where its hours have ended; give up what waits where they are over."""
        for route in self._routes:
            route.pool.cancel_unsent(route.dispatcher.out_of_hours)
        self._dispatcher.hours_ended()

    def _close(self) -> None:
        """Hang up, write what is left, and say a last time how it went."""
        for route in self._routes:
            route.pool.close()
        self.loop.close()
        try:
            self._journal.close()
            if self._breaker.reason is not None:
                self._ledger.revert(self._breaker.in_a_row)
        except LedgerError as error:
            self._breaker.stop(error)
        if self._by_ledger:
            self._tell(last=True)  # it goes through the ledger
        self._ledger.close()
        if not self._by_ledger:
            self._tell(last=True)

    def _tell(self, *, last: bool = False) -> None:
        self._report(self._progress.so_far(last=last))


def _only_route(common: Common) -> Route:
    return Route(common, common.job.servers[0], only_server(common.rows, common.ledger.journal, common.breaker))
