"""Between the rows and the connections: makes parcels, claims them, and has replies judged.

The pool asks and tells (`smtp.courier.Courier`); `delivery` judges; `outcomes` carries the verdict out. A body leaves
only once its claim is durable and while the window is open.
"""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

from campaign.delivery import RETRY, Fate, Verdict, judge, refusal
from campaign.errors import CampaignError, InvalidContactError
from campaign.ledger.journal import Journal
from campaign.ledger.taker import Due
from campaign.model import Parcel, Phase, Reply, Status
from campaign.pace import Pace
from campaign.pipeline.job import Job
from campaign.pipeline.message_size import require_room
from campaign.pipeline.outcomes import Outcomes
from campaign.pipeline.rows import Rows
from campaign.pipeline.sessions import Sessions
from campaign.pipeline.trouble import Troubles
from campaign.pipeline.turns import Turns
from campaign.smtp.connect import Session
from campaign.smtp.session_error import SessionError

_QUICK_TRIES = 3
"""How often a row goes again at once after its connection died before the body left."""


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
        self.draining = False
        """No more parcels are given out; those under way go on."""
        self.recalled = False
        """No body leaves any more, either."""
        self._where = f"smtp.host {job.server.host}"
        self.sessions = Sessions(troubles, stop_after=job.stop_after, backoff=job.backoff, where=self._where)
        self._rows = rows
        self._turns = Turns(rows, pace, journal)
        self._make = make
        self._journal = journal
        self._pace = pace
        self._troubles = troubles
        self._clock = clock
        self._window = job.letter.window
        self._opening_is_set = job.opening_is_set
        self._min_lifetime = job.min_lifetime
        self._outcomes = Outcomes(job, rows=rows, journal=journal, pace=pace, troubles=troubles, clock=clock)
        self._not_durable: dict[int, Parcel] = {}
        """The latest claim of each contact that `cleared` has not named yet. By parcel, since an earlier claim of the
        same contact may still be on its way to the disk when the next is made."""
        self._quick: Counter[int] = Counter()
        self._backoff = job.backoff
        self._last_drop = float("-inf")
        self._proven = False
        """The server has taken a message of this campaign."""

    @property
    def closed(self) -> bool:
        """Whether no more parcels are given out."""
        return self.draining or self._troubles.reason is not None

    @property
    def settled(self) -> Counter[str]:
        """Contacts by the status they were given."""
        return self._outcomes.settled

    @property
    def under_way(self) -> int:
        """How many contacts are claimed and have no outcome yet."""
        return len(self._outcomes.under_way)

    def cleared(self, claims: list[Parcel]) -> None:
        """Hear that these claims are durable."""
        for parcel in claims:
            self._forget_claim(parcel)

    def lost(self, claims: list[Parcel]) -> None:
        """Hear that another worker won these claims: they are no longer ours to send or to settle."""
        for parcel in claims:
            self._outcomes.abandon(parcel.contact)

    def window_over(self) -> None:
        """Give up on the rows that were put off: those that were tried have failed, by their last reply."""
        self._outcomes.give_up_waiting()

    def fetch(self) -> None:
        """Have the next rows here, though none may begin yet."""
        try:
            self._rows.fetch(self._clock())
        except CampaignError as error:
            self._troubles.stop(error)

    # What the pool asks.

    def take(self, session: Session) -> Parcel | None:
        """Give the next contact's parcel, made and claimed."""
        now = self._clock()
        if self.closed or self._pace.wait(now) > 0 or self._too_early():
            return None
        try:
            while (due := self._turns.next(now)) is not None:
                parcel = self._prepare(due, session)
                if parcel is not None:
                    self._turns.begun()
                    return parcel
        except CampaignError as error:
            self._troubles.stop(error)
        return None

    def may_leave(self, parcel: Parcel) -> bool:
        """Say whether the claim is durable and the window open."""
        if parcel.contact in self._not_durable or self.recalled or self._too_early():
            return False
        return self._window.closes is None or not self._window.is_over(datetime.now(UTC))

    def has_aged(self, parcel: Parcel) -> bool:
        """Say whether too little is left of its link's life: this process slept, or the server did."""
        return parcel.link_expires_at - time.time() < self._min_lifetime

    # What the pool tells.

    def answered(self, parcel: Parcel, phase: Phase, reply: Reply, *, served: bool) -> bool:
        """Judge the server's last word on a parcel. Give whether it is its last one in this session, too."""
        self._forget_claim(parcel)
        due = self._outcomes.under_way.get(parcel.contact)
        verdict = self._judge(phase, reply, served=served)
        ends = verdict.renew or verdict.fewer
        if not ends and (reply.code != 421 or phase is Phase.BODY):
            self.sessions.of_use()
        if due is None:
            return ends
        if verdict.fate is Fate.SENT:
            self._proven = True
            self._outcomes.sent(due, reply)
            return False
        self._troubles.judged(due.id, f"at {phase}: {reply.code} {reply.enhanced or ''}" if verdict.suspect else None)
        self._outcomes.carry_out(due, verdict, reply, f"at {phase}: {reply.text}")
        if verdict.fewer:
            self.sessions.fewer(None, reply.text)
        if verdict.stop:
            self._troubles.stop(refusal(verdict, phase, reply, where=self._where))
        return ends

    def untouched(self, parcel: Parcel, why: str) -> None:
        """Let the row go again: at once, but not for ever."""
        self._forget_claim(parcel)
        due = self._outcomes.under_way.get(parcel.contact)
        if due is None:
            return
        if why:
            self._quick[due.id] += 1
            now = self._clock()
            if now - self._last_drop >= self._backoff:  # a server that goes down drops all connections: one failure
                self._last_drop = now
                self._troubles.suspect(due.id, why)
        if self.closed or self._quick[due.id] <= _QUICK_TRIES:
            self._outcomes.give_back(due)
            return
        del self._quick[due.id]
        self._outcomes.carry_out(due, RETRY, None, f"{why}, before the message had left")

    def unknown(self, parcel: Parcel, why: str) -> None:
        """Nobody can know whether the contact got it."""
        self._last_drop = self._clock()  # what was behind it on the connection is no failure of its own
        due = self._outcomes.under_way.get(parcel.contact)
        if due is not None:
            doubt = judge(Phase.BODY, None)
            self._outcomes.carry_out(due, doubt, None, f"{why} after the message had left; no reply came")

    def doubt(self, parcel: Parcel, why: str) -> None:
        """Settle a row as in doubt that waits for another try, if it still does."""
        self._outcomes.doubt(parcel.contact, f"it was put off, and then another reply came: {why}")

    def opened(self, session: Session) -> None:
        """Note that the server takes sessions."""
        self.sessions.opened()

    def not_opened(self, error: SessionError, *, others: int) -> float:
        """Stop where it is our own fault; otherwise make do with fewer, or wait."""
        return self._backoff if self.closed else self.sessions.failed(error, others=others)

    # How it is done.

    def _too_early(self) -> bool:
        """Whether a clock that was set back says that the window is not open yet."""
        return self._opening_is_set and self._window.seconds_until_open(datetime.now(UTC)) > 0

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
            self._outcomes.condemn(due, f"{error.what} ({error.where})" if error.where else error.what)
            return None
        except CampaignError:
            self._rows.give_back(due)
            raise
        if parcel.message.envelope.smtputf8 and not session.smtputf8:
            words = "the address has letters beyond ASCII, which the server can't take (no SMTPUTF8)"
            self._outcomes.condemn(due, words)
            return None
        limit, size = session.size_limit, len(parcel.message.data)
        if limit is not None and size > limit:
            try:  # the templates may be to blame, whatever the row's cells hold
                require_room(lambda it: len(self._make(replace(due, contact=it)).message.data), due.contact, limit)
            except CampaignError:
                self._rows.give_back(due)
                raise
        self._outcomes.under_way[due.id] = due
        self._not_durable[due.id] = parcel
        self._journal.claim(parcel)
        if limit is not None and size > limit:
            words = f"the message has {size:,} bytes, the server takes {limit:,}"
            self._outcomes.settle(due, Status.REJECTED, Reply(code=552, enhanced="5.3.4", text=words))
            return None
        return parcel

    def _forget_claim(self, parcel: Parcel) -> None:
        if self._not_durable.get(parcel.contact) is parcel:
            del self._not_durable[parcel.contact]
