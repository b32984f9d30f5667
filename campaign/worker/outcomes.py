"""What becomes of claimed rows: verdicts carried out, on record (journal), for the row (rows) and for the rate.

Takes a row that is under way and a `Verdict`; a row that goes again is put off, and costs a try only where the verdict
says so: throttling is not failure.
"""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime

from campaign.ledger.interface import Journal
from campaign.model import DueRow, Outcome, Reply, Status
from campaign.worker.backoff import RetrySchedule, Throttled
from campaign.worker.circuit_breaker import CircuitBreaker
from campaign.worker.event_log import EventLog
from campaign.worker.job import Job
from campaign.worker.limits import Limits
from campaign.worker.measurements import Measurements
from campaign.worker.opening_hours import OpeningHours
from campaign.worker.policy import Action, Verdict
from campaign.worker.row_queue import RowQueue
from campaign.worker.send_rate import SendRate

_SENT = Status.SENT
"""Python 3.11 looks up an enumeration's member by calling functions, each time: this one is needed for each message."""
_ENDLESS_EVERY = 30
"""Of the units that a server in trouble is given: how often throttling at the lowest rate counts as a failure."""


class Books:
    """What one worker has under way, and what it has come to an end with: all its servers together."""

    def __init__(self) -> None:
        self.settled: Counter[str] = Counter()
        """Contacts by the status they were given."""
        self.under_way: dict[int, DueRow] = {}
        """The rows that are claimed and have no outcome yet, by contact."""


