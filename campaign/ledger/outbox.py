"""What a worker's journal is told, queued until it is written: claims and outcomes, told apart as they fit into one
transaction.

    settled, taken back, released     of claims that are on record: first, since such a row may be claimed again
    claims
    … late                            of claims that are written with them
    condemned, given up, doubtful     the last word on rows that wait for no claim any more

Nothing here is written: that is each database's (`sqlite.outbox`, `postgres.round`). Raises nothing.
"""

import time
from collections.abc import Callable

from campaign.model import Attempt, Outcome


class Outbox:
    """One process's."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._claims: dict[int, Attempt] = {}
        self._settled: list[tuple[object, ...]] = []
        self._settled_late: list[tuple[object, ...]] = []  # of rows whose claim is in the same round
        self._released: list[tuple[object, ...]] = []
        self._condemned: list[tuple[object, ...]] = []
        self._given_up: list[tuple[object, ...]] = []
        self._doubtful: list[tuple[object, ...]] = []
        self._taken_back: list[tuple[object, ...]] = []
        self._taken_back_late: list[tuple[object, ...]] = []  # of rows whose claim and refusal are in the same round

    @property
    def queued(self) -> int:
        """How many claims and outcomes wait to be written."""
        return sum(map(len, self._outboxes()))

    def holds(self, contact: int) -> bool:
        """Whether the row's last claim and its outcome are both still unwritten: too early for another claim."""
        return contact in self._claims

    def claim(self, attempt: Attempt) -> None:
        """Ask for the row: `collect` says when the attempt's body may leave."""
        self._claims[attempt.contact] = attempt

    def settle(self, outcome: Outcome) -> None:
        """Write down what became of a claimed row."""
        reply = outcome.reply
        spent = int(outcome.spent)
        (self._settled_late if outcome.contact in self._claims else self._settled).append(
            (
                outcome.status.value,
                spent,
                spent,
                reply.code if reply else None,
                reply.enhanced if reply else None,
                outcome.detail or (reply.text if reply else ""),
                int(self._clock()),
                outcome.server or None,
                outcome.contact,
            )
        )

    def release(self, contact: int) -> None:
        """Give a claimed row back, as if it had never been claimed."""
        if self._claims.pop(contact, None) is None:
            self._released.append((contact,))

    def mark_invalid(self, contact: int, why: str) -> None:
        """Write down that a row that was never claimed can't be mailed."""
        self._condemned.append((contact, why, int(self._clock())))

    def mark_failed(self, contact: int) -> None:
        """Write down that a row waiting for another try will have none; its last reply stands."""
        self._given_up.append((contact,))

    def take_back(self, contact: int) -> None:
        """Make a row pending again that was refused for what turned out to be a server's fault."""
        (self._taken_back_late if contact in self._claims else self._taken_back).append((contact,))

    def doubt(self, contact: int, why: str) -> None:
        """Write down that a row waiting for another try may have been delivered already."""
        self._doubtful.append((why, int(self._clock()), contact))

    def _clear(self) -> None:
        """Forget what was written."""
        for outbox in self._outboxes():
            outbox.clear()

    def _outboxes(self) -> tuple[dict[int, Attempt] | list[tuple[object, ...]], ...]:
        settled = self._settled, self._settled_late, self._given_up, self._doubtful
        return self._claims, *settled, self._released, self._condemned, self._taken_back, self._taken_back_late
