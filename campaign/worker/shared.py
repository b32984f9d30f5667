"""What the dispatchers of several servers have in common, and what is each one's own: values, no behaviour."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from campaign.model import DueRow
from campaign.worker.claims import Claims
from campaign.worker.outcomes import Books
from campaign.worker.row_queue import Rows
from campaign.worker.server_breaker import ServerBreaker
from campaign.worker.server_health import ServerHealth


class Turn(Protocol):
    """Which of several servers sends next."""

    def may_begin(self, now: float) -> bool:
        """Whether this one may begin a message."""

    def begun(self, contact: int, now: float) -> None:
        """Hear that it has begun a contact's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """What the dispatcher of one server of several has in common with the others', and what is its own."""

    books: Books
    claims: Claims
    breaker: ServerBreaker
    """The server's own, and so is what follows."""
    health: ServerHealth
    turn: Turn
    rows: Rows
    """Those that it may take."""
    hand_over: Callable[[DueRow], bool]
    """Has another server send a row that this one can't take; gives whether there is one."""