class Outcomes:
    """One worker's, with one server."""

    def __init__(
        self,
        job: Job,
        *,
        rows: RowQueue,
        journal: Journal,
        send_rate: SendRate,
        breaker: CircuitBreaker,
        measurements: Measurements,
        clock: Callable[[], float],
        events: EventLog,
        limits: Limits | None = None,
        hours: OpeningHours | None = None,
        books: Books,
        server: str = "",
    ) -> None:
        """`server`: its name, where there are several; then a row that it refuses for our own fault goes again."""
        self.settled = books.settled
        self.under_way = books.under_way
        self._server = server
        self._rows = rows
        self._journal = journal
        self._send_rate = send_rate
        self._breaker = breaker
        self._measurements = measurements
        self._clock = clock
        self._events = events
        self._limits = limits
        self._hours = hours
        self._window = job.message_plan.window
        self._retries = RetrySchedule(tries=job.tries, first_wait=job.first_wait, longest_wait=job.longest_wait)
        self._throttled = Throttled(job.backoff)
        self._backoff = job.backoff
        self._patient_until = float("-inf")

    def sent(self, due: DueRow, reply: Reply) -> None:
        """Write down that the server has taken the message."""
        self._breaker.message_accepted()
        self._throttled.got_through()
        self._send_rate.got_through()
        self.settle(due, _SENT, reply)

    def carry_out(self, due: DueRow, verdict: Verdict, reply: Reply | None, detail: str) -> None:
        """Do to a claimed row what a verdict says that is no yes."""
        now, slow = self._clock(), verdict.slow
        match verdict.action:
            case Action.REJECTED:
                self.settle(due, Status.REJECTED, reply, detail)
            case Action.IN_DOUBT:
                self.settle(due, Status.IN_DOUBT, reply, detail)
            case Action.RETRY:
                self._try_later(due, reply, detail)
            case _ if verdict.renew or verdict.fewer:
                self.give_back(due)
            case _ if verdict.stop:
                self._unsettle(due, reply, detail, spent=False)
                if self._server:
                    self._rows.give_back(due)
            case _:
                slow = slow and not self._throttled.blames(due.id)
                slow = self._go_again(due, reply, detail, now) and slow
        if slow and self._send_rate.slow_down(now):
            self._events.slowed(reply, detail)
            self._breaker.notice(f"the server asks to slow down ({detail}); now", "rate")
        # A session that was full at once counts as one that could not be had, and not for each row that it met.
        if (verdict.suspect and not verdict.renew) or (slow and self._endless(now)):
            self._breaker.count_failure(due.id, detail)

    def settle(self, due: DueRow, status: Status, reply: Reply | None, detail: str = "") -> None:
        """Write down a claimed row's last word."""
        self._end(due, left=True)
        self._throttled.forget(due.id)
        self.settled[status] += 1
        if status is not _SENT:
            self._events.settled(due, status, reply, detail)
        self._journal.settle(Outcome(contact=due.id, status=status, reply=reply, detail=detail, server=self._server))

    def give_back(self, due: DueRow) -> None:
        """Let a claimed row go again as if it had never been claimed."""
        self._end(due, left=False)
        self._journal.release(due.id)
        self._rows.give_back(due)

    def abandon(self, contact: int) -> None:
        """Let go of a row that another worker has claimed."""
        if (due := self.under_way.get(contact)) is not None:
            self._end(due, left=False)

    def doubt(self, contact: int, why: str) -> None:
        """Give up on a row that was put off, and may have been delivered all the same."""
        due = self._rows.withdraw(contact)
        if due is not None:
            self.settled[Status.IN_DOUBT] += 1
            self._events.settled(due, Status.IN_DOUBT, None, why, tried=False)
            self._journal.doubt(contact, why)

    def mark_invalid(self, due: DueRow, why: str) -> None:
        """Write down that a row that was never claimed can't be mailed."""
        self.settled[Status.INVALID] += 1
        self._journal.mark_invalid(due.id, why)

    def fail_waiting(self, of: Callable[[str], bool] = lambda _: True) -> None:
        """Give up on the rows that were put off, of queues that `of` is true for: those that were tried have failed, by
        their last reply.
        """
        for due in self._rows.take_waiting(of):
            if due.tries:
                self.settled[Status.FAILED] += 1
                self._events.settled(due, Status.FAILED, None, "the window closed before another try", tried=False)
                self._journal.mark_failed(due.id)

    def _endless(self, now: float) -> bool:
        """Whether throttling goes on though the rate can't fall any further. A window is end enough; where there is
        none, this counts as a failure now and then.
        """
        if not self._send_rate.at_floor or self._window.closes is not None or now < self._patient_until:
            return False
        self._patient_until = now + _ENDLESS_EVERY * self._backoff
        return True

    def _go_again(self, due: DueRow, reply: Reply | None, detail: str, now: float) -> bool:
        """It costs the row no try, unless the row itself is to blame. Gives whether it is not."""
        alone = self._rows.done and len(self.under_way) == 1
        wait = self._throttled.wait(due.id, alone=alone)
        if wait is None:
            self._try_later(due, reply, detail)
            return False
        self._unsettle(due, reply, detail, spent=False)
        self._rows.put_off(due, now + wait)
        self._events.deferred(due, reply, detail, wait=wait)
        self._measurements.put_off(wait)
        return True

    def _try_later(self, due: DueRow, reply: Reply | None, detail: str) -> None:
        self._throttled.forget(due.id)
        later = DueRow(id=due.id, contact=due.contact, tries=due.tries + 1, queue=due.queue)
        wait = self._retries.wait_after(later.tries, self._seconds_left(due))
        if wait is None:
            self.settle(due, Status.FAILED, reply, detail)
            return
        self._unsettle(due, reply, detail, spent=True)
        self._rows.put_off(later, self._clock() + wait)
        self._events.deferred(later, reply, detail, wait=wait)
        self._measurements.put_off(wait)

    def _seconds_left(self, due: DueRow) -> float | None:
        """Seconds until the window that the row goes by closes."""
        if self._hours is not None:
            return self._hours.seconds_left(due.queue)
        return self._window.seconds_left(datetime.now(UTC))

    def _unsettle(self, due: DueRow, reply: Reply | None, detail: str, *, spent: bool) -> None:
        """Write down what the server said, and that the row is pending again."""
        self._end(due, left=False)
        outcome = Outcome(
            contact=due.id, status=Status.PENDING, reply=reply, detail=detail, spent=spent, server=self._server
        )
        self._journal.settle(outcome)

    def _end(self, due: DueRow, *, left: bool) -> None:
        """The row's message is under way no more: it has `left`, or the row goes again."""
        del self.under_way[due.id]
        if self._limits is not None:
            self._limits.ended(due, left=left)
