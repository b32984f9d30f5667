"""Between the rows and the connections: gives attempts to the pool, and hears what became of each.

The pool asks and tells (`smtp.delivery_handler.DeliveryHandler`); `preparation` makes and claims attempts; `policy`
judges replies; `outcomes` carries the verdicts out. A body leaves only once its claim is durable and while the window
is open.
"""

import time
from collections import Counter
from collections.abc import Callable

from campaign.errors import CampaignError
from campaign.ledger.interface import Journal
from campaign.model import Attempt, Contact, DueRow, Phase, Reply
from campaign.smtp.session.error import SessionError
from campaign.smtp.session.server import Server
from campaign.smtp.session.session import Session
from campaign.worker.circuit_breaker import CircuitBreaker
from campaign.worker.event_log import EventLog
from campaign.worker.job import Job
from campaign.worker.judge import Judge
from campaign.worker.limits import Limits
from campaign.worker.measurements import Measurements
from campaign.worker.opening_hours import OpeningHours
from campaign.worker.policy import IN_DOUBT_TOO, RETRY, SENT, judge, refusal
from campaign.worker.preparation import Preparation
from campaign.worker.row_queue import RowQueue
from campaign.worker.send_rate import SendRate
from campaign.worker.send_times import SendTimes
from campaign.worker.server_parts import ServerParts
from campaign.worker.session_failures import SessionFailures
from campaign.worker.turns import Turns

_QUICK_TRIES = 3
"""How often a row goes again at once after its connection died before the body left."""


