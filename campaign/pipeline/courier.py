"""Between the rows and the connections: makes parcels, claims them, and carries out what replies mean.

The pool asks and tells (`smtp.courier.Courier`); `delivery` judges; this writes down the outcome and decides when a row
goes again. A body leaves only once its claim is durable and while the window is open.
"""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime

from campaign.backoff import Schedule, Throttled
from campaign.delivery import RETRY, Fate, Verdict, judge
from campaign.errors import CampaignError, InvalidContactError
from campaign.ledger.journal import Journal
from campaign.ledger.roster import Due
from campaign.model import Outcome, Parcel, Phase, Reply, Status
from campaign.pace import Pace
from campaign.pipeline.job import Job
from campaign.pipeline.rows import Rows
from campaign.pipeline.sessions import Sessions
from campaign.pipeline.trouble import Troubles
from campaign.smtp.connect import Session
from campaign.smtp.session_error import SessionError

_QUICK_TRIES = 3
"""How often a row goes again at once after its connection died before the body left."""
_ENDLESS_EVERY = 30
"""Of the units that a server in trouble is given: how often throttling at the lowest rate counts as a failure."""


class MailCourier:
    """One worker's courier."""

    def __init__(
        self,
        job: Job,
        *,
        rows: Rows,
        make: Callable[[Due], Parcel],
        journal: Journal,
        pace: Pace,
        troubles: Troubles,
        clock: Callable[[], float],
    ) -> None:
        self.settled: Counter[str] = Counter()
        """Contacts by the status they were given."""
        self.closed = False
        """No more parcels are given out; those under way go on."""
        self.recalled = False
        """No body leaves any more, either."""
        self.sessions = Sessions(troubles, stop_after=job.stop_after, backoff=job.backoff)
        self._rows = rows
        self._make = make
        self._journal = journal
        self._pace = pace
        self._troubles = troubles
        self._clock = clock
        self._window = job.letter.window
        self._schedule = Schedule(tries=job.tries, first_wait=job.first_wait, longest_wait=job.longest_wait)
        self._under_way: dict[int, Due] = {}
        self._not_durable: dict[int, Parcel] = {}
        """The latest claim of each contact that `cleared` has not named yet. By parcel, since an earlier claim of the
        same contact may still be on its way to the disk when the next is made."""
        self._quick: Counter[int] = Counter()
        self._throttled = Throttled(job.backoff)
        self._backoff = job.backoff
        self._last_drop = float("-inf")
        self._patient_until = float("-inf")

    def cleared(self, claims: list[Parcel]) -> None:
        """Hear that these claims are durable."""
        for parcel in claims:
            self._forget_claim(parcel)

    def lost(self, claims: list[Parcel]) -> None:
        """Hear that another worker won these claims: they are no longer ours to send or to settle."""
        for parcel in claims:
            self._under_way.pop(parcel.contact, None)

    def window_over(self) -> None:
        """Give up on the rows that were put off: those that were tried have failed, by their last reply."""
        for due in self._rows.give_up_waiting():
            if due.tries:
                self.settled[Status.FAILED] += 1
                self._journal.give_up(due.id)

    # What the pool asks.

    def take(self, session: Session) -> Parcel | None:
        """Give the next contact's parcel, made and claimed."""
        now = self._clock()
        if self.closed or self._pace.wait(now) > 0:
            return None
        try:
            while (due := self._rows.next(now)) is not None:
                if self._journal.holds(due.id):  # its last outcome is not written yet
                    self._rows.put_off(due, now + 0.1)
                    continue
                parcel = self._prepare(due, session)
                if parcel is not None:
                    self._pace.take(now)
                    return parcel
        except CampaignError as error:
            self._stop(error)
        return None

    def may_leave(self, parcel: Parcel) -> bool:
        """Say whether the claim is durable and the window open."""
        if parcel.contact in self._not_durable or self.recalled:
            return False
        return self._window.closes is None or not self._window.is_over(datetime.now(UTC))

    # What the pool tells.

    def answered(self, parcel: Parcel, phase: Phase, reply: Reply, *, served: bool) -> bool:
        """Judge the server's last word on a parcel. Give whether it is its last one in this session, too."""
        self._forget_claim(parcel)
        due = self._under_way.get(parcel.contact)
        verdict = judge(phase, reply, served=served)
        if not verdict.renew:
            self.sessions.of_use()
        if due is None:
            return verdict.renew
        if verdict.fate is Fate.SENT:
            self._troubles.relieved()
            self._throttled.got_through()
            self._settle(due, Status.SENT, reply)
            return False
        self._carry_out(due, verdict, reply, f"at {phase}: {reply.text}")
        if verdict.stop:
            self._stop(CampaignError(f"the server refuses our mail at {phase}: {reply.code} {reply.text}"))
        return verdict.renew

    def untouched(self, parcel: Parcel, why: str) -> None:
        """Let the row go again: at once, but not for ever."""
        self._forget_claim(parcel)
        due = self._under_way.get(parcel.contact)
        if due is None:
            return
        if why:
            self._quick[due.id] += 1
            now = self._clock()
            if now - self._last_drop >= self._backoff:  # a server that goes down drops all connections: one failure
                self._last_drop = now
                self._suspect(due, why)
        if self.closed or self._quick[due.id] <= _QUICK_TRIES:
            del self._under_way[due.id]
            self._journal.release(due.id)
            self._rows.give_back(due)
            return
        del self._quick[due.id]
        self._carry_out(due, RETRY, None, f"{why}, before the message had left")

    def unknown(self, parcel: Parcel, why: str) -> None:
        """Nobody can know whether the contact got it."""
        self._last_drop = self._clock()  # what was behind it on the connection is no failure of its own
        due = self._under_way.get(parcel.contact)
        if due is not None:
            self._carry_out(due, judge(Phase.BODY, None), None, f"{why} after the message had left; no reply came")

    def opened(self, session: Session) -> None:
        """Note that the server takes sessions."""
        self.sessions.opened()

    def not_opened(self, error: SessionError, *, others: int) -> float:
        """Stop where it is our own fault; otherwise make do with fewer, or wait."""
        if self.closed:
            return self._backoff
        wait = self.sessions.failed(error, others=others)
        self.closed = self.closed or self._troubles.reason is not None
        return wait

    # What is done about it.

    def _prepare(self, due: Due, session: Session) -> Parcel | None:
        """Make the row's parcel and claim it; None where it can't go over this session, or at all."""
        try:
            parcel = self._make(due)
        except InvalidContactError as error:
            self._condemn(due, f"{error.what} ({error.where})" if error.where else error.what)
            return None
        except CampaignError:
            self._rows.give_back(due)
            raise
        if parcel.message.envelope.smtputf8 and not session.smtputf8:
            self._condemn(due, "the address has letters beyond ASCII, which the server can't take (no SMTPUTF8)")
            return None
        self._under_way[due.id] = due
        self._not_durable[due.id] = parcel
        self._journal.claim(parcel)
        limit, size = session.size_limit, len(parcel.message.data)
        if limit is not None and size > limit:
            words = f"the message has {size:,} bytes, the server takes {limit:,}"
            self._settle(due, Status.REJECTED, Reply(code=552, enhanced="5.3.4", text=words))
            return None
        return parcel

    def _carry_out(self, due: Due, verdict: Verdict, reply: Reply | None, detail: str) -> None:
        """Do to a claimed row what the verdict says."""
        now, slow = self._clock(), verdict.slow
        match verdict.fate:
            case Fate.REJECTED:
                self._settle(due, Status.REJECTED, reply, detail)
            case Fate.IN_DOUBT:
                self._settle(due, Status.IN_DOUBT, reply, detail)
            case Fate.RETRY:
                self._try_later(due, reply, detail)
            case _ if verdict.renew:
                del self._under_way[due.id]
                self._journal.release(due.id)
                self._rows.give_back(due)
            case _ if verdict.stop:
                self._unsettle(due, reply, detail, spent=False)
            case _:
                slow = slow and not self._throttled.blames(due.id)
                slow = self._go_again(due, reply, detail, now) and slow
        if slow and self._pace.slow_down(now):
            self._troubles.notice(f"the server asks to slow down ({detail}); now", "rate")
        if verdict.suspect or (slow and self._endless(now)):
            self._suspect(due, detail)

    def _endless(self, now: float) -> bool:
        """Whether throttling goes on though the rate can't fall any further. A window is end enough; where there is
        none, this counts as a failure now and then.
        """
        if not self._pace.at_floor or self._window.closes is not None or now < self._patient_until:
            return False
        self._patient_until = now + _ENDLESS_EVERY * self._backoff
        return True

    def _go_again(self, due: Due, reply: Reply | None, detail: str, now: float) -> bool:
        """It costs the row no try, unless the row itself is to blame. Gives whether it is not."""
        alone = self._rows.done and len(self._under_way) == 1
        wait = self._throttled.wait(due.id, alone=alone)
        if wait is None:
            self._try_later(due, reply, detail)
            return False
        self._unsettle(due, reply, detail, spent=False)
        self._rows.put_off(due, now + wait)
        return True

    def _try_later(self, due: Due, reply: Reply | None, detail: str) -> None:
        self._throttled.forget(due.id)
        later = Due(id=due.id, contact=due.contact, tries=due.tries + 1)
        wait = self._schedule.wait_after(later.tries, self._window.seconds_left(datetime.now(UTC)))
        if wait is None:
            self._settle(due, Status.FAILED, reply, detail)
            return
        self._unsettle(due, reply, detail, spent=True)
        self._rows.put_off(later, self._clock() + wait)

    def _settle(self, due: Due, status: Status, reply: Reply | None, detail: str = "") -> None:
        del self._under_way[due.id]
        self._throttled.forget(due.id)
        self.settled[status] += 1
        self._journal.settle(Outcome(contact=due.id, status=status, reply=reply, detail=detail))

    def _unsettle(self, due: Due, reply: Reply | None, detail: str, *, spent: bool) -> None:
        """Write down what the server said, and that the row is pending again."""
        del self._under_way[due.id]
        outcome = Outcome(contact=due.id, status=Status.PENDING, reply=reply, detail=detail, spent=spent)
        self._journal.settle(outcome)

    def _forget_claim(self, parcel: Parcel) -> None:
        if self._not_durable.get(parcel.contact) is parcel:
            del self._not_durable[parcel.contact]

    def _condemn(self, due: Due, why: str) -> None:
        self.settled[Status.INVALID] += 1
        self._journal.condemn(due.id, why)

    def _suspect(self, due: Due, detail: str) -> None:
        self._troubles.suspect(due.id, detail)
        self.closed = self.closed or self._troubles.reason is not None

    def _stop(self, error: CampaignError) -> None:
        self._troubles.stop(error)
        self.closed = True
