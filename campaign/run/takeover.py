"""A run that goes on without its owner: taken over by one that would send the same, or left alone.

Takes the run as it is on record (`SharedRun.adopted`). Raises LedgerBusyError where this campaign, as it is now, would
send something else: its workers go on, and what they do is on record.
"""

from collections.abc import Callable

from campaign.errors import LedgerBusyError
from campaign.ledger.interface import RunOnRecord, SharedRun
from campaign.ledger_place import Place
from campaign.run.bundle import make_bundle
from campaign.run.plan import RunPlan
from campaign.run.secrets_check import checks
from campaign.worker.job import Job
from campaign.worker.message_factory import MessageFactory


def offering(plan: RunPlan, factory: MessageFactory, shared: SharedRun) -> Callable[[Job], None]:
    """Give what lets workers elsewhere join a run. One that was taken over has been offered."""

    def offer(job: Job) -> None:
        if shared.adopted is None:
            bundle = make_bundle(plan, job, factory)
            shared.offer(bundle.digest, bundle.files, check=bundle.check)

    return offer


def require_the_same(shared: SharedRun, run: RunOnRecord, plan: RunPlan, job: Job, factory: MessageFactory) -> None:
    """Raise LedgerBusyError where this campaign would send something else than the run does."""
    if not make_bundle(plan, job, factory).sends_as(run.bundle):
        why = "what it sends is not what campaign.toml and its files say now"
        raise still_worked_on(run, why, where=plan.ledger)
    if not checks(shared.check(), plan.secret, run.bundle):
        raise still_worked_on(run, "the secret of its links is another", where=plan.ledger)


def still_worked_on(run: RunOnRecord, why: str, *, where: Place) -> LedgerBusyError:
    """Give the error for a run that can't be taken over."""
    return LedgerBusyError(
        f"a run goes on without its owner ({run.owner}), {_workers(run)} still at work for it, and {why}",
        where=str(where),
        fix="wait for them to end (`campaign status` shows how far they are), or put back what has changed: then "
        "`campaign send` takes the run over",
    )


def taken_over(run: RunOnRecord) -> str:
    """Say that it is."""
    return f"this goes on with a run whose owner is gone ({run.owner}); {_workers(run)} at work for it"


def _workers(run: RunOnRecord) -> str:
    return "1 worker is" if run.workers == 1 else f"{run.workers:,} workers are"
