"""A ledger that may be out of reach, or may be told that this process is gone, watched for one worker.

    its lease has run out      what has not left is taken back, and claimed anew once the ledger answers
    its owner says so          no more messages are begun
    it can't be reached        the operator is told, and messages wait

A ledger on this machine does none of it, and costs a look. Raises nothing.
"""

from collections.abc import Callable, Sequence

from campaign.ledger.interface import WorkerLedger
from campaign.worker.circuit_breaker import CircuitBreaker
from campaign.worker.route import Route


class LedgerWatch:
    """One worker's."""

    def __init__(
        self, ledger: WorkerLedger, *, routes: Sequence[Route], breaker: CircuitBreaker, drain: Callable[[], None]
    ) -> None:
        self._ledger = ledger
        self._journal = ledger.journal
        self._routes = routes
        self._breaker = breaker
        self._drain = drain
        self._drained = False
        self._trouble = ""
        """What was wrong when it was last looked at."""

    def mind_the_lease(self) -> None:
        """Begin anew what has not left yet, where the lease has run out. To be called in each turn of the loop."""
        if not self._journal.lease_holds:
            for route in self._routes:
                route.pool.cancel_unsent()
            self._journal.begin_anew()

    def look(self) -> None:
        """See what the owner says, and whether it can be reached. To be called a few times a second."""
        if self._ledger.must_drain and not self._drained:
            self._drained = True
            self._drain()
        trouble = self._ledger.trouble
        if trouble and not self._trouble:
            self._breaker.notice_of_ledger(f"{trouble}; messages wait, and it is tried again")
        elif self._trouble and not trouble:
            self._breaker.notice_of_ledger("the database answers again")
        self._trouble = trouble
