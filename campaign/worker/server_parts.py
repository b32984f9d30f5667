"""What a dispatcher works with where it matters whether its server is the only one: made by whoever knows that.

Values, no behaviour.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from campaign.ledger.interface import Journal
from campaign.model import DueRow
from campaign.worker.circuit_breaker import CircuitBreaker
from campaign.worker.claims import Claims
from campaign.worker.outcomes import Books, Outcomes
from campaign.worker.row_queue import RowQueue, Rows


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerParts:
    """One server's, in one worker."""

    books: Books
    """Those of all servers together, as the claims are."""
    claims: Claims
    breaker: CircuitBreaker
    """The server's own; the run's, where it is the only one."""
    rows: Rows
    """Those that it may take."""
    outcomes: Callable[..., Outcomes]
    """Takes what `Outcomes` takes, without a breaker."""
    hand_over: Callable[[DueRow], bool]
    """Has another server send a row that this one can't take; gives whether there is one."""


def only_server(rows: RowQueue, journal: Journal, breaker: CircuitBreaker) -> ServerParts:
    """Give those of a server that is the only one: `breaker` is the run's."""
    return ServerParts(
        books=Books(),
        claims=Claims(journal),
        breaker=breaker,
        rows=rows,
        outcomes=partial(Outcomes, breaker=breaker),
        hand_over=lambda _: False,
    )
