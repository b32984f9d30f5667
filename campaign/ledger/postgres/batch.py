"""What a round of a worker carries: queued by its journal, written by `round`. Raises nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from campaign.ledger.postgres.round_parts import Statement
from campaign.model import Attempt

QueuedRows = Sequence[tuple[Any, ...]]


class PastClaim(NamedTuple):
    """What goes on record of an attempt that is over; its message and token are let go."""

    contact: int
    link_expires_at: int
    link_fingerprint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What a round carries, as `Outbox` has it."""

    number: int
    claims: Sequence[Attempt | PastClaim]
    settled: QueuedRows
    settled_late: QueuedRows
    """Of rows whose claim is in it."""
    released: QueuedRows
    condemned: QueuedRows
    given_up: QueuedRows
    doubtful: QueuedRows
    taken_back: QueuedRows
    taken_back_late: QueuedRows
    more: Sequence[Statement]
