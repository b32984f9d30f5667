"""The loop of one process: rows in, mail out, outcomes on record.

A row is taken, its message made, claimed in the journal; its envelope may go meanwhile, its body only once the claim
is durable. Replies are judged by `delivery`. A row put off waits in a heap and holds no connection. The loop ends when
the rows do, or the window, or when it is told to drain, or when the fault is our own; then what is in flight is
finished first.
"""

import heapq
import itertools
import time
from collections import Counter, defaultdict, deque
from collections.abc import Callable
from datetime import UTC, datetime

from campaign.delivery import RETRY, Fate, Schedule, Verdict, judge, reconnect_waits
from campaign.errors import CampaignError, InvalidContactError, LedgerError
from campaign.ledger.journal import Journal, revert
from campaign.ledger.roster import Due, Taker
from campaign.model import Outcome, Parcel, Phase, Reply, Status
from campaign.pace import Pace
from campaign.pipeline.assembly import Assembly, this_second
from campaign.pipeline.job import Job, Report, Trouble
from campaign.smtp.connect import Session, SessionError, connect
from campaign.smtp.pool import Pool

_BLOCK = 128
"""Rows taken from the ledger at a time."""
_QUICK_TRIES = 3
"""How often a row goes again at once after its connection died before the body left."""
_FIRST_CONTACT_TRIES = 5
"""Failed attempts to get a first session before the run gives up."""
_REPORT_EVERY = 0.25
_REST_AFTER = 10.0
"""Seconds of nothing to do after which connections are let go."""
_LEDGER_PATIENCE = 15.0
"""Seconds for which outcomes that can't be written (a full disk) are tried again before the run ends without them."""


