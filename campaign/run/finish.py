"""The end of a run: results written, counts taken, and the reason why it ended, in a `RunSummary`.

From here on nothing is raised that can be helped: where the results can't be written once messages may have left, that
is the trouble, or, where there is one already, a notice. What became of the run must be said all the same.
"""

import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial

from campaign.errors import LedgerError, ResultsError
from campaign.ledger.interface import RunLedger
from campaign.model import Status
from campaign.results import Written, write_results
from campaign.run.live_state import day_reached
from campaign.run.pending_words import day_words, pending_words
from campaign.run.plan import RunPlan
from campaign.run.progress import RunObserver, reported
from campaign.run.state import RunState, trouble_with
from campaign.run.summary import RunSummary
from campaign.schedule import Schedule
from campaign.worker.worker_report import StopReason


def finish(
    plan: RunPlan,
    ledger: RunLedger,
    state: RunState,
    observer: RunObserver,
    window: Schedule,
    message_id: Callable[[str], str],
) -> RunSummary:
    """Write the results, and sum up. Raises ResultsError only where nothing can have been sent."""
    damage = ledger.damage(wait=True)
    if damage is not None and not state.began:
        raise damage
    state.trouble = state.trouble or trouble_with(ledger)
    trouble = next((report.trouble for report in state.reports if report.trouble), state.trouble)
    counts = ledger.reader.counts()
    try:
        if ledger.in_place:
            _write(plan, ledger, observer, message_id, window=window, total=sum(counts.values()), aloud=state.stopped)
            counts = ledger.reader.counts()  # evidence may have come meanwhile
        else:  # somebody else's results may stand there by now
            observer.notice(f"the results are not written; what this run has on record is in {ledger.rescue()}")
    except (ResultsError, LedgerError) as error:
        if not state.began:
            raise
        if trouble is None:
            trouble = StopReason(what=error.what, where=error.where, fix=error.fix, reason=error.reason)
        else:
            observer.notice(f"{error.what} ({error.where}); {error.fix}")
    settled: Counter[str] = Counter()
    profile: Counter[str] = Counter()
    servers: Counter[str] = Counter()
    for report in state.reports:
        settled.update(report.settled)
        profile.update(report.profile)
        for name, one in report.servers.items():
            servers[name] += one.sent
    now = ledger.reader.deliveries() if state.began else state.before
    for word in (Status.SENT, Status.IN_DOUBT):  # a worker that was killed has not told the last of it
        settled[word] = now[word] - state.before[word]
    return RunSummary(
        counts=counts,
        sent_now=settled[Status.SENT],
        in_doubt_now=settled[Status.IN_DOUBT],
        tried_now=settled.total(),
        seconds=time.monotonic() - state.started,
        results=plan.results,
        results_written=ledger.in_place,
        window=window,
        trouble=trouble,
        stopped=state.stopped or state.declined,
        declined=state.declined,
        taken_over=ledger.shared is not None and ledger.shared.adopted is not None,
        limited=plan.limit is not None,
        opens=min((report.opens for report in state.reports if report.opens is not None), default=None),
        day_reached=day_reached(state.reports),
        over=any(report.over for report in state.reports),
        profile=dict(profile),
        servers=dict(servers),
    )


def _write(
    plan: RunPlan,
    ledger: RunLedger,
    observer: RunObserver,
    message_id: Callable[[str], str],
    *,
    window: Schedule,
    total: int,
    aloud: bool,
    again: bool = True,
) -> None:
    reader = ledger.reader
    before = reader.changes_of_others()
    now = datetime.now(UTC)
    daily = day_words(plan.daily_limit, reader.begun_by_day(""), window.zone, now) if plan.daily_limit else ""
    reader.explain_pending(pending_words(window, reader.columns(), now, daily=daily))
    result_rows = reported(reader.result_rows(), observer, total, aloud=aloud)
    safe = plan.settings.results.spreadsheet_safe
    written = Written(digests=reader.written_digests(), remember=partial(reader.remember_written, guarded=safe))
    servers = len(plan.settings.servers) > 1
    kept = write_results(
        plan.results,
        reader.columns(),
        result_rows,
        message_id,
        written=written,
        safe=safe,
        servers=servers,
        later=reader.has_later_words(),
    )
    if kept is not None:
        observer.notice(f"{plan.results.name} had been changed; what stood in it is kept: {kept}")
    if again and reader.changes_of_others() != before:  # `settle` leaves the results to a run that goes on
        _write(plan, ledger, observer, message_id, window=window, total=total, aloud=False, again=False)
