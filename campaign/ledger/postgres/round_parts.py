"""What a worker's round carries besides claims and outcomes, and who a worker is: the seam between the journal and
what is shared by budgets (rates, daily counts, connections).

`PostgresWorkerLedger` makes `PostgresBudgets(place, member, wake=...)` (`budgets.py`) and hands it to the journal as
its `RoundPart`. At each commit the journal takes the statements that have come since, and they are the round's from
then on: a round whose reply was lost goes again as it was, and the database sees to it that it is written once. So
what was taken is not to be given again, and nobody needs to be told that it has been written. A daily count adds to
its own worker's row: `... ON CONFLICT ... DO UPDATE SET began = daily_count.began + excluded.began`.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from campaign.ledger.postgres.lease import Lease


class Statement(NamedTuple):
    """One, as psycopg takes it: marks are `%(name)s`."""

    sql: str
    parameters: Mapping[str, Any]


class RoundPart(Protocol):
    """Who has something to write in the transaction that carries claims."""

    def statements(self) -> Sequence[Statement]:
        """Hand over what is to be written with the claims that are committed now. Called in the event loop's thread,
        right at `Journal.commit`: must not talk with the database.
        """


class Member(Protocol):
    """A worker as the ledger has it."""

    @property
    def number(self) -> int:
        """Its number in `worker`."""

    @property
    def run(self) -> int:
        """The number of its run."""

    @property
    def lease(self) -> Lease:
        """Its lease, by its own clock."""
