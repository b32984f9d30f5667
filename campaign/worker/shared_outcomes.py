"""Outcomes with one server of several: each says something of that server, too.

As `Outcomes`, and beside it: `ServerHealth` hears of each end that a message comes to, and what the server refused is
remembered as long as it may turn out that it was out of order; then it goes again, another way (`take_back`).
"""

from typing import Any

from campaign.model import DueRow, Reply, Status
from campaign.worker.outcomes import Outcomes
from campaign.worker.policy import Verdict
from campaign.worker.server_breaker import ServerBreaker
from campaign.worker.server_health import ServerHealth


class SharedOutcomes(Outcomes):
    """One server's, in one worker. Takes what `Outcomes` takes."""

    def __init__(self, *given: Any, health: ServerHealth, server_breaker: ServerBreaker, **more: Any) -> None:
        super().__init__(*given, breaker=server_breaker, **more)
        self.accepted = 0
        """Messages that the server has taken."""
        self.slowed = ""
        """What it said when it last asked to slow down."""
        self._health = health
        self._of_server = server_breaker
        self._refused: dict[int, tuple[DueRow, Status]] = {}
        """The rows that it has refused since it took a message, and their last words."""

    def sent(self, due: DueRow, reply: Reply) -> None:
        """Write down that the server has taken the message."""
        super().sent(due, reply)
        self.accepted += 1
        self._refused.clear()
        self._health.has_answered(due.id, self._clock(), slow=False)

    def carry_out(self, due: DueRow, verdict: Verdict, reply: Reply | None, detail: str) -> None:
        """Do to a claimed row what a verdict says that is no yes."""
        on_trial = not self._health.in_use
        super().carry_out(due, verdict, reply, detail)
        if verdict.slow:
            self.slowed = detail
        self._health.has_answered(due.id, self._clock(), slow=verdict.slow or reply is None)
        if on_trial and (verdict.suspect or verdict.slow):
            self._of_server.trial_failed(detail)

    def settle(self, due: DueRow, status: Status, reply: Reply | None, detail: str = "") -> None:
        """Write down a claimed row's last word."""
        super().settle(due, status, reply, detail)
        if status in (Status.REJECTED, Status.FAILED):
            self._refused[due.id] = due, status

    def give_back(self, due: DueRow) -> None:
        """Let a claimed row go again as if it had never been claimed."""
        super().give_back(due)
        self._health.has_answered(due.id, self._clock(), slow=True)

    def abandon(self, contact: int) -> None:
        """Let go of a row that another worker has claimed."""
        super().abandon(contact)
        self._health.has_answered(contact, self._clock(), slow=True)

    def take_back(self) -> int:
        """Let the rows go again whose refusals look like this server's fault, or ours with it; they begin anew. Gives
        how many.
        """
        breaker = self._of_server
        contacts = [one for one in dict.fromkeys([*breaker.in_a_row, *breaker.suspicious]) if one in self._refused]
        for contact in contacts:
            due, status = self._refused.pop(contact)
            self.settled[status] -= 1
            self._journal.take_back(contact)
            self._rows.give_back(DueRow(id=due.id, contact=due.contact, tries=0, queue=due.queue))
        breaker.in_a_row.clear()
        breaker.suspicious.clear()
        return len(contacts)
