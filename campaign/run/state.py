"""How a run has gone so far: what its steps tell each other, and why it stops, where the workers do not know it."""

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from campaign.errors import CampaignError
from campaign.ledger.interface import RunLedger
from campaign.model import Status
from campaign.worker.worker_report import StopReason, WorkerReport

LEDGER_MOVED = StopReason(
    what="the ledger is no longer the file at its path: somebody has moved, replaced or deleted it",
    fix="see that nothing else touches it, and put it back before the next run, or people would be mailed twice",
    reason="ledger",
)


@dataclass(slots=True, kw_only=True)
class RunState:
    """What has happened."""

    total: int = 0
    """Contacts that the run set out to mail; while the file is being read, those read so far."""
    began: bool = False
    """Whether messages may have been sent."""
    started: float = field(default_factory=time.monotonic)
    before: Counter[Status] = field(default_factory=Counter)
    """Messages with an outcome when it began."""
    reports: Sequence[WorkerReport] = ()
    """The latest of each worker."""
    trouble: StopReason | None = None
    stopped: bool = False
    """By a signal."""
    stop_asked_at: float = float("inf")
    """Monotonic seconds: when the signal was first seen."""
    stop_told: bool = False
    """The operator knows that the signal was heard."""
    declined: bool = False
    """By a "no" to its question."""


def trouble_with(ledger: RunLedger) -> StopReason | None:
    """Give what has been found out about the ledger since it was opened."""
    if (damage := ledger.damage()) is not None:
        return StopReason(what=damage.what, where=damage.where, fix=damage.fix, reason=damage.reason)
    return None if ledger.in_place else LEDGER_MOVED


def unread(error: Exception) -> StopReason:
    """Say why the contacts file was not read to its end while mail went out. Raises what is no error of ours."""
    if not isinstance(error, CampaignError):
        raise error
    what = f"{error.what.rstrip('.')}; the results have the rows that were read until then"
    return StopReason(what=what, where=error.where, fix=error.fix, reason=error.reason or "contacts")
