"""Between the rows and the connections: makes parcels, claims them, and carries out what replies mean.

The pool asks and tells (`smtp.courier.Courier`); `delivery` judges; this writes down the outcome and decides when a row
goes again. A body leaves only once its claim is durable and while the window is open.
"""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime

from campaign.backoff import Schedule, Throttled, reconnect_waits
from campaign.delivery import RENEW, RETRY, About, Fate, Verdict, judge, refusal
from campaign.errors import CampaignError, InvalidContactError
from campaign.ledger.journal import Journal
from campaign.ledger.roster import Due
from campaign.model import Outcome, Parcel, Phase, Reply, Status
from campaign.pace import Pace
from campaign.pipeline.job import Job
from campaign.pipeline.rows import Rows
from campaign.pipeline.trouble import Troubles
from campaign.smtp.connect import Session
from campaign.smtp.session_error import SessionError

_QUICK_TRIES = 3
"""How often a row goes again at once after its connection died before the body left."""
_FIRST_SESSION_TRIES = 5
"""Failed attempts to get a first session before the run gives up."""

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
        self.crowded: int | None = None
        """How many connections the server seems to take, where it has said that they are too many."""
        self._rows = rows
        self._make = make
        self._journal = journal
        self._pace = pace
        self._troubles = troubles
        self._clock = clock
        self._window = job.letter.window
        self._schedule = Schedule(tries=job.tries, first_wait=job.first_wait, longest_wait=job.longest_wait)
        self._stop_after = job.stop_after
        self._under_way: dict[int, Due] = {}
        self._not_durable: dict[int, Parcel] = {}
        """The latest claim of each contact that `cleared` has not named yet. By parcel, since an earlier claim of the
        same contact may still be on its way to the disk when the next is made."""
        self._quick: Counter[int] = Counter()
        self._throttled = Throttled(job.backoff)
        self._backoff = job.backoff
        self._last_drop = float("-inf")
        self._patient_until = float("-inf")
        self._waits = reconnect_waits(job.backoff)
        self._failed_sessions = 0
        self._sessions = 0
        self._ever_open = False
        self._proven = False
        """The server has taken a message of this campaign."""
        self._where = f"smtp.host {job.server.host}"

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

    def answered(self, parcel: Parcel, phase: Phase, reply: Reply, *, served: bool) -> None:
        """Judge the server's last word on a parcel."""
        self._forget_claim(parcel)
        due = self._under_way.get(parcel.contact)
        if due is None:
            return
        verdict = self._judge(phase, reply, served=served)
        if verdict.fate is Fate.SENT:
            self._proven = True
            self._troubles.relieved()
            self._throttled.got_through()
            self._settle(due, Status.SENT, reply)
            return
        self._troubles.judged(due.id, f"at {phase}: {reply.code} {reply.enhanced or ''}" if verdict.suspect else None)
        self._carry_out(due, verdict, reply, f"at {phase}: {reply.text}")
        if verdict.stop:
            self._stop(refusal(verdict, phase, reply, where=self._where))

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
        self._ever_open = True
        self._failed_sessions = 0
        self._waits = reconnect_waits(self._backoff)

    def not_opened(self, error: SessionError, *, others: int) -> float:
        """Stop where it is our own fault; otherwise make do with fewer, or wait."""
        verdict = judge(error.phase, error.reply)
        wait = self._backoff if others else next(self._waits)
        if verdict.about is About.QUOTA and error.reply is not None:
            self._stop(refusal(verdict, error.phase, error.reply, where=self._where))
        elif verdict.stop and (error.phase in (Phase.AUTH, Phase.STARTTLS) or not self._ever_open):
            self._stop(error)
        elif others:
            if error.reply is not None:
                self.crowded = others
                self._troubles.notice(f"the server takes no more than {others} connections now: {error.what}")
        else:
            self._failed_sessions += 1
            patient = self._ever_open or error.reply is not None  # there is a server at least
            most = self._stop_after if patient else min(_FIRST_SESSION_TRIES, self._stop_after)
            if self._failed_sessions >= most:
                self._stop(error)
            elif not self.closed:
                self._troubles.notice(f"{error.what}; next attempt in {wait:.0f} s")
        return wait

    # What is done about it.

    def _judge(self, phase: Phase, reply: Reply, *, served: bool) -> Verdict:
        """What may be one recipient's matter once the server has taken a message is looked at in that light: one that
        any worker of any run of this campaign sent. So it is no stop for a campaign that goes on at an odd recipient.
        """
        verdict = judge(phase, reply, served=served, proven=self._proven)
        if verdict.stop and not self._proven:
            otherwise = judge(phase, reply, served=served, proven=True)
            if otherwise != verdict and self._journal.anybody_sent():
                self._proven = True
                return otherwise
        return verdict

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
            case _ if verdict is RENEW:
                del self._under_way[due.id]
                self._journal.release(due.id)
                if reply is not None and reply.code == 421:
                    self._rows.give_back(due)
                else:  # nobody has closed that connection: the row must not go round on it without a pause
                    self._rows.put_off(due, now + self._backoff)
            case _ if verdict.stop:
                self._unsettle(due, reply, detail, spent=False)
            case _:
                slow = slow and not self._throttled.blames(due.id)
                slow = self._go_again(due, reply, detail, now) and slow
        if slow and self._pace.slow_down(now):
            rate = self._pace.rate or 0.0
            self._troubles.notice(f"the server asks to slow down ({detail}); now {rate:.1f} messages a second")
        if verdict.renew and verdict.suspect:
            if now - self._last_drop >= self._backoff:  # all connections hear it alike: one failure
                self._last_drop = now
                self._suspect(due, detail)
        elif verdict.suspect or (slow and self._endless(now)):
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
