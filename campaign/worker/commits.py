"""When a worker writes to the ledger: a commit for as many claims and outcomes as have come together.

One begins when nothing else is to be done, or when there are enough of them to be worth an fsync. Where a round costs
more than that, they wait for each other (`commit_delay`).

What a commit has made durable is let go: those bodies may leave. A ledger that can't be written stops the run; outcomes
are tried again for a while, since what became of a message must not be lost.
"""

import time
from collections.abc import Callable, Sequence

from campaign.errors import LedgerError
from campaign.ledger.interface import Journal, Round
from campaign.model import Attempt
from campaign.worker.circuit_breaker import CircuitBreaker
from campaign.worker.commit_delay import CommitDelay
from campaign.worker.profile import Profile
from campaign.worker.route import Route

_LEDGER_PATIENCE = 15.0
"""Seconds for which outcomes that can't be written (a full disk) are tried again before the run ends without them."""
_FAILING_EVERY = 0.5
"""Seconds between two such tries."""


class Commits:
    """One worker's."""

    def __init__(
        self,
        journal: Journal,
        *,
        routes: Sequence[Route],
        breaker: CircuitBreaker,
        profile: Profile,
        clock: Callable[[], float],
    ) -> None:
        self._journal = journal
        self._routes = routes
        self._dispatcher = routes[0].dispatcher  # the claims are those of all
        self._breaker = breaker
        self._profile = profile
        self._clock = clock
        self._failing_since: float | None = None
        self._delay = CommitDelay(clock)

    def go_on(self, happened: int) -> None:
        """Begin a commit if it is time (`happened`: how many things the connections have just dealt with), and let go
        what the one before it has made durable.
        """
        journal = self._journal
        try:
            if not journal.syncing and (queued := journal.queued) and self._is_time(queued, happened):
                start = time.thread_time()  # by the clock on the wall it would be mostly other workers' turns
                self._delay.committing(journal.longest_delay, somebody_waits=self._somebody_waits())
                journal.commit()
                self._profile.spent("ledger", time.thread_time() - start)
                self._failing_since = None
            ended = journal.collect()
            if ended is not None:
                self._let_go(ended)
        except LedgerError as error:
            if self._failing_since is None:
                self._failing_since = self._clock()
            self._breaker.stop(error)
            for route in self._routes:
                route.dispatcher.draining = True
            self._cancel_unsent()

    def _let_go(self, ended: Round) -> None:
        """Let the bodies leave whose claims are durable, and have those taken back whose rows are another's."""
        if ended.lost:
            self._dispatcher.claims_lost(ended.lost)
            theirs = {attempt.contact for attempt in ended.lost}
            self._cancel_unsent(lambda attempt: attempt.contact in theirs)
        if ended.durable:
            self._dispatcher.claims_durable(ended.durable)
            for route in self._routes:
                route.pool.resume_held()

    @property
    def patience(self) -> float | None:
        """Seconds for which the connections may be waited for, where something is to be written; None where not."""
        if self._journal.syncing or not self._journal.queued:
            return None
        return self._seconds_to_wait() if self._failing_since is None else _FAILING_EVERY

    @property
    def unwritten(self) -> bool:
        """Whether something is not on the disk yet."""
        return bool(self._journal.syncing or self._journal.queued)

    @property
    def hopeless(self) -> bool:
        """Whether what is left to write has been tried in vain for long enough."""
        since = self._failing_since
        return since is not None and self._clock() - since > _LEDGER_PATIENCE

    def _is_time(self, queued: int, happened: int) -> bool:
        return queued >= self._enough() or (not happened and not self._seconds_to_wait())

    def _seconds_to_wait(self) -> float:
        """For which what is queued may wait for more of its kind."""
        if (
            not self._journal.longest_delay
            or self._somebody_waits()
            or not any(route.pool.busy for route in self._routes)
        ):
            return 0.0
        return self._delay.left()

    def _somebody_waits(self) -> bool:
        return any(route.pool.holds_bodies for route in self._routes)

    def _enough(self) -> int:
        """How many claims and outcomes make a commit worth its fsync."""
        return max(8, 2 * sum(route.pool.connections for route in self._routes))

    def _cancel_unsent(self, of: Callable[[Attempt], bool] = lambda _: True) -> None:
        for route in self._routes:
            route.pool.cancel_unsent(of)
