"""One server of several: whether its turn has come, by its priority, its share, and how it fares.

    in use, or on trial ─▶ no server of a lower number that could send ─▶ not ahead of its share

Shares hold where a `weight` is set among the servers of a priority: each counts what it has begun by its weight, and
who is ahead waits for the others; not for one that is held up by a rate, a limit or a connection that does not come,
whose part the others have then. Moments are monotonic seconds.
"""

from collections.abc import Callable, Sequence
from functools import partial

from campaign.model import DueRow
from campaign.worker.claims import Claims
from campaign.worker.job import ServerOrders
from campaign.worker.outcomes import Books
from campaign.worker.route import Common, Route
from campaign.worker.route_rows import RouteRows
from campaign.worker.server_breaker import ServerBreaker
from campaign.worker.server_health import ServerHealth
from campaign.worker.server_parts import ServerParts
from campaign.worker.shared_dispatcher import SharedDispatcher
from campaign.worker.shared_outcomes import SharedOutcomes
from campaign.worker.worker_report import ServerReport

_AHEAD = 4
"""Messages by which a server may be ahead of its share."""
_CONNECTING = 5.0
"""Of the units that a server in trouble is given: how long the others wait for its first connection."""

USED_UP = "its messages of the day are gone"


class RankedRoute:
    """One server's route and its standing. `others`: all routes of the worker, with this one."""

    def __init__(
        self,
        common: Common,
        orders: ServerOrders,
        *,
        books: Books,
        claims: Claims,
        others: Sequence["RankedRoute"],
        went_out: Callable[["RankedRoute", bool], None],
        hand_over: Callable[["RankedRoute", DueRow], bool],
    ) -> None:
        job = common.job
        self.orders = orders
        self.name = orders.name
        self.health = ServerHealth(job.backoff)
        self.rows = RouteRows(common.rows, self)
        self.breaker = ServerBreaker(
            common.breaker,
            self.health,
            name=self.name,
            stop_after=job.stop_after,
            where=orders.server.place,
            clock=common.clock,
            went_out=lambda was_in_use: went_out(self, was_in_use),
        )
        self.shedding = False
        """It has just gone out of use: what has not left yet goes another way."""
        self._others = others
        self._clock = common.clock
        self._weight = orders.weight or 1.0
        self._passed = 0.0
        """Messages begun, by weight."""
        self._patience = _CONNECTING * job.backoff
        self._unconnected_since: float | None = None
        parts = ServerParts(
            books=books,
            claims=claims,
            breaker=self.breaker,
            rows=self.rows,
            outcomes=partial(SharedOutcomes, health=self.health, server_breaker=self.breaker),
            hand_over=lambda due: hand_over(self, due),
        )
        dispatcher = partial(SharedDispatcher, turn=self, health=self.health, server_breaker=self.breaker)
        self.route = Route(common, orders, parts, dispatcher=dispatcher)

    @property
    def outcomes(self) -> SharedOutcomes:
        """What becomes of its messages."""
        outcomes = self.route.dispatcher.outcomes
        assert isinstance(outcomes, SharedOutcomes)
        return outcomes

    @property
    def is_used_up(self) -> bool:
        """Whether its messages of the day are gone."""
        daily, now = self.route.daily, self._clock()
        return daily is not None and daily.until("", now) > now

    @property
    def is_done(self) -> bool:
        """Whether its messages of the day are gone, and this run waits for no other."""
        daily = self.route.daily
        return daily is not None and daily.until("", self._clock()) == float("inf")

    def could_send(self, now: float) -> bool:
        """Whether mail is kept for it: it is in use, has messages left for the day, and answers."""
        since = self._unconnected_since
        waited = since is not None and not self.route.pool.connections and now - since > self._patience
        return self.health.in_use and not self.is_used_up and not waited

    @property
    def is_busy_elsewhere(self) -> bool:
        """Whether it could send, but for that other workers have all its connections."""
        return not self.route.pool.limit and self.health.in_use and not self.is_used_up

    def may_begin(self, now: float) -> bool:
        """Whether it may begin a message, if there is one for it."""
        return (self.health.in_use or self.health.may_try(now)) and not self.is_used_up

    def begun(self, contact: int, now: float) -> None:
        """Hear that it has begun a contact's message."""
        self.health.message_begun(contact, now)
        self._passed += 1.0 / self._weight
        behind = self._passed - (_AHEAD + 1) / self._weight
        for other in self._others:  # whoever was not waited for does not get later what it has missed
            other._passed = max(other._passed, behind)

    def is_outranked(self, now: float) -> bool:
        """Whether a server of a lower number could send. On trial, none is looked at."""
        mine = self.orders.priority
        return self.health.in_use and any(
            other.orders.priority < mine and (other.could_send(now) or other.is_busy_elsewhere)
            for other in self._others
        )

    def is_ahead(self, now: float) -> bool:
        """Whether it has had more than its share, and who has not could send."""
        if not self.health.in_use:
            return False
        group = [one for one in self._others if one.orders.priority == self.orders.priority]
        if all(one.orders.weight is None for one in group):
            return False
        most = self._passed - _AHEAD / self._weight
        return any(
            one._passed < most and one.could_send(now) and one.route.pool.limit and one.route.send_rate.wait(now) <= 0
            for one in group
            if one is not self
        )

    def steer(self, now: float) -> None:
        """Open connections as they are needed, and let go of those that are not."""
        pool = self.route.pool
        if self.shedding:
            self.shedding = False
            pool.cancel_unsent()
        if not self.may_begin(now):
            pool.close_idle()
        elif not self.health.in_use:
            if self.rows.ready(now):
                pool.open(1)
                pool.fill_idle()
        elif self.is_outranked(now) and not self.rows.own:
            pool.close_idle()
        else:
            self.route.connections.follow_the_rows(now)
        if pool.connections or not self.rows.ready(now) or not self.health.in_use:
            self._unconnected_since = None
        elif self._unconnected_since is None:
            self._unconnected_since = now

    def report(self) -> ServerReport:
        """Say how it fares."""
        pool = self.route.pool
        out = self.health.why or (USED_UP if self.is_used_up else "")
        return ServerReport(
            sent=self.outcomes.accepted,
            connections=pool.connections,
            limit=pool.limit,
            rate=self.route.throttled_rate,
            out=out,
            slowed_by=self.route.slowed_by,
            fewer_by=self.route.fewer_by,
        )
