"""What can be known, and is decided, before a run opens its ledger."""

import os

from campaign.errors import LedgerError
from campaign.ledger.lineage import generation_file
from campaign.pipeline.plan import RunPlan
from campaign.results import refuse_foreign

_SMALL = 2_000
"""Contacts up to which one process is quicker than starting more."""
_SLOW = 200.0
"""Messages a second up to which one process is plenty."""


def guard_what_an_earlier_run_left(plan: RunPlan) -> None:
    """Raise LedgerError for results without their ledger: whoever is in them may have been mailed, and we would not
    know. Raise ResultsError where no results can be written.
    """
    refuse_foreign(plan.results)
    lost = not plan.ledger.exists() or not plan.ledger.stat().st_size
    if lost and plan.results.exists():
        raise LedgerError(
            "there are results of an earlier run, but its ledger is gone, so who was mailed is not known",
            where=str(plan.ledger),
            fix=f"put the ledger back; or, to mail everybody from the beginning, move {plan.results.name} and "
            f"{generation_file(plan.ledger).name} away",
        )


def processes_for(plan: RunPlan, contacts: int) -> int:
    """How many processes are worth starting for about so many contacts."""
    smtp = plan.settings.smtp
    if plan.processes is not None:
        return min(plan.processes, smtp.connections)
    if plan.limit is not None:
        contacts = min(contacts, plan.limit)
    if contacts < _SMALL or (smtp.rate is not None and smtp.rate <= _SLOW):
        return 1
    return min(os.cpu_count() or 1, smtp.connections)
