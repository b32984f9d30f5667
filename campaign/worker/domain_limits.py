"""What recipient domains can take: for some of them, a rate and a number of messages under way at once.

The rate is one for all processes (`RateLimit`), and so is the number, of which each has its share (`Budget`). A `Hold`
of rows (`held_queues`): those of a domain at its limit are held, and no others. Each try counts against it, a retry as
well. Moments are monotonic seconds. Raises LedgerError.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from campaign.ledger.interface import Budget, RateLimit
from campaign.ledger.row_queues import queue_parts

_FULL_FOR = 1.0
"""Seconds until it is worth asking again of a domain that has all its messages under way, unless one ends."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainLimit:
    """One domain's."""

    rate: float | None = None
    """Messages a second, all processes together; None: as many as can be."""
    connections: int | None = None
    """Messages under way at once; 0: other processes have them all. None: as many as can be."""

    def share(self, number: int, processes: int) -> "DomainLimit":
        """Give what one of so many processes has of it. All shares together are just as much."""
        return replace(self, connections=None if self.connections is None else (self.connections + number) // processes)


class DomainLimits:
    """One worker's. `rate_limit`, `budget` give what all processes share by its name."""

    def __init__(
        self,
        limits: Mapping[str, DomainLimit],
        rate_limit: Callable[[str, float], RateLimit],
        budget: Callable[[str, int], Budget],
    ) -> None:
        self._most = {domain: limit.connections for domain, limit in limits.items() if limit.connections is not None}
        self._budgets = {domain: budget(f"domain:{domain}", most) for domain, most in self._most.items()}
        self._shares = dict.fromkeys(self._most, 0)
        """As they were read last."""
        self._rates = {
            domain: rate_limit(f"domain:{domain}", limit.rate)
            for domain, limit in limits.items()
            if limit.rate is not None
        }
        self._under_way: dict[str, int] = dict.fromkeys(self._most, 0)
        self._begun: dict[int, str] = {}
        """The domain of a message that is being sent, by contact."""

    def until(self, queue: str, now: float) -> float:
        """Give the moment until which rows of a queue are held: as `Hold.until`."""
        _, domain = queue_parts(queue)
        most = self._most.get(domain)
        if most is not None:
            self._budgets[domain].want(most)
            if self._under_way[domain] >= self._share(domain):
                return now + _FULL_FOR
        rate = self._rates.get(domain)
        return now if rate is None else now + rate.wait(now)

    def take(self, queue: str, now: float) -> bool:
        """Take leave to begin a message of a queue that is not held; False where another process was quicker."""
        rate = self._rates.get(queue_parts(queue)[1])
        return rate is None or rate.take(now)

    def give_back(self, queue: str, now: float) -> None:
        """Give back leave that was not used."""
        rate = self._rates.get(queue_parts(queue)[1])
        if rate is not None:
            rate.give_back(now)

    def begun(self, contact: int, queue: str) -> None:
        """Hear that a contact's message is on its way."""
        _, domain = queue_parts(queue)
        if domain in self._most:
            self._under_way[domain] += 1
            self._begun[contact] = domain
            self._budgets[domain].use(self._under_way[domain])

    def ended(self, contact: int) -> bool:
        """Hear that it is no more, whatever became of it. Gives whether rows may have been held because of it."""
        domain = self._begun.pop(contact, None)
        if domain is None:
            return False
        self._under_way[domain] -= 1
        self._budgets[domain].use(self._under_way[domain])
        return True

    def heed(self) -> bool:
        """Keep to shares that have changed meanwhile. To be called a few times a second. Gives whether rows may have
        been held for want of one that is larger now.
        """
        more = False
        for domain, before in self._shares.items():
            more |= self._share(domain) > before
        return more

    def _share(self, domain: str) -> int:
        budget = self._budgets[domain]
        share = self._shares[domain] = budget.share
        budget.use(self._under_way[domain])
        return share
