"""A whole run: contacts file → ledger → workers → results.

    open what is needed ─▶ enrol ─▶ wait for the window ─▶ work ─▶ results

Raises UsageError before the first message, for what should have been otherwise; from then on it raises nothing that
it can help: it stops, writes the results, and says why in its `RunSummary`.
"""

import time
from collections.abc import Sequence
from datetime import UTC, datetime

from campaign.contacts import ContactsFile, with_digest
from campaign.errors import StoppedError, UsageError
from campaign.ledger import history, summary
from campaign.ledger.due_rows import count_due, prepare_run
from campaign.ledger.faults import SQLITE_ERRORS, explain
from campaign.ledger.store import Ledger
from campaign.message import MessageIds
from campaign.run.continuation import goes_on_with, tell_of_earlier_runs
from campaign.run.corrections import apply_corrections
from campaign.run.enrolment import BackgroundEnrolment, Enrolment, is_broken_off, is_enrolled, remember
from campaign.run.finish import RunState, conclude, trouble_with, unread
from campaign.run.loading_notes import what_lists_held
from campaign.run.nobody_accepted import nobody_accepted
from campaign.run.plan import RunPlan, open_window
from campaign.run.preconditions import (
    guard_what_an_earlier_run_left,
    long_lives,
    odd_about,
    open_contacts_of,
    processes_for,
    require_sound_templates,
)
from campaign.run.progress import RunObserver, RunSummary, in_words, progress_of
from campaign.run.worker_pool import ShutdownSignals, WorkerPool
from campaign.window import SendWindow
from campaign.worker.job import WorkerReport
from campaign.worker.message_factory import MessageFactory

_BYTES_PER_ROW = 60


