"""All that limits one worker besides the rates, by what it limits: the campaign, a recipient domain, a server.

Takes the job and the `WorkerLedger`; gives what holds rows back (`holds`), and each server's `Limits`. Where the
operator has set none of them there is none, and it costs nothing. Raises LedgerError.
"""

from collections.abc import Callable, Sequence

from campaign.ledger.interface import WorkerLedger
from campaign.worker.daily_limit import DailyLimit
from campaign.worker.held_queues import Hold
from campaign.worker.job import Job, ServerOrders
from campaign.worker.limit_setup import daily_limit, domain_limits
from campaign.worker.limits import Limits


class DailyLimits:
    """Several daily limits as one: leave is what all of them give."""

    def __init__(self, limits: Sequence[DailyLimit]) -> None:
        self._limits = limits

    def take(self) -> bool:
        """Have leave for one message. What one has given stays good where another gives none."""
        return all(limit.take() for limit in self._limits)

    def give_back(self) -> None:
        """Let others have what is not used."""
        for limit in self._limits:
            limit.give_back()

    def begun(self, contact: int) -> None:
        """Hear that the contact's message has begun."""
        for limit in self._limits:
            limit.begun(contact)

    def ended(self, contact: int, *, left: bool) -> None:
        """Hear what became of a message that had begun: whether it has `left`, or the row goes again."""
        for limit in self._limits:
            limit.ended(contact, left=left)


class AnyServer:
    """A hold of all rows while every server has had its messages of the day: until the first of them has more."""

    def __init__(self, limits: Sequence[DailyLimit]) -> None:
        self._limits = limits

    def until(self, queue: str, now: float) -> float:
        """Give the moment until which rows are held: as `Hold.until`."""
        return min(limit.until(queue, now) for limit in self._limits)


class RunLimits:
    """One worker's."""

    def __init__(self, job: Job, ledger: WorkerLedger, clock: Callable[[], float]) -> None:
        self.daily = daily_limit(job, ledger, clock=clock)
        """The campaign's."""
        self._domains = domain_limits(job, ledger)
        self._of_servers: dict[ServerOrders, DailyLimit] = {}
        for orders in job.servers:
            limit = daily_limit(job, ledger, clock=clock, server=orders)
            if limit is not None:
                self._of_servers[orders] = limit
        holds: list[Hold | None] = [self.daily, self._domains]
        if len(self._of_servers) == len(job.servers):
            holds.append(AnyServer(list(self._of_servers.values())))
        self.holds = [hold for hold in holds if hold is not None]
        """What holds rows back, whichever server they would go through."""

    def heed(self, released: Callable[[], None]) -> None:
        """Keep to shares that have changed meanwhile. `released` is called where rows may be held no more that were."""
        if self._domains is not None and self._domains.heed():
            released()

    def of_server(self, orders: ServerOrders) -> DailyLimit | None:
        """Give a server's own daily limit."""
        return self._of_servers.get(orders)

    def limits(self, orders: ServerOrders, *, released: Callable[[], None]) -> Limits | None:
        """Give what limits what may begin through a server."""
        days = [limit for limit in (self.daily, self._of_servers.get(orders)) if limit is not None]
        if not days and self._domains is None:
            return None
        daily = DailyLimits(days) if len(days) > 1 else next(iter(days), None)
        return Limits(daily, self._domains, released=released)