class Dispatcher:
    """One worker's, for one server: the `DeliveryHandler` of its pool."""

    def __init__(
        self,
        job: Job,
        parts: ServerParts,
        *,
        server: Server,
        rows: RowQueue,
        make: Callable[[DueRow], Attempt],
        size_of: Callable[[Contact], int],
        journal: Journal,
        send_rate: SendRate,
        breaker: CircuitBreaker,
        clock: Callable[[], float],
        limits: Limits | None = None,
        hours: OpeningHours | None = None,
    ) -> None:
        """`parts`: what depends on whether `server` is the only one. `breaker` is the run's."""
        self.events = EventLog(job, server=server.name or server.host)
        self.draining = False
        """No more attempts are given out; those under way go on."""
        self.recalled = False
        """No body leaves any more, either."""
        self._where = server.place
        self.sessions = SessionFailures(
            parts.breaker, stop_after=job.stop_after, backoff=job.backoff, where=self._where
        )
        self._rows = rows
        self._journal = journal
        self._turns = Turns(parts.rows, send_rate, journal, limits)
        self._send_rate = send_rate
        self._breaker = breaker
        self._server_breaker = parts.breaker
        self._clock = clock
        self._times = SendTimes(job, hours)
        self._min_lifetime = job.min_lifetime
        self._hours = hours
        self.measurements = Measurements(clock=clock)
        self.outcomes = parts.outcomes(
            job,
            rows=rows,
            journal=journal,
            send_rate=send_rate,
            measurements=self.measurements,
            clock=clock,
            events=self.events,
            limits=limits,
            hours=hours,
            books=parts.books,
            server=server.name,
        )
        """What becomes of its rows."""
        self._claims = parts.claims
        self._judge = Judge(journal, server.name)
        self._preparation = Preparation(
            make, size_of, rows=rows, outcomes=self.outcomes, claims=parts.claims, hand_over=parts.hand_over
        )
        self._quick: Counter[int] = Counter()
        self._backoff = job.backoff
        self._last_drop = float("-inf")

    @property
    def closed(self) -> bool:
        """Whether no more attempts are given out."""
        return self.draining or self._breaker.reason is not None

    @property
    def settled(self) -> Counter[str]:
        """Contacts by the status they were given."""
        return self.outcomes.settled

    @property
    def under_way(self) -> int:
        """How many contacts are claimed and have no outcome yet."""
        return len(self.outcomes.under_way)

    def claims_durable(self, claims: list[Attempt]) -> None:
        """Hear that these claims are durable."""
        self._claims.forget(*claims)

    def claims_lost(self, claims: list[Attempt]) -> None:
        """Hear that another worker won these claims: they are no longer ours to send or to settle."""
        for attempt in claims:
            self.outcomes.abandon(attempt.contact)

    def window_closed(self) -> None:
        """Give up on the rows that were put off: those that were tried have failed, by their last reply."""
        self.outcomes.fail_waiting()

    def out_of_hours(self, attempt: Attempt) -> bool:
        """Say whether the hours of the attempt's row have ended, or its window."""
        return self._times.out_of_hours(self.outcomes.under_way.get(attempt.contact))

    def hours_ended(self) -> None:
        """Give up on the rows that were put off and whose window is over."""
        if self._hours is not None and self._hours.ended():
            self.outcomes.fail_waiting(self._hours.is_over)

    def fetch_rows(self, least: int = 1) -> None:
        """Have the next rows here, `least` if there are so many, though none may begin yet."""
        try:
            self._rows.fetch(self._clock(), least)
        except CampaignError as error:
            self._breaker.stop(error)

    # What the pool asks.

    def next_attempt(self, session: Session) -> Attempt | None:
        """Give the next contact's attempt, made and claimed."""
        now = self._clock()
        if self.closed or self._send_rate.wait(now) > 0 or self._times.too_early() or not self._journal.lease_holds:
            return None
        try:
            while (due := self._turns.next(now)) is not None:
                attempt = self._preparation.prepare(due, session)
                if attempt is not None:
                    self._turns.begun(due)
                    return attempt
        except CampaignError as error:
            self._breaker.stop(error)
        return None

    def may_send_body(self, attempt: Attempt) -> bool:
        """Say whether the claim is durable, and still ours, and the window open."""
        contact = attempt.contact
        if self._claims.pending(contact) or self.recalled or not self._journal.lease_holds:
            return False
        if not self._times.allow(self.outcomes.under_way.get(contact)):
            return False
        self.measurements.body_leaves(contact)
        return True

    def link_too_old(self, attempt: Attempt) -> bool:
        """Say whether too little is left of its link's life: this process slept, or the server did."""
        return attempt.link_expires_at - time.time() < self._min_lifetime

    # What the pool tells.

    def reply_received(self, attempt: Attempt, phase: Phase, reply: Reply, *, served: bool) -> bool:
        """Judge the server's last word on an attempt. Give whether it is its last one in this session, too."""
        contact = attempt.contact
        due = self.outcomes.under_way.get(contact)
        verdict = self._judge.verdict(phase, reply, served=served)
        if verdict is SENT:  # nearly always; its claim was durable, since its body had left
            self.sessions.session_used()
            if due is not None:
                self.measurements.accepted(contact)
                self.outcomes.sent(due, reply)
            return False
        self._claims.forget(attempt)
        ends = verdict.renew or verdict.fewer
        if not ends and (reply.code != 421 or phase is Phase.BODY):
            self.sessions.session_used()
        if due is None:
            return ends
        self.measurements.not_accepted(contact)
        self._server_breaker.note_suspicion(
            due.id, f"at {phase}: {reply.code} {reply.enhanced or ''}" if verdict.suspect else None
        )
        self.outcomes.carry_out(due, verdict, reply, f"at {phase}: {reply.text}")
        if verdict.fewer:
            self.sessions.want_fewer(None, reply.text)
        if verdict.stop:
            self._server_breaker.stop(refusal(verdict, phase, reply, where=self._where))
        return ends

    def not_sent(self, attempt: Attempt, why: str) -> None:
        """Let the row go again: at once, but not for ever."""
        self._claims.forget(attempt)
        due = self.outcomes.under_way.get(attempt.contact)
        if due is None:
            return
        if why:
            self._quick[due.id] += 1
            now = self._clock()
            if now - self._last_drop >= self._backoff:  # a server that goes down drops all connections: one failure
                self._last_drop = now
                self._server_breaker.count_failure(due.id, why)
        if self.closed or self._quick[due.id] <= _QUICK_TRIES:
            self.outcomes.give_back(due)
            return
        del self._quick[due.id]
        self.outcomes.carry_out(due, RETRY, None, f"{why}, before the message had left")

    def outcome_unknown(self, attempt: Attempt, why: str, *, behind_others: bool = False) -> None:
        """Nobody can know whether the contact got it. A connection that died is one failure, whatever was on it."""
        self.measurements.not_accepted(attempt.contact)
        self._last_drop = self._clock()  # what was behind it on the connection is no failure of its own
        due = self.outcomes.under_way.get(attempt.contact)
        if due is not None:
            doubt = IN_DOUBT_TOO if behind_others else judge(Phase.BODY, None)
            self.outcomes.carry_out(due, doubt, None, f"{why} after the message had left; no reply came")

    def deferral_doubted(self, attempt: Attempt, why: str) -> None:
        """Settle a row as in doubt that waits for another try, if it still does."""
        self.outcomes.doubt(attempt.contact, f"it was put off, and then another reply came: {why}")

    def session_opened(self, session: Session) -> None:
        """Note that the server takes sessions."""
        self.sessions.session_opened()
        self.events.connected()

    def session_failed(self, error: SessionError, *, others: int) -> float:
        """Stop where it is our own fault; otherwise make do with fewer, or wait."""
        return self._backoff if self.closed else self.sessions.session_failed(error, others=others)
