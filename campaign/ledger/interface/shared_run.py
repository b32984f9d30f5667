"""What the owner of a run that several machines share needs of its ledger besides `RunLedger`, and what a worker that
joins it does. A ledger on one machine has none of it (`RunLedger.shared` is None).

A run goes from `going_on` to `ended`. Its owner holds a lease; where that has run out, another `send` of the same
campaign takes the run over, with the same bundle (`campaign.run.bundle`), or waits for its workers to end.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerNow:
    """A worker of a run, as the ledger has it."""

    number: int
    host: str
    pid: int
    """On that host."""
    name: str
    """What whoever placed it calls it; "" where nobody did."""
    state: str
    """`working`; `left`: it has ended in order; `lost`: its lease has run out."""
    report: str
    """What it said last (`WorkerLedger.publish`), "" before it has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOnRecord:
    """A run that has begun and has not ended."""

    number: int
    bundle: str
    """The digest of what its workers work by."""
    owner: str
    """Host and process, for a person."""
    workers: int
    """Those that are at work."""


class BundleOnRecord(Protocol):
    """What a run's workers go by, as it was offered."""

    def check(self) -> str:
        """Give the check value of the run's secrets."""

    def file(self, digest: str) -> bytes:
        """Give one of the bundle's contents. Raises LedgerError where there is none."""


class SharedRun(BundleOnRecord, Protocol):
    """The owner's, while it holds the ledger."""

    @property
    def number(self) -> int:
        """The run's number: its workers are told, so that none of them joins the next with the orders of this one."""

    @property
    def adopted(self) -> RunOnRecord | None:
        """The run that an owner before this one has begun and not ended, and whose workers were still at work when this
        one took it; None where there was none. Closing the ledger before `end` leaves it to them.
        """

    @property
    def held(self) -> bool:
        """Whether it is still this owner's: one that was cut off for too long has lost it to another."""

    def offer(self, bundle: str, files: Mapping[str, bytes], *, check: str) -> None:
        """Begin a run that workers elsewhere may join: the digest of the bundle, its contents by their digests, and the
        check value of its secrets. Contents that are there already are not written again.
        """

    def rows_left(self) -> bool:
        """Whether there may be rows of this run that no worker has come to the end of."""

    def count_due(self) -> int:
        """Count the rows of this run that are not begun: within what it was told to send, and of those chosen."""

    def workers(self) -> list[WorkerNow]:
        """Give those of this run, ended ones as well. To be called a few times a second at most."""

    def news(self) -> list[tuple[int, str]]:
        """Give what workers have told since the last time, in order: a worker's number and its report."""

    def drain(self) -> None:
        """Tell all workers to begin no more messages."""

    def call_lost(self) -> int:
        """Look for workers whose lease has run out: their rows go to others, their claims are in doubt. Gives how many
        claims. Workers do so, too.
        """

    def end(self) -> None:
        """Say that the run has come to its end: nobody joins it any more, and whoever still works for it ends."""


class JoinableRun(BundleOnRecord, Protocol):
    """What a worker that comes from elsewhere sees of the campaign's run, before it works for it."""

    def current(self) -> RunOnRecord | None:
        """Give the run that goes on; None where none does."""
