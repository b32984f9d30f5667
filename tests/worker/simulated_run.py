"""A run in time of the test's own: several workers with real rows, limits and journals, over one ledger, and a server
that answers each message after a while. A day takes no longer than its messages.
"""

import itertools
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from campaign.ledger.sqlite.due_rows import prepare_run
from campaign.ledger.sqlite.store import SqliteRunLedger
from campaign.ledger.sqlite.worker_store import SqliteWorkerLedger
from campaign.model import Attempt, Phase, Reply
from campaign.smtp.session.session import Session
from campaign.window import SendWindow
from campaign.worker.circuit_breaker import CircuitBreaker
from campaign.worker.dispatcher import Dispatcher
from campaign.worker.held_queues import HeldQueues
from campaign.worker.job import Job
from campaign.worker.limit_setup import daily_limit, domain_limits, paced
from campaign.worker.limits import Limits
from campaign.worker.opening_hours import OpeningHours
from campaign.worker.row_queue import RowQueue
from campaign.worker.send_rate import SendRate
from campaign.worker.server_parts import only_server
from tests.campaigns import SmallCampaign
from tests.dispatchers import letter, reply, session

OK = reply(250, "2.0.0")
BUSY = reply(450, "4.2.1", "greylisted")
STEP = 0.002
"""Seconds after which a worker that could begin something looks again."""


@dataclass(frozen=True, kw_only=True)
class Sent:
    """A message that the server answered."""

    contact: int
    domain: str
    began: float
    ended: float
    answer: int


class SimulatedRun:
    """One run of so many processes. `answer` says what a message gets, `takes` how many seconds that takes."""

    def __init__(
        self,
        folder: Path,
        ledger: SqliteRunLedger,
        *,
        processes: int = 1,
        connections: int = 4,
        window: SendWindow,
        starts: datetime,
        begins: float = 0.0,
        answer: Callable[[Attempt, float], Reply] = lambda *_: OK,
        takes: Callable[[Attempt], float] = lambda _: 0.05,
        limit: int | None = None,
        rate: float | None = None,
        **orders: Any,
    ) -> None:
        """`begins`: the monotonic seconds at the moment `starts`."""
        self.now, self._begins, self._starts = begins, begins, starts
        self.sent: list[Sent] = []
        self.opened = 0
        """How often a worker would have opened connections: it had rows that could begin, and none open."""
        self._answer, self._takes = answer, takes
        job = SmallCampaign(folder / "campaign").people(1).plan(1).job(window)
        server = replace(job.servers[0], connections=connections, rate=rate)
        job = replace(job, ledger=ledger.path, servers=(server,), **{"backoff": 1.0, "tries": 3} | orders)
        prepare_run(
            ledger.database,
            limit=limit,
            chosen_only=False,
            limited_domains=job.domain_limits,
            zone_column=job.message_plan.window.zone_column,
        )
        with session() as opened:
            self.session: Session = opened
        shares = job.shares(processes) if processes > 1 else iter([job])
        self.workers = [_Worker(self, share) for share in shares]

    def clock(self) -> float:
        return self.now

    def wall(self) -> datetime:
        return self._starts + timedelta(seconds=self.now - self._begins)

    def go(self, until: datetime | None = None) -> "SimulatedRun":
        """Until all workers are done, or that moment, at which they are killed."""
        for _ in range(2_000_000):
            if until is not None and self.wall() >= until:
                return self
            for worker in self.workers:
                worker.turn()
            if all(worker.done for worker in self.workers):
                for worker in self.workers:
                    worker.end()
                return self
            self.now = max(self.now + 1e-4, min(worker.next_moment() for worker in self.workers))
        pytest.fail("it has no end")

    def answered(self, attempt: Attempt, began: float) -> Reply:
        """What the server says now."""
        said = self._answer(attempt, began)
        domain = attempt.message.envelope.recipient.rpartition("@")[2]
        self.sent.append(Sent(contact=attempt.contact, domain=domain, began=began, ended=self.now, answer=said.code))
        return said

    def takes(self, attempt: Attempt) -> float:
        return self._takes(attempt)

    def kill(self) -> None:
        """End all of it as SIGKILL does."""
        for worker in self.workers:
            worker.kill()

    def accepted(self) -> list[int]:
        return [one.contact for one in self.sent if one.answer == 250]


