"""A whole run: contacts file → ledger → workers → results.

    open what is needed ─▶ enrol ─▶ wait for the window ─▶ work ─▶ results

Raises UsageError before the first message, for what should have been otherwise; from then on it raises nothing that
it can help: it stops, writes the results, and says why in its `Summary`.
"""

import time
from collections.abc import Sequence
from datetime import UTC, datetime

from campaign.contacts import ContactsFile, with_digest
from campaign.errors import StoppedError, UsageError
from campaign.ledger import history, summary
from campaign.ledger.faults import SQLITE_ERRORS, explain
from campaign.ledger.store import Ledger
from campaign.ledger.taker import count_due, prepare_run
from campaign.message import MessageIds
from campaign.pipeline.assembly import Assembly
from campaign.pipeline.beforehand import (
    guard_what_an_earlier_run_left,
    long_lives,
    odd_about,
    open_contacts_of,
    processes_for,
    require_sound_templates,
)
from campaign.pipeline.conclusion import Course, conclude, trouble_with, unread
from campaign.pipeline.continuation import goes_on_with, tell_of_earlier_runs
from campaign.pipeline.crew import Crew, Stopper
from campaign.pipeline.enrolment import Reading, ReadingAside, is_broken_off, is_enrolled, remember
from campaign.pipeline.evidence import nobody_got_through
from campaign.pipeline.job import Report
from campaign.pipeline.plan import RunPlan, open_window
from campaign.pipeline.reading_notes import what_lists_held
from campaign.pipeline.resend import amend_from
from campaign.pipeline.watching import Summary, Watcher, in_words, progress_of
from campaign.window import SendWindow

_BYTES_PER_ROW = 60


def run(plan: RunPlan, watcher: Watcher) -> Summary:
    """Send what is to be sent, and write down what became of it. Raises UsageError; StoppedError once it has begun."""
    stopper = Stopper()
    with stopper.listening():  # from the first: workers are forked with it, and outlive a signal to the whole group
        return _run(plan, watcher, stopper)


