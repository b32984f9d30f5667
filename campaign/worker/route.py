"""One way that mail goes: a server with the connections to it, its rate, and what is known of it.

A worker has one for each server, all on its event loop, with its rows, its journal and its claims in common. Where
there are several, each has a rank (`ranked_route`).
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from campaign.ledger.interface import WorkerLedger
from campaign.smtp.chunking.trials import ChunkingTrials
from campaign.smtp.chunking.unused import in_flight_unused
from campaign.smtp.connection_lifetime import ConnectionLifetime
from campaign.smtp.dsn import DsnUses
from campaign.smtp.event_loop import EventLoop
from campaign.smtp.pipelining.trials import PipeliningTrials
from campaign.smtp.pool import Pool
from campaign.smtp.session.connect import connect
from campaign.smtp.streaming_pool import StreamingPool
from campaign.worker.circuit_breaker import CircuitBreaker
from campaign.worker.connection_limit import ConnectionLimit
from campaign.worker.dispatcher import Dispatcher
from campaign.worker.job import Job, ServerOrders
from campaign.worker.limit_setup import paced
from campaign.worker.made_ahead import MadeAhead
from campaign.worker.opening_hours import OpeningHours
from campaign.worker.row_queue import RowQueue
from campaign.worker.run_limits import RunLimits
from campaign.worker.send_rate import SendRate
from campaign.worker.server_parts import ServerParts


@dataclass(frozen=True, slots=True, kw_only=True)
class Common:
    """What all routes of a worker have in common."""

    job: Job
    ledger: WorkerLedger
    loop: EventLoop
    rows: RowQueue
    attempts: MadeAhead
    breaker: CircuitBreaker
    """The run's."""
    limits: RunLimits
    hours: OpeningHours | None
    clock: Callable[[], float]


class Route:
    """One server's, in one worker."""

    def __init__(
        self,
        common: Common,
        orders: ServerOrders,
        parts: ServerParts,
        *,
        dispatcher: Callable[..., Dispatcher] = Dispatcher,
    ) -> None:
        """`parts`, `dispatcher`: those of one server of several, or of the only one."""
        job, clock, ledger = common.job, common.clock, common.ledger
        self.orders = orders
        self.breaker = parts.breaker
        """The server's, or the run's where there is but one."""
        self.daily = common.limits.of_server(orders)
        """Its own limit of the day, if it has one."""
        rate = None if orders.rate is None else ledger.rate_limit(orders.name, orders.rate)
        limits = common.limits.limits(orders, released=common.rows.look_again)
        self.send_rate = SendRate(orders.rate, now=clock(), second=job.backoff, shared=paced(job, ledger, rate))
        self.dispatcher = dispatcher(
            job,
            parts,
            server=orders.server,
            rows=common.rows,
            make=common.attempts.make,
            size_of=common.attempts.size_of,
            journal=ledger.journal,
            send_rate=self.send_rate,
            breaker=common.breaker,
            clock=clock,
            limits=limits,
            hours=common.hours,
        )
        pool: Callable[..., Pool] = Pool
        if orders.in_flight > 1 and orders.pipelining == "auto":
            chunking = ChunkingTrials(
                orders.in_flight,
                ledger.server_memory,
                clock,
                sender=job.message_plan.message.return_path,
                told=lambda why: parts.breaker.notice_once(in_flight_unused(orders.in_flight, why), "in_flight"),
            )
            pool = partial(StreamingPool, chunking=chunking)
        self.pool = pool(
            connect=lambda: connect(orders.server),
            beside=orders.server.security == "none" and orders.server.username is None,
            handler=self.dispatcher,
            limit=orders.connections,
            timeout=orders.server.timeout,
            lifetime=ConnectionLifetime(messages=orders.messages_per_connection, seconds=orders.seconds_per_connection),
            trials=PipeliningTrials(orders.pipelining, ledger.server_memory, clock),
            dsn=DsnUses(ledger.server_memory),
            clock=clock,
            loop=common.loop,
        )
        self.connections = ConnectionLimit(
            orders.connections,
            budget=ledger.budget(f"connections:{orders.name}", orders.connections),
            pool=self.pool,
            rows=parts.rows,
            send_rate=self.send_rate,
            dispatcher=self.dispatcher,
        )

    @property
    def slowed_by(self) -> str:
        """What the server said when it asked to go slower the last time."""
        return self.dispatcher.events.slowed_by

    @property
    def fewer_by(self) -> str:
        """What it said when it wanted fewer connections the last time."""
        return self.dispatcher.events.shown(self.dispatcher.sessions.fewer_by)

    @property
    def throttled_rate(self) -> float | None:
        """Messages a second that throttling leaves; None: no limit."""
        return self.send_rate.rate if self.send_rate.throttled else None
