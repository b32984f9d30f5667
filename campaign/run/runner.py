"""A whole run: contacts file → ledger → workers → results.

    open what is needed ─▶ enrol ─▶ wait for the window ─▶ work ─▶ results

Raises UsageError before the first message, for what should have been otherwise; from then on it raises nothing that
it can help: it stops, writes the results, and says why in its `RunSummary`.
"""

import time
from datetime import UTC, datetime

from campaign.contacts import ContactsFile, with_digest
from campaign.errors import StoppedError, UsageError
from campaign.ledger.interface import RunLedger
from campaign.ledger.opening import open_for_run
from campaign.message import MessageIds
from campaign.run.broadcast import Broadcast
from campaign.run.continuation import goes_on_with, tell_of_earlier_runs, tell_who_is_left_alone
from campaign.run.corrections import apply_corrections
from campaign.run.enrolment import BackgroundEnrolment, Enrolment, is_broken_off, is_enrolled, remember
from campaign.run.finish import finish
from campaign.run.loading_notes import what_lists_held
from campaign.run.plan import RunPlan, open_window
from campaign.run.preconditions import (
    guard_what_an_earlier_run_left,
    long_lives,
    odd_about,
    open_contacts_of,
    processes_for,
    require_sound_templates,
)
from campaign.run.progress import RunObserver
from campaign.run.sending import Sending
from campaign.run.shutdown import ShutdownSignals
from campaign.run.state import RunState
from campaign.run.summary import RunSummary
from campaign.run.worker_pool import WorkerPool
from campaign.schedule import Schedule
from campaign.worker.message_factory import MessageFactory

_BYTES_PER_ROW = 60


def run(plan: RunPlan, observer: RunObserver) -> RunSummary:
    """Send what is to be sent, and write down what became of it. Raises UsageError; StoppedError once it has begun."""
    signals = ShutdownSignals(plan.stop, own_process=plan.own_process)
    with signals.listening():  # from the first: workers are forked with it, and outlive a signal to the whole group
        return _run(plan, observer, signals)


