"""A whole run: contacts file → ledger → workers → results.

    open what is needed ─▶ enrol ─▶ wait for the window ─▶ work ─▶ results

Raises UsageError before the first message, for what should have been otherwise; from then on it raises nothing that
it can help: it stops, writes the results, and says why in its `RunSummary`.
"""

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from campaign.contacts import ContactsFile, with_digest
from campaign.errors import StoppedError, UsageError
from campaign.ledger.interface import RunLedger, RunOnRecord, SharedRun
from campaign.ledger.opening import open_for_run
from campaign.ledger_place import DatabasePlace
from campaign.run.broadcast import Broadcast
from campaign.run.continuation import goes_on_with, recover, tell_of_earlier_runs, tell_who_is_left_alone
from campaign.run.corrections import apply_corrections
from campaign.run.enrolment import BackgroundEnrolment, Enrolment, is_broken_off, is_enrolled, remember
from campaign.run.finish import finish
from campaign.run.loading_notes import what_lists_held
from campaign.run.mailing import Mailing
from campaign.run.placing import placed_workers
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
from campaign.run.shutdown import ShutdownSignals
from campaign.run.state import RunState
from campaign.run.summary import RunSummary
from campaign.run.window_wait import wait_until_open
from campaign.run.worker_pool import WorkerPool
from campaign.schedule import Schedule
from campaign.worker.message_factory import MessageFactory

if TYPE_CHECKING:
    from campaign.cluster import ClusterWorkers

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
    shared = isinstance(plan.ledger, DatabasePlace)  # this process waits for it; a worker's messages must not
    workers = WorkerPool(processes, may_fork=plan.own_process, here=not shared)
    try:
        with (
            placed_workers(plan.cluster, plan.ledger, settings.name) as placed,
            open_for_run(plan.ledger, settings.name) as ledger,
        ):
            started = _Run(plan, observer, signals, ledger, factory, workers, placed)
            try:
                return started.finish(started.go(contacts, in_haste=workers.apart))
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
        workers: WorkerPool,
        placed: "ClusterWorkers | None",
    ) -> None:
        self._plan = plan
        self._observer = observer
        self._signals = signals
        self._ledger = ledger
        self._factory = factory
        self._state = RunState()
        self._broadcast = Broadcast(ledger, plan.watchers, servers=plan.known_servers)
        self._mailing = Mailing(
            plan,
            ledger,
            factory,
            workers,
            state=self._state,
            observer=observer,
            signals=signals,
            broadcast=self._broadcast,
            columns_known=self._say_who_is_suppressed,
            placed=placed,
        )

    @property
    def began(self) -> bool:
        """Whether messages may have been sent."""
        return self._state.began

    def go(self, contacts: ContactsFile, *, in_haste: bool) -> Schedule:
        """Do all of it but the results. Gives the window it went by. `in_haste`: mail may go while this one reads."""
        plan, ledger = self._plan, self._ledger
        if ledger.shared is not None and ledger.shared.adopted is not None:
            return self._take_over(ledger.shared, ledger.shared.adopted, contacts)
        recover(ledger, self._observer)
        ledger.settle_run()  # of a run that was cut off
        window = plan.window(_now(), self._first_opened())
        suppress = plan.settings.contacts.suppress
        contacts = with_digest(contacts)
        remember(ledger, contacts)  # before it is read: whoever kills this run need not wait for it again
        if not is_enrolled(ledger, contacts, suppress):
            reading = self._reading(contacts)
            in_haste = in_haste and plan.resend is None and not self._observer.asks and window.is_open(_now())
            in_haste = in_haste and not plan.spread  # an even pace begins with the number of rows
            begun = in_haste and is_broken_off(ledger, contacts, suppress)
            if begun:
                self._say_who_is_suppressed()  # the lists have been read
                begun = goes_on_with(ledger, self._factory.digest(), now=_now())
            if begun or (in_haste and not ledger.has_contacts()):
                # Whatever is wrong with the file as a whole is known by now: nobody need wait for its last row.
                self._say_how_long_links_live(window)
                self._observer.confirm(None, window)
                self._mailing.begin(window, BackgroundEnrolment(reading))
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
            tell_of_earlier_runs(plan, ledger, self._factory.digest(), observer=self._observer, total=self._state.total)
        if self._may_begin(window):
            window = plan.window(_now(), self._first_opened())  # a fresh one opens now, not when it was asked about
            ledger.reopen(again, chosen_only=chosen_only)  # not before: a run that does not begin changes nothing
            self._mailing.begin(window, chosen_only=chosen_only)
        return window

    def _take_over(self, shared: SharedRun, run: RunOnRecord, contacts: ContactsFile) -> Schedule:
        """Go on with a run whose owner is gone and whose workers are at work: nothing of it begins anew."""
        from campaign.run import joining, takeover  # here: where nobody shares the ledger, it costs nothing

        plan, suppress = self._plan, self._plan.settings.contacts.suppress
        window, contacts, background = joining.window_of(shared, run.bundle), with_digest(contacts), None
        if not is_enrolled(self._ledger, contacts, suppress):
            if not is_broken_off(self._ledger, contacts, suppress):
                raise takeover.still_worked_on(run, "the contacts have changed since", where=plan.ledger)
            background = BackgroundEnrolment(self._reading(contacts))
        elif plan.reader is not None:
            plan.reader.dismiss()
        takeover.require_the_same(shared, run, plan, self._mailing.job(window), self._factory)
        self._observer.notice(takeover.taken_over(run))
        self._state.total = shared.count_due()
        self._mailing.go_on(window, background)
        return window

    def _reading(self, contacts: ContactsFile) -> Enrolment:
        plan, suppress = self._plan, self._plan.settings.contacts.suppress
        return Enrolment(self._ledger, contacts, suppress, self._heard_rows, plan.reader, strict=plan.strict)

    def finish(self, window: Schedule) -> RunSummary:
        """Write the results, and sum up."""
        self._state.stopped = self._signals.asked
        return finish(self._plan, self._ledger, self._state, self._observer, window, self._mailing.message_id)

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
        for words in apply_corrections(
            self._ledger, resend.source, settings=given, message_id=self._mailing.message_id
        ):
            self._observer.notice(words)

    def _may_begin(self, window: Schedule) -> bool:
        if not self._state.total or self._signals.asked or window.is_over(_now()):
            return False
        self._say_how_long_links_live(window)
        if not self._observer.confirm(self._state.total, window):
            self._state.declined = True
            return False
        return wait_until_open(
            window,
            self._state.total,
            wait=self._plan.wait,
            signals=self._signals,
            observer=self._observer,
            broadcast=self._broadcast,
            meanwhile=self._ledger.checkpoint,
        )

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
