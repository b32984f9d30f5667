"""The workers of a run that a cluster places, where it is told to: its owner then sends nothing itself.

Takes the plan; gives what looks after them (`campaign.cluster`), connected before anything else has begun. Raises
UsageError where the cluster can't be had, or the ledger is none that its machines could share.
"""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from campaign.errors import UsageError
from campaign.ledger_place import DatabasePlace, Place
from campaign.worker.worker_report import StopReason

if TYPE_CHECKING:
    from campaign.cluster import ClusterWorkers
    from campaign.cluster.slots import WorkerEnd

_WAIT = "2m"
"""How long a worker waits for the run, which may be over by the time it comes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterOrder:
    """Which cluster, and how many workers it is to place."""

    address: str
    """`tcp://HOST:PORT`, `tls://HOST:PORT`, or `local`: a cluster of this machine's own, for a try."""
    workers: int


@contextlib.contextmanager
def placed_workers(order: ClusterOrder | None, ledger: Place, campaign: str) -> "Iterator[ClusterWorkers | None]":
    """Give what looks after the workers as long as the context lasts; None where no cluster is to place any."""
    if order is None:
        yield None
        return
    if not isinstance(ledger, DatabasePlace):
        raise UsageError(
            "the machines of a cluster can't share a ledger that is a file",
            where=f"--cluster {order.address}",
            fix="set ledger.url to a PostgreSQL database that all of them reach: campaign guide machines",
        )
    from campaign.cluster import ClusterWorkers

    words = ("work", "--ledger", ledger.url, "--campaign", campaign, "--wait", _WAIT)
    with ClusterWorkers(order.address, workers=order.workers, words=words) as placed:
        yield placed


def nobody_can_work(last: "WorkerEnd") -> StopReason:
    """Say why a run stops for which a cluster has no workers. `last`: how the last one ended."""
    said = f": {last.said}" if last.said else ""
    return StopReason(
        what=f"no worker can work on the cluster: the last one {last.what}{said}",
        where="--cluster",
        fix=last.fix or "put right what it says on its machine, then run the same command again",
        reason="no_workers",
    )