class _Worker:
    """One process."""

    def __init__(self, run: SimulatedRun, job: Job) -> None:
        self._run, self._job = run, job
        assert isinstance(job.ledger, Path)
        self._ledger = ledger = SqliteWorkerLedger(job.ledger, wake=lambda: None)
        (orders,) = job.servers
        rate = None if orders.rate is None else ledger.rate_limit("", orders.rate)
        shared = paced(job, ledger, rate, wall=run.wall)
        send_rate = SendRate(orders.rate, now=run.now, second=job.backoff, shared=shared)
        daily = daily_limit(job, ledger, clock=run.clock, wall=run.wall)
        domains = domain_limits(job, ledger)
        window = job.message_plan.window
        hours = None
        if window.restricted or window.zone_column:
            hours = OpeningHours(window, wait=job.wait, clock=run.clock, wall=run.wall)
        holds = [hold for hold in (daily, domains, hours) if hold is not None]
        self.rows = RowQueue(ledger.due_rows, HeldQueues(*holds))
        limits = Limits(daily, domains, released=self.rows.look_again) if daily or domains else None
        self._send_rate = send_rate
        breaker = CircuitBreaker(stop_after=1000, where="here")
        self.dispatcher = Dispatcher(
            job,
            only_server(self.rows, ledger.journal, breaker),
            server=orders.server,
            rows=self.rows,
            make=lambda due: letter(due)._replace(link_expires_at=2**40),
            size_of=lambda _: 100,
            journal=ledger.journal,
            send_rate=send_rate,
            breaker=breaker,
            clock=run.clock,
            limits=limits,
            hours=hours,
        )
        self._connections: list[tuple[Attempt, float, float] | None] = [None] * orders.connections
        self._was_open = False
        self.done = False
        self._ended = False

    def turn(self) -> None:
        """What `worker.Worker` does in one turn of its loop."""
        if self.done:
            return
        now = self._run.now
        for place, busy in enumerate(self._connections):
            if busy is not None and busy[2] <= now:
                attempt, began, _ = busy
                self._connections[place] = None
                self.dispatcher.reply_received(attempt, Phase.BODY, self._run.answered(attempt, began), served=True)
        ready = self.rows.ready(now)
        if ready and not self._was_open:
            self.dispatcher.fetch_rows()
            ready = self.rows.ready(now)
        if ready and self._send_rate.wait(now) > 0:
            self.dispatcher.fetch_rows()
        elif ready:
            self._run.opened += not self._was_open
            self._was_open = True
            for place, busy in enumerate(self._connections):
                if busy is None and (new := self.dispatcher.next_attempt(self._run.session)) is not None:
                    self._connections[place] = new, now, now + self._run.takes(new)
        else:
            self.dispatcher.fetch_rows()
            if not self.busy and (moment := self.rows.next_moment()) is not None and moment - now > 10:
                self._was_open = False
        journal = self._ledger.journal
        if journal.queued:
            journal.commit()
            ended = journal.collect(wait=True)
            assert ended is not None
            assert not ended.lost
            self.dispatcher.claims_durable(ended.durable)
        self.done = not self.busy and self.rows.done

    @property
    def busy(self) -> int:
        return sum(one is not None for one in self._connections)

    def next_moment(self) -> float:
        """When something may happen here next."""
        if self.done:
            return float("inf")
        now = self._run.now
        moments = [one[2] for one in self._connections if one is not None]
        if self.rows.ready(now):
            if self.busy < len(self._connections):
                moments.append(now + max(STEP, self._send_rate.wait(now)))
        elif (moment := self.rows.next_moment()) is not None:
            moments.append(max(moment, now + STEP))
        soonest = min(moments, default=now + 1)
        return min(soonest, now + (1 if soonest < now + 60 else 600))

    def end(self) -> None:
        """In peace."""
        self._ended = True
        self._ledger.journal.close()
        self._ledger.close()

    def kill(self) -> None:
        """What is not on record is lost."""
        if not self._ended:
            self._ledger.journal._sync.close()
            for part in (self._ledger._limits, self._ledger.journal._database, self._ledger.due_rows):
                part.close()
            self._ledger.server_memory.close()


def fullest(moments: list[float], length: float) -> int:
    """The most of these within any stretch of this length, its end not included."""
    moments = sorted(moments)
    first = most = 0
    for index, moment in enumerate(moments):
        while moment - moments[first] >= length - 1e-9:
            first += 1
        most = max(most, index - first + 1)
    return most


def at_once(sent: list[Sent]) -> int:
    """The most of these that were under way at the same time; one that begins when another ends is not with it."""
    changes = sorted([(one.began, 1) for one in sent] + [(one.ended, -1) for one in sent])
    return max(itertools.accumulate(change for _, change in changes), default=0)