def run(plan: RunPlan, observer: RunObserver) -> RunSummary:
    """Send what is to be sent, and write down what became of it. Raises UsageError; StoppedError once it has begun."""
    signals = ShutdownSignals()
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
    for words in odd_about(contacts):
        observer.notice(words)
    if plan.begin_afresh is not None:
        plan.begin_afresh()
    workers = WorkerPool(processes_for(plan, contacts.size_bytes // _BYTES_PER_ROW))
    try:
        with Ledger.open(plan.ledger, settings.name) as ledger:
            doing = _Run(plan, observer, signals, ledger, factory.digest())
            try:
                return doing.conclude(doing.go(contacts, workers))
            except UsageError as error:
                if doing.began:  # no longer "nothing was sent"
                    raise StoppedError(error.what, where=error.where, fix=error.fix, reason=error.reason) from None
                raise
    except SQLITE_ERRORS as error:
        raise explain(error, plan.ledger) from None
    finally:
        workers.dismiss()


class _Run:
    """What the steps of one run share."""

    def __init__(
        self, plan: RunPlan, observer: RunObserver, signals: ShutdownSignals, ledger: Ledger, templates: str
    ) -> None:
        self._plan = plan
        self._observer = observer
        self._signals = signals
        self._ledger = ledger
        self._templates = templates
        settings = plan.settings
        self._message_id_domain = ledger.settled_fact("message_id_domain", settings.message.sender_domain)
        self._message_id = MessageIds(settings.name, self._message_id_domain)
        self._total = 0
        self._stop_told = False
        self._state = RunState()

    @property
    def began(self) -> bool:
        """Whether messages may have been sent."""
        return self._state.began

    def go(self, contacts: ContactsFile, workers: WorkerPool) -> SendWindow:
        """Do all of it but the results. Gives the window it went by."""
        plan, ledger = self._plan, self._ledger
        self._recover()
        history.settle(ledger.database)  # of a run that was cut off
        window = plan.window(_now(), self._first_opened())
        suppress = plan.settings.contacts.suppress
        contacts = with_digest(contacts)
        if not is_enrolled(ledger, contacts, suppress):
            reading = Enrolment(ledger, contacts, suppress, self._heard_rows, plan.reader, strict=self._plan.strict)
            in_haste = workers.apart and plan.resend is None and not self._observer.asks and window.is_open(_now())
            begun = in_haste and is_broken_off(ledger, contacts, suppress)
            if begun:
                self._say_who_is_suppressed()  # the lists have been read
                begun = goes_on_with(ledger.database, self._templates, now=_now())
            if begun or (in_haste and not ledger.has_roster()):
                # Whatever is wrong with the file as a whole is known by now: nobody need wait for its last row.
                self._say_how_long_links_live(window)
                self._observer.confirm(None, window)
                self._work(window, workers, BackgroundEnrolment(reading))
                return window
            reading.read()
        else:
            remember(ledger, contacts)
            if plan.reader is not None:
                plan.reader.dismiss()
        self._say_who_is_suppressed()
        again = plan.resend.statuses if plan.resend is not None else ()
        chosen_only = plan.resend is not None and plan.resend.source is not None and not window.is_over(_now())
        if chosen_only:
            self._amend()
        self._total = count_due(ledger.database, again, limit=plan.limit, chosen_only=chosen_only)
        if not chosen_only and not window.is_over(_now()):
            tell_of_earlier_runs(plan, ledger, self._templates, observer=self._observer, total=self._total)
        if self._may_begin(window):
            window = plan.window(_now(), self._first_opened())  # a fresh one opens now, not when it was asked about
            ledger.reopen(again, chosen_only=chosen_only)  # not before: a run that does not begin changes nothing
            self._work(window, workers, None, chosen_only=chosen_only)
        return window

    def _work(
        self, window: SendWindow, workers: WorkerPool, aside: BackgroundEnrolment | None, *, chosen_only: bool = False
    ) -> None:
        """Let the workers send, while the contacts file is read aside if it has not been yet."""
        plan, ledger = self._plan, self._ledger
        prepare_run(ledger.database, limit=plan.limit, chosen_only=chosen_only, reading=aside is not None)
        opened = window.opens if plan.settings.window.opens is None and plan.limit is None else None
        history.announce(ledger.database, opened=opened, template=self._templates)
        self._state.before = summary.deliveries(ledger.database)
        self._state.started = time.monotonic()
        self._state.began = True
        if aside is not None:
            ledger.forget("columns")
            aside.start()
            while not ledger.columns() and aside.error is None:  # a worker wants to know them
                time.sleep(0.002)
            if not ledger.columns() and aside.error is not None:  # a suppression list: nobody was ever mailed
                aside.join()
                history.drop(ledger.database)
                self._state.began = False
                raise aside.error
            self._say_who_is_suppressed()

        def tick() -> None:
            ledger.checkpoint()
            if self._signals.asked and not self._stop_told:
                self._stop_told = True
                count = sum(report.under_way for report in self._state.reports)
                flight = f"finishing {count:,} message{'' if count == 1 else 's'} in flight" if count else "stopping"
                doubt = ", and what is not answered by then is in_doubt" if count else ""
                waits = "; waiting for the server's replies" if count else ""
                self._observer.notice(f"{flight}{waits}; the same signal once more stops at once{doubt}")
            if aside is not None and aside.error is not None:
                workers.drain()
            if self._state.trouble is None and (trouble := trouble_with(ledger)) is not None:
                self._state.trouble = trouble
                workers.drain()

        workers.work(plan.job(window, self._message_id_domain), ledger.lock, self._signals, self._hear, tick)
        self._recover()
        where = f"smtp.host {plan.server.host}"
        self._state.trouble = self._state.trouble or trouble_with(ledger)
        if self._state.trouble is None:
            self._state.trouble = nobody_accepted(self._state.reports, plan.ledger, where=where)
        history.settle(ledger.database)
        if aside is not None:
            if self._signals.asked and aside.is_alive():
                self._observer.notice("reading the contacts file to its end: the results have every row")
            aside.join()
            if aside.error is not None:  # who was read has an outcome, which is to be said all the same
                self._state.trouble = self._state.trouble or unread(aside.error)

    def conclude(self, window: SendWindow) -> RunSummary:
        """Write the results, and sum up."""
        self._state.stopped = self._signals.asked
        return conclude(self._plan, self._ledger, self._state, self._observer, window, self._message_id)

    def _say_who_is_suppressed(self) -> None:
        for words in what_lists_held(self._ledger, strict=self._plan.strict):
            self._observer.notice(words)

    def _say_how_long_links_live(self, window: SendWindow) -> None:
        if not self._plan.sandbox and (words := long_lives(window, _now(), self._plan.settings.link.grace)):
            self._observer.notice(words)

    def _amend(self) -> None:
        """Lay the operator's corrections over the roster."""
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

    def _may_begin(self, window: SendWindow) -> bool:
        if not self._total or self._signals.asked or window.is_over(_now()):
            return False
        self._say_how_long_links_live(window)
        if not self._observer.confirm(self._total, window):
            self._state.declined = True
            return False
        while (seconds := window.seconds_until_open(_now())) > 0:
            self._observer.waiting(window, seconds)
            if not self._plan.wait or self._signals.asked:
                return False
            time.sleep(min(seconds, 0.5))
        return not self._signals.asked

    def _first_opened(self) -> datetime | None:
        opened = self._ledger.fact("opened")
        return None if opened is None else datetime.fromisoformat(opened)

    def _heard_rows(self, rows: int) -> None:
        self._total = rows if self._plan.limit is None else min(rows, self._plan.limit)
        if not self.began:
            self._ledger.checkpoint()
            if self._signals.asked and not self._stop_told:
                self._stop_told = True
                self._observer.notice("stopping: the contacts file is read to its end first; nobody is mailed")
            self._observer.reading(rows)

    def _hear(self, reports: Sequence[WorkerReport]) -> None:
        self._state.reports = reports
        for report in reports:
            for notice in report.notices:
                self._observer.notice(in_words(notice, reports))
        seconds = time.monotonic() - self._state.started
        self._observer.sending(progress_of(reports, total=self._total, seconds=seconds, stopping=self._signals.asked))


def _now() -> datetime:
    return datetime.now(UTC)