def _run(plan: RunPlan, watcher: Watcher, stopper: Stopper) -> Summary:
    settings = plan.settings
    contacts = open_contacts_of(settings.contacts, allow_empty=plan.allow_empty, ledger=plan.ledger)
    assembly = Assembly(plan.letter(open_window()))  # templates and secret are sound, or it ends here
    guard_what_an_earlier_run_left(plan)
    if not contacts.is_empty:  # it may not even have a header to hold the templates against
        require_sound_templates(assembly, plan, contacts.columns)
    for words in odd_about(contacts):
        watcher.notice(words)
    crew = Crew(processes_for(plan, contacts.size_bytes // _BYTES_PER_ROW))
    try:
        with Ledger.open(plan.ledger, settings.name) as ledger:
            doing = _Run(plan, watcher, stopper, ledger, assembly.digest())
            try:
                return doing.conclude(doing.go(contacts, crew))
            except UsageError as error:
                if doing.began:  # no longer "nothing was sent"
                    raise StoppedError(error.what, where=error.where, fix=error.fix, reason=error.reason) from None
                raise
    except SQLITE_ERRORS as error:
        raise explain(error, plan.ledger) from None
    finally:
        crew.dismiss()


class _Run:
    """What the steps of one run share."""

    def __init__(self, plan: RunPlan, watcher: Watcher, stopper: Stopper, ledger: Ledger, templates: str) -> None:
        self._plan = plan
        self._watcher = watcher
        self._stopper = stopper
        self._ledger = ledger
        self._templates = templates
        settings = plan.settings
        self._message_id_domain = ledger.settled_fact("message_id_domain", settings.message.sender_domain)
        self._message_id = MessageIds(settings.name, self._message_id_domain)
        self._total = 0
        self._stop_told = False
        self._course = Course()

    @property
    def began(self) -> bool:
        """Whether messages may have been sent."""
        return self._course.began

    def go(self, contacts: ContactsFile, crew: Crew) -> SendWindow:
        """Do all of it but the results. Gives the window it went by."""
        plan, ledger = self._plan, self._ledger
        self._recover()
        history.settle(ledger.database)  # of a run that was cut off
        window = plan.window(_now(), self._first_opened())
        suppress = plan.settings.contacts.suppress
        contacts = with_digest(contacts)
        remember(ledger, contacts)  # before it is read: whoever kills this run need not wait for it again
        if not is_enrolled(ledger, contacts, suppress):
            reading = Reading(ledger, contacts, suppress, self._heard_rows, plan.reader, strict=self._plan.strict)
            in_haste = crew.apart and plan.resend is None and not self._watcher.asks and window.is_open(_now())
            begun = in_haste and is_broken_off(ledger, contacts, suppress)
            if begun:
                self._say_who_is_suppressed()  # the lists have been read
                begun = goes_on_with(ledger.database, self._templates, now=_now())
            if begun or (in_haste and not ledger.has_roster()):
                # Whatever is wrong with the file as a whole is known by now: nobody need wait for its last row.
                self._say_how_long_links_live(window)
                self._watcher.confirm(None, window)
                self._work(window, crew, ReadingAside(reading))
                return window
            reading.read()
        elif plan.reader is not None:
            plan.reader.dismiss()
        self._say_who_is_suppressed()
        again = plan.resend.statuses if plan.resend is not None else ()
        chosen_only = plan.resend is not None and plan.resend.source is not None and not window.is_over(_now())
        if chosen_only:
            self._amend()
        self._total = count_due(ledger.database, again, limit=plan.limit, chosen_only=chosen_only)
        if not chosen_only and not window.is_over(_now()):
            tell_of_earlier_runs(plan, ledger, self._templates, watcher=self._watcher, total=self._total)
        if self._may_begin(window):
            window = plan.window(_now(), self._first_opened())  # a fresh one opens now, not when it was asked about
            ledger.reopen(again, chosen_only=chosen_only)  # not before: a run that does not begin changes nothing
            self._work(window, crew, None, chosen_only=chosen_only)
        return window

    def _work(self, window: SendWindow, crew: Crew, aside: ReadingAside | None, *, chosen_only: bool = False) -> None:
        """Let the crew send, while the contacts file is read aside if it has not been yet."""
        plan, ledger = self._plan, self._ledger
        prepare_run(ledger.database, limit=plan.limit, chosen_only=chosen_only, reading=aside is not None)
        opened = window.opens if plan.settings.window.opens is None and plan.limit is None else None
        history.announce(ledger.database, opened=opened, template=self._templates)
        self._course.before = summary.deliveries(ledger.database)
        self._course.started = time.monotonic()
        self._course.began = True
        if aside is not None:
            ledger.forget("columns")
            aside.start()
            while not ledger.columns() and aside.error is None:  # a worker wants to know them
                time.sleep(0.002)
            if not ledger.columns() and aside.error is not None:  # a suppression list: nobody was ever mailed
                aside.join()
                history.drop(ledger.database)
                self._course.began = False
                raise aside.error
            self._say_who_is_suppressed()

        def tick() -> None:
            ledger.checkpoint()
            if self._stopper.asked and not self._stop_told:
                self._stop_told = True
                count = sum(report.under_way for report in self._course.reports)
                flight = f"finishing {count:,} message{'' if count == 1 else 's'} in flight" if count else "stopping"
                doubt = ", and what is not answered by then is in_doubt" if count else ""
                waits = "; waiting for the server's replies" if count else ""
                self._watcher.notice(f"{flight}{waits}; the same signal once more stops at once{doubt}")
            if aside is not None and aside.error is not None:
                crew.drain()
            if self._course.trouble is None and (trouble := trouble_with(ledger)) is not None:
                self._course.trouble = trouble
                crew.drain()

        crew.work(plan.job(window, self._message_id_domain), ledger.lock, self._stopper, self._hear, tick)
        self._recover()
        where = f"smtp.host {plan.server.host}"
        self._course.trouble = self._course.trouble or trouble_with(ledger)
        if self._course.trouble is None:
            self._course.trouble = nobody_got_through(self._course.reports, plan.ledger, where=where)
        history.settle(ledger.database)
        if aside is not None:
            if self._stopper.asked and aside.is_alive():
                self._watcher.notice("reading the contacts file to its end: the results have every row")
            aside.join()
            if aside.error is not None:  # who was read has an outcome, which is to be said all the same
                self._course.trouble = self._course.trouble or unread(aside.error)

    def conclude(self, window: SendWindow) -> Summary:
        """Write the results, and sum up."""
        self._course.stopped = self._stopper.asked
        return conclude(self._plan, self._ledger, self._course, self._watcher, window, self._message_id)

    def _say_who_is_suppressed(self) -> None:
        for words in what_lists_held(self._ledger, strict=self._plan.strict):
            self._watcher.notice(words)

    def _say_how_long_links_live(self, window: SendWindow) -> None:
        if not self._plan.sandbox and (words := long_lives(window, _now(), self._plan.settings.link.grace)):
            self._watcher.notice(words)

    def _amend(self) -> None:
        """Lay the operator's corrections over the roster."""
        resend = self._plan.resend
        assert resend is not None
        assert resend.source is not None
        given = self._plan.settings.contacts
        for words in amend_from(self._ledger, resend.source, settings=given, message_id=self._message_id):
            self._watcher.notice(words)

    def _recover(self) -> int:
        """Call claims without an outcome what they are. Nobody sends now, so none can still be under way."""
        doubtful = self._ledger.recover()
        if doubtful:
            what = "a message may have" if doubtful == 1 else f"{doubtful:,} messages may have"
            self._watcher.notice(f"{what} left when a run was cut off, and no reply is on record: in_doubt")
        return doubtful

    def _may_begin(self, window: SendWindow) -> bool:
        if not self._total or self._stopper.asked or window.is_over(_now()):
            return False
        self._say_how_long_links_live(window)
        if not self._watcher.confirm(self._total, window):
            self._course.declined = True
            return False
        while (seconds := window.seconds_until_open(_now())) > 0:
            self._watcher.waiting(window, seconds)
            if not self._plan.wait or self._stopper.asked:
                return False
            time.sleep(min(seconds, 0.5))
        return not self._stopper.asked

    def _first_opened(self) -> datetime | None:
        opened = self._ledger.fact("opened")
        return None if opened is None else datetime.fromisoformat(opened)

    def _heard_rows(self, rows: int) -> None:
        self._total = rows if self._plan.limit is None else min(rows, self._plan.limit)
        if not self.began:
            self._ledger.checkpoint()
            if self._stopper.asked and not self._stop_told:
                self._stop_told = True
                self._watcher.notice("stopping: the contacts file is read to its end first; nobody is mailed")
            self._watcher.reading(rows)

    def _hear(self, reports: Sequence[Report]) -> None:
        self._course.reports = reports
        for report in reports:
            for notice in report.notices:
                self._watcher.notice(in_words(notice, reports))
        seconds = time.monotonic() - self._course.started
        self._watcher.progress(progress_of(reports, total=self._total, seconds=seconds, stopping=self._stopper.asked))


def _now() -> datetime:
    return datetime.now(UTC)