def _run(plan: RunPlan, observer: RunObserver, signals: ShutdownSignals) -> RunSummary:
    settings = plan.settings
    earlier = plan.ledger if plan.begin_afresh is None else None
    contacts = open_contacts_of(settings.contacts, allow_empty=plan.allow_empty, ledger=earlier)
    factory = MessageFactory(plan.message_plan(open_window()))  # templates and secret are sound, or it ends here
    guard_what_an_earlier_run_left(plan)
    if not contacts.is_empty:  # it may not even have a header to hold the templates against
        require_sound_templates(factory, plan, contacts.columns)
    for words in odd_about(contacts, servers=len(settings.servers) > 1):
        observer.notice(words)
    if plan.begin_afresh is not None:
        plan.begin_afresh()
    processes = processes_for(plan, contacts.size_bytes // _BYTES_PER_ROW)
    workers = WorkerPool(processes, may_fork=plan.own_process)
    try:
        with open_for_run(plan.ledger, settings.name) as ledger:
            started = _Run(plan, observer, signals, ledger, factory)
            try:
                return started.finish(started.go(contacts, workers))
            except UsageError as error:
                if started.began:  # no longer "nothing was sent"
                    raise StoppedError(error.what, where=error.where, fix=error.fix, reason=error.reason) from None
                raise
    finally:
        workers.dismiss()


class _Run:
    """What the steps of one run share."""

    def __init__(
        self,
        plan: RunPlan,
        observer: RunObserver,
        signals: ShutdownSignals,
        ledger: RunLedger,
        factory: MessageFactory,
    ) -> None:
        self._plan = plan
        self._observer = observer
        self._signals = signals
        self._ledger = ledger
        self._templates = factory.digest()
        self._attached = None if factory.attachments is None else factory.attachments.for_all
        settings = plan.settings
        self._message_id_domain = ledger.keep_message_id_domain(settings.message.sender_domain)
        self._message_id_secret = ledger.reader.message_id_secret()
        self._contact_key_salt = ledger.keep_contact_key_salt()
        self._message_id = MessageIds(settings.name, self._message_id_domain, self._message_id_secret)
        self._state = RunState()
        self._broadcast = Broadcast(ledger, plan.watchers, servers=plan.known_servers)

    @property
    def began(self) -> bool:
        """Whether messages may have been sent."""
        return self._state.began

    def go(self, contacts: ContactsFile, workers: WorkerPool) -> Schedule:
        """Do all of it but the results. Gives the window it went by."""
        plan, ledger = self._plan, self._ledger
        self._recover()
        ledger.settle_run()  # of a run that was cut off
        window = plan.window(_now(), self._first_opened())
        suppress = plan.settings.contacts.suppress
        contacts = with_digest(contacts)
        remember(ledger, contacts)  # before it is read: whoever kills this run need not wait for it again
        if not is_enrolled(ledger, contacts, suppress):
            reading = Enrolment(ledger, contacts, suppress, self._heard_rows, plan.reader, strict=self._plan.strict)
            in_haste = workers.apart and plan.resend is None and not self._observer.asks and window.is_open(_now())
            in_haste = in_haste and not plan.spread  # an even pace begins with the number of rows
            begun = in_haste and is_broken_off(ledger, contacts, suppress)
            if begun:
                self._say_who_is_suppressed()  # the lists have been read
                begun = goes_on_with(ledger, self._templates, now=_now())
            if begun or (in_haste and not ledger.has_contacts()):
                # Whatever is wrong with the file as a whole is known by now: nobody need wait for its last row.
                self._say_how_long_links_live(window)
                self._observer.confirm(None, window)
                self._send(window, workers, BackgroundEnrolment(reading))
                return window
            reading.read()
        elif plan.reader is not None:
            plan.reader.dismiss()
        self._say_who_is_suppressed()
        again = plan.resend.statuses if plan.resend is not None else ()
        chosen_only = plan.resend is not None and plan.resend.source is not None and not window.is_over(_now())
        if chosen_only:
            self._correct()
        tell_who_is_left_alone(ledger, again, chosen_only=chosen_only, observer=self._observer)
        self._state.total = ledger.count_due(again, limit=plan.limit, chosen_only=chosen_only)
        if not chosen_only and not window.is_over(_now()):
            tell_of_earlier_runs(plan, ledger, self._templates, observer=self._observer, total=self._state.total)
        if self._may_begin(window):
            window = plan.window(_now(), self._first_opened())  # a fresh one opens now, not when it was asked about
            ledger.reopen(again, chosen_only=chosen_only)  # not before: a run that does not begin changes nothing
            self._send(window, workers, chosen_only=chosen_only)
        return window

    def _send(
        self,
        window: Schedule,
        workers: WorkerPool,
        background: BackgroundEnrolment | None = None,
        *,
        chosen_only: bool = False,
    ) -> None:
        """Let the workers send, while the contacts file is read if it has not been yet."""
        plan, ledger = self._plan, self._ledger
        ledger.prepare(
            limit=plan.limit,
            chosen_only=chosen_only,
            reading=background is not None,
            zone_column=plan.settings.contacts.timezone_column or "",
            limited_domains=plan.settings.limits,
        )
        if plan.daily_limit:
            ledger.count_earlier_days(window.zone)
        opened = window.opens if plan.settings.window.opens is None and plan.limit is None else None
        ledger.announce_run(opened=opened, templates=self._templates)
        state, observer, signals = self._state, self._observer, self._signals
        sending = Sending(
            ledger,
            workers,
            background,
            state=state,
            observer=observer,
            signals=signals,
            broadcast=self._broadcast,
        )
        beyond = ledger.count_due() - state.total if plan.spread else None
        secrets = self._message_id_secret, self._contact_key_salt
        job = plan.job(window, self._message_id_domain, *secrets, self._attached, rows_beyond=beyond)
        sending.go(job, columns_known=self._say_who_is_suppressed)
        self._recover()
        sending.end(where=", ".join(orders.server.place for orders in job.servers))

    def finish(self, window: Schedule) -> RunSummary:
        """Write the results, and sum up."""
        self._state.stopped = self._signals.asked
        return finish(self._plan, self._ledger, self._state, self._observer, window, self._message_id)

    def _say_who_is_suppressed(self) -> None:
        for words in what_lists_held(self._ledger, strict=self._plan.strict):
            self._observer.notice(words)

    def _say_how_long_links_live(self, window: Schedule) -> None:
        if not self._plan.sandbox and (words := long_lives(window, _now(), self._plan.settings.link.grace)):
            self._observer.notice(words)

    def _correct(self) -> None:
        """Lay the operator's corrections over the contacts."""
        resend = self._plan.resend
        assert resend is not None
        assert resend.source is not None
        given = self._plan.settings.contacts
        for words in apply_corrections(self._ledger, resend.source, settings=given, message_id=self._message_id):
            self._observer.notice(words)

    def _recover(self) -> int:
        """Call claims without an outcome what they are. Nobody sends now, so none can still be under way."""
        doubtful = self._ledger.recover()
        if doubtful:
            what = "a message may have" if doubtful == 1 else f"{doubtful:,} messages may have"
            self._observer.notice(f"{what} left when a run was cut off, and no reply is on record: in_doubt")
        return doubtful

    def _may_begin(self, window: Schedule) -> bool:
        if not self._state.total or self._signals.asked or window.is_over(_now()):
            return False
        self._say_how_long_links_live(window)
        if not self._observer.confirm(self._state.total, window):
            self._state.declined = True
            return False
        while (seconds := window.seconds_until_open(_now())) > 0:
            self._observer.waiting(window, seconds)
            if not self._plan.wait or self._signals.asked:
                return False
            until = time.time() + seconds
            self._broadcast.waiting(window, words="the window opens", until=until, total=self._state.total)
            self._ledger.checkpoint()
            time.sleep(min(seconds, 0.5))
        return not self._signals.asked

    def _first_opened(self) -> datetime | None:
        return self._ledger.reader.opened()

    def _heard_rows(self, rows: int) -> None:
        self._state.total = rows if self._plan.limit is None else min(rows, self._plan.limit)
        if not self.began:
            self._ledger.checkpoint()
            if self._signals.asked and not self._state.stop_told:
                self._state.stop_told = True
                self._observer.notice("stopping: the contacts file is read to its end first; nobody is mailed")
            self._observer.reading(rows)


def _now() -> datetime:
    return datetime.now(UTC)