class Worker:
    """One process's share of a run. `report` is called now and then, and a last time at the end of `run`."""

    def __init__(
        self, job: Job, report: Callable[[Report], None], *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._job = job
        self._report = report
        self._clock = clock
        self._now = this_second()
        self._assembly = Assembly(job.letter)
        self._window = job.letter.window
        self._schedule = Schedule(tries=job.tries, first_wait=job.first_wait, longest_wait=job.longest_wait)
        self._pace = Pace(job.rate, now=clock())
        self._taker = Taker(job.ledger)
        self.pool = Pool(
            connect=lambda: connect(job.server),
            courier=self,
            limit=job.connections,
            timeout=job.server.timeout,
            messages_per_connection=job.messages_per_connection,
            seconds_per_connection=job.seconds_per_connection,
            clock=clock,
        )
        self._journal = Journal(job.ledger, wake=self.pool.waker.wake)
        self._fresh: deque[Due] = deque()
        self._deferred: list[tuple[float, int, Due]] = []
        self._order = itertools.count()
        self._exhausted = False
        self._under_way: dict[int, Due] = {}
        self._durable: set[int] = set()
        self._quick: Counter[int] = Counter()
        self._streak: list[int] = []
        self._waits = reconnect_waits()
        self._failed_sessions = 0
        self._ever_open = False
        self._draining = False
        self._recalled = False
        self._trouble: Trouble | None = None
        self._ledger_failing_since: float | None = None
        self._settled: Counter[str] = Counter()
        self._notices: list[str] = []
        self._profile: defaultdict[str, float] = defaultdict(float)
        self._cpu_before = 0.0
        self._next_report = 0.0
        self._widen_at = float("inf")

    def drain(self) -> None:
        """Begin no more messages; finish what is in flight. May be called from a signal handler."""
        self._draining = True
        self.pool.waker.wake()

    def run(self) -> None:
        """Work until there is nothing left to do, or reason to stop."""
        self._cpu_before = time.process_time()
        try:
            while not self._finished():
                self._turn()
        finally:
            self.pool.close()
            try:
                self._journal.close()
                if self._trouble is not None and self._streak:
                    revert(self._job.ledger, self._streak)
            except LedgerError as error:
                self._stop(error)
            self._taker.close()
            self._tell(last=True)

    # -- the loop ------------------------------------------------------------------------------------------------

    def _turn(self) -> None:
        now = self._clock()
        self._mind_the_clock(now)
        self._keep_connections(now)
        happened = self.pool.step(self._patience(now))
        self._keep_journal(happened)
        if now >= self._next_report:
            self._next_report = now + _REPORT_EVERY
            self._tell()

    def _finished(self) -> bool:
        if self.pool.busy:
            return False
        if self._journal.queued or self._journal.syncing:
            since = self._ledger_failing_since
            return since is not None and self._clock() - since > _LEDGER_PATIENCE
        return self._draining or (self._exhausted and not self._fresh and not self._deferred)

    def _patience(self, now: float) -> float:
        """How long nothing needs doing."""
        if self._journal.queued and not self._journal.syncing:
            return 0.0 if self._ledger_failing_since is None else 0.5
        patience = max(0.0, self._next_report - now)
        if not self._draining:
            if self._deferred and not self._fresh:
                patience = min(patience, max(0.0, self._deferred[0][0] - now))
            if self._pace.rate is not None:
                patience = min(patience, max(0.001, self._pace.wait(now)))
        return patience

    def _mind_the_clock(self, now: float) -> None:
        if self._window.closes is not None and not self._recalled and self._window.is_over(_wall()):
            self._draining = self._recalled = True
            self.pool.recall()
            self._settle_deferred()
        if now >= self._widen_at:
            self.pool.limit = min(self._job.connections, self.pool.limit + 1)
            self._widen_at = now + 30 if self.pool.limit < self._job.connections else float("inf")

    def _keep_connections(self, now: float) -> None:
        if self._draining:
            return
        due = len(self._fresh) + (1 if self._deferred and self._deferred[0][0] <= now else 0)
        if not self._exhausted and not self._fresh:
            due += _BLOCK
        if due:
            if self.pool.connections < self.pool.limit:
                self.pool.open(self.pool.occupied + due)
            if self.pool.idle and self._pace.wait(now) <= 0:
                self.pool.feed()
        elif self._deferred and self.pool.idle and self._deferred[0][0] - now > _REST_AFTER:
            self.pool.rest()

    def _keep_journal(self, happened: int) -> None:
        """Collect the round that has become durable; begin the next when there is nothing else to do, or enough."""
        journal = self._journal
        try:
            durable = journal.collect()
            if durable:
                self._durable.update([parcel.contact for parcel in durable])
                self.pool.release()
            if journal.queued and not journal.syncing and (not happened or journal.queued >= self._group()):
                start = time.perf_counter()
                lost = journal.commit()
                self._profile["ledger"] += time.perf_counter() - start
                self._ledger_failing_since = None
                if lost:
                    self._forget(lost)
        except LedgerError as error:
            if self._ledger_failing_since is None:
                self._ledger_failing_since = self._clock()
            self._stop(error)
            self.pool.recall()

    def _group(self) -> int:
        """How many claims and outcomes make a round worth its fsync."""
        return max(8, 2 * self.pool.connections)

    def _forget(self, lost: list[Parcel]) -> None:
        """Another worker won these claims: whatever we were about to send must not go."""
        for parcel in lost:
            self._under_way.pop(parcel.contact, None)
        self.pool.recall()

    # -- what the pool asks and tells (smtp.pool.Courier) ----------------------------------------------------------

    def take(self, session: Session) -> Parcel | None:
        """Give the next contact's parcel, made and claimed."""
        now = self._clock()
        if self._draining or self._pace.wait(now) > 0:
            return None
        while (due := self._next_due(now)) is not None:
            try:
                parcel = self._make(due)
            except InvalidContactError as error:
                self._condemn(due, f"{error.what} ({error.where})" if error.where else error.what)
                continue
            except CampaignError as error:
                self._fresh.appendleft(due)
                self._stop(error)
                return None
            if parcel.message.envelope.smtputf8 and not session.smtputf8:
                self._condemn(due, "the address has letters beyond ASCII, which the server can't take (no SMTPUTF8)")
                continue
            self._under_way[due.id] = due
            self._journal.claim(parcel)
            limit = session.size_limit
            if limit is not None and len(parcel.message.data) > limit:
                size = f"the message has {len(parcel.message.data):,} bytes, the server takes {limit:,}"
                self._settle(due, Status.REJECTED, Reply(code=552, enhanced="5.3.4", text=size))
                continue
            self._pace.take(now)
            return parcel
        return None

    def may_leave(self, parcel: Parcel) -> bool:
        """Say whether the claim is durable and the window open."""
        if parcel.contact not in self._durable or self._recalled:
            return False
        if self._window.closes is not None and self._window.is_over(_wall()):
            return False
        self._durable.discard(parcel.contact)
        return True

    def answered(self, parcel: Parcel, phase: Phase, reply: Reply) -> None:
        """Judge the server's last word on a parcel."""
        verdict = judge(phase, reply)
        self._durable.discard(parcel.contact)
        if verdict.fate is Fate.SENT:
            self._streak.clear()
            self._settle(self._under_way[parcel.contact], Status.SENT, reply)
            return
        self._carry_out(self._under_way[parcel.contact], verdict, reply, f"at {phase}: {reply.text}")
        if verdict.stop:
            self._stop(CampaignError(*_our_fault(phase, reply)))

    def untouched(self, parcel: Parcel, why: str) -> None:
        """Let the row go again: at once, but not for ever."""
        self._durable.discard(parcel.contact)
        due = self._under_way.get(parcel.contact)
        if due is None:
            return
        if why:
            self._quick[due.id] += 1
            self._suspect(due, why)
        if self._draining or self._quick[due.id] <= _QUICK_TRIES:
            del self._under_way[due.id]
            self._journal.release(due.id)
            self._fresh.appendleft(due)
            return
        del self._quick[due.id]
        self._carry_out(due, RETRY, None, f"{why}, before the message had left")

    def unknown(self, parcel: Parcel, why: str) -> None:
        """Nobody can know whether the contact got it."""
        words = f"{why} after the message had left; no reply came"
        self._carry_out(self._under_way[parcel.contact], judge(Phase.BODY, None), None, words)

    def opened(self, session: Session) -> None:
        """Note that the server takes sessions."""
        self._ever_open = True
        self._failed_sessions = 0
        self._waits = reconnect_waits()

    def not_opened(self, error: SessionError) -> float:
        """Stop where it is our own fault; otherwise make do with fewer, or wait."""
        verdict = judge(error.phase, error.reply)
        ours = error.phase in (Phase.AUTH, Phase.STARTTLS) or not self._ever_open
        if verdict.stop and ours:
            self._stop(error)
        elif self.pool.connections:
            if verdict.slow and error.reply is not None:
                self._give_way(self.pool.connections, error.what)
        else:
            self._failed_sessions += 1
            most = self._job.stop_after if self._ever_open else min(_FIRST_CONTACT_TRIES, self._job.stop_after)
            if self._failed_sessions >= most:
                self._stop(error)
        wait = next(self._waits)
        if not self._draining and not self.pool.connections:
            self._notice(f"{error.what}; next attempt in {wait:.0f} s")
        return wait

    # -- rows ------------------------------------------------------------------------------------------------------

    def _next_due(self, now: float) -> Due | None:
        if self._deferred and self._deferred[0][0] <= now:
            due = heapq.heappop(self._deferred)[2]
            if not self._journal.holds(due.id):
                return due
            self._defer(due, 0.1)
        if not self._fresh and not self._exhausted:
            start = time.perf_counter()
            try:
                self._fresh.extend(self._taker.take(_BLOCK))
            except LedgerError as error:
                self._stop(error)
                return None
            self._profile["read"] += time.perf_counter() - start
            self._exhausted = not self._fresh
        return self._fresh.popleft() if self._fresh else None

    def _make(self, due: Due) -> Parcel:
        now = self._now()
        if self._job.profile:
            link, _, message = self._assembly.assemble_timed(due.contact, now, self._spent)
        else:
            link, _, message = self._assembly.assemble(due.contact, now)
        return Parcel(
            contact=due.id,
            message=message,
            link_expires_at=int(link.expires_at.timestamp()),
            link_fingerprint=link.fingerprint,
            tries=due.tries,
        )

    def _carry_out(self, due: Due, verdict: Verdict, reply: Reply | None, detail: str) -> None:
        """Do to a claimed row what the verdict says."""
        match verdict.fate:
            case Fate.REJECTED:
                self._settle(due, Status.REJECTED, reply, detail)
            case Fate.IN_DOUBT:
                self._settle(due, Status.IN_DOUBT, reply, detail)
            case Fate.RETRY:
                self._put_off(due, reply, detail)
            case _:
                self._under_way.pop(due.id, None)
                self._journal.settle(
                    Outcome(contact=due.id, status=Status.PENDING, reply=reply, detail=detail, spent=False)
                )
                if not verdict.stop:
                    self._defer(due, 1.0)
        if verdict.slow:
            self._slow_down(detail)
        if verdict.suspect:
            self._suspect(due, detail)

    def _put_off(self, due: Due, reply: Reply | None, detail: str) -> None:
        later = Due(id=due.id, contact=due.contact, tries=due.tries + 1)
        wait = self._schedule.wait_after(later.tries, self._window.seconds_left(_wall()))
        if wait is None:
            self._settle(due, Status.FAILED, reply, detail)
            return
        self._under_way.pop(due.id, None)
        self._journal.settle(Outcome(contact=due.id, status=Status.PENDING, reply=reply, detail=detail))
        self._defer(later, wait)

    def _settle(self, due: Due, status: Status, reply: Reply | None, detail: str = "") -> None:
        self._under_way.pop(due.id, None)
        self._settled[status] += 1
        self._journal.settle(Outcome(contact=due.id, status=status, reply=reply, detail=detail))

    def _condemn(self, due: Due, why: str) -> None:
        self._settled[Status.INVALID] += 1
        self._journal.condemn(due.id, why)

    def _defer(self, due: Due, wait: float) -> None:
        heapq.heappush(self._deferred, (self._clock() + wait, next(self._order), due))

    def _settle_deferred(self) -> None:
        """The window is over: what has been tried has failed, by its last reply; the rest stays pending."""
        for _, _, due in self._deferred:
            if due.tries:
                self._settled[Status.FAILED] += 1
                self._journal.give_up(due.id)
        self._deferred.clear()

    # -- trouble -----------------------------------------------------------------------------------------------------

    def _suspect(self, due: Due, detail: str) -> None:
        self._streak.append(due.id)
        if len(self._streak) >= self._job.stop_after and self._trouble is None:
            self._stop(
                CampaignError(
                    f"{len(self._streak)} failures in a row that look like our own or the server's; the last: {detail}",
                    where=f"smtp.host {self._job.server.host}",
                    fix="mend it and run the same command again; retry.stop_after sets how many are too many",
                )
            )

    def _slow_down(self, detail: str) -> None:
        if self._pace.slow_down(self._clock()):
            self._notice(f"the server asks to slow down ({detail}); now {self._pace.rate:.1f} messages a second")
            self._give_way(self.pool.limit - 1, "")

    def _give_way(self, connections: int, why: str) -> None:
        self.pool.limit = max(1, connections)
        self.pool.shrink()
        self._widen_at = self._clock() + 30
        if why:
            self._notice(f"the server takes no more than {self.pool.limit} connections now: {why}")

    def _stop(self, error: CampaignError) -> None:
        """Our own fault, or nobody's to mend from here: finish what is in flight and end."""
        if self._trouble is None:
            self._trouble = Trouble(what=error.what, where=error.where, fix=error.fix)
        self._draining = True

    def _notice(self, words: str) -> None:
        if words not in self._notices[-3:]:
            self._notices.append(words)

    def _spent(self, stage: str, seconds: float) -> None:
        self._profile[stage] += seconds

    def _tell(self, *, last: bool = False) -> None:
        notices, self._notices = tuple(self._notices), []
        profile = dict(self._profile) if self._job.profile else {}
        if profile:  # the rest of this process's work: SMTP, and the loop itself
            profile["send"] = max(0.0, time.process_time() - self._cpu_before - sum(profile.values()))
        self._report(
            Report(
                settled=dict(self._settled),
                deferred=len(self._deferred),
                connections=self.pool.connections,
                rate=self._pace.rate,
                notices=notices,
                trouble=self._trouble,
                profile=profile,
                last=last,
            )
        )


def _our_fault(phase: Phase, reply: Reply) -> tuple[str]:
    return (f"the server refuses our mail at {phase}: {reply.code} {reply.text}",)


def _wall() -> datetime:
    return datetime.now(UTC)
