"""The end of a run: results written, counts taken, and the reason why it ended, summed up.

From here on nothing is raised that can be helped: where the results can't be written once messages may have left, that
is the trouble, or, where there is one already, a notice. What became of the run must be said all the same.
"""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

from campaign.errors import CampaignError, LedgerError, ResultsError
from campaign.ledger.interface import RunLedger
from campaign.model import Status
from campaign.results import Written, write_results
from campaign.run.plan import RunPlan
from campaign.run.progress import RunObserver, RunSummary, told
from campaign.window import SendWindow
from campaign.worker.job import StopReason, WorkerReport

LEDGER_MOVED = StopReason(
    what="the ledger is no longer the file at its path: somebody has moved, replaced or deleted it",
    fix="see that nothing else touches it, and put it back before the next run, or people would be mailed twice",
    reason="ledger",
)


def unread(error: Exception) -> StopReason:
    """Say why the contacts file was not read to its end while mail went out. Raises what is no error of ours."""
    if not isinstance(error, CampaignError):
        raise error
    what = f"{error.what.rstrip('.')}; the results have the rows that were read until then"
    return StopReason(what=what, where=error.where, fix=error.fix, reason=error.reason or "contacts")


@dataclass(slots=True, kw_only=True)
class RunState:
    """How a run has gone so far."""

    started: float = field(default_factory=time.monotonic)
    began: bool = False
    """Whether messages may have been sent."""
    before: Counter[Status] = field(default_factory=Counter)
    """Messages with an outcome when it began."""
    reports: Sequence[WorkerReport] = ()
    trouble: StopReason | None = None
    stopped: bool = False
    """By a signal."""
    declined: bool = False
    """By a "no" to its question."""


def trouble_with(ledger: RunLedger) -> StopReason | None:
    """Give what has been found out about the ledger since it was opened."""
    if not ledger.in_place:
        return LEDGER_MOVED
    if (damage := ledger.damage()) is not None:
        return StopReason(what=damage.what, where=damage.where, fix=damage.fix, reason=damage.reason)
    return None


def conclude(
    plan: RunPlan,
    ledger: RunLedger,
    state: RunState,
    observer: RunObserver,
    window: SendWindow,
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
            _write(plan, ledger, observer, message_id, total=sum(counts.values()), aloud=state.stopped)
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
    for report in state.reports:
        settled.update(report.settled)
        profile.update(report.profile)
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
        window=window,
        trouble=trouble,
        stopped=state.stopped or state.declined,
        declined=state.declined,
        profile=dict(profile),
    )


def _write(
    plan: RunPlan,
    ledger: RunLedger,
    observer: RunObserver,
    message_id: Callable[[str], str],
    *,
    total: int,
    aloud: bool,
) -> None:
    reader = ledger.reader
    result_rows = told(reader.result_rows(), observer, total, aloud=aloud)
    safe = plan.settings.results.spreadsheet_safe
    written = Written(digests=reader.written_digests(), remember=partial(reader.remember_written, guarded=safe))
    kept = write_results(plan.results, reader.columns(), result_rows, message_id, written=written, safe=safe)
    if kept is not None:
        observer.notice(f"{plan.results.name} had been changed; what stood in it is kept: {kept}")
