"""What went wrong with one server of several: where one alone would stop the run, this one is out for a while.

Takes what a `CircuitBreaker` takes; tells the run's, whose notices it gives the server's name, and whoever sends the
mail another way (`went_out`, `came_back`).
"""

from collections.abc import Callable
from typing import Literal

from campaign.errors import CampaignError
from campaign.worker.circuit_breaker import CircuitBreaker
from campaign.worker.server_health import ServerHealth


class ServerBreaker(CircuitBreaker):
    """One server's, in one worker. Its `reason` is why it alone would have stopped the run; None once it takes mail."""

    def __init__(
        self,
        run: CircuitBreaker,
        health: ServerHealth,
        *,
        name: str,
        stop_after: int,
        where: str,
        clock: Callable[[], float],
        went_out: Callable[[bool], None],
    ) -> None:
        """`went_out` is called when it has failed; with whether it was in use until then."""
        super().__init__(stop_after=stop_after, where=where)
        self._run = run
        self._health = health
        self._name = name
        self._clock = clock
        self._went_out = went_out

    def stop(self, error: CampaignError) -> None:
        """Take it out of use: its fault, or ours with it, is no reason to stop while there is another."""
        super().stop(error)
        self._went_out(self._health.go_out(error.what, self._clock()))

    def trial_failed(self, why: str) -> None:
        """It was tried again, in vain."""
        self._went_out(self._health.go_out(why, self._clock()))

    def no_session(self, why: str, wait: float) -> None:
        """Take it out of use until the next attempt."""
        self._went_out(self._health.go_out(why, self._clock(), wait=wait))

    def message_accepted(self) -> None:
        """It takes mail: whatever was before."""
        self.reason = None
        super().message_accepted()
        if self._health.has_accepted(self._clock()):
            self._run.notice(f"{self._name} takes mail again")

    def notice(self, words: str, ends_with: Literal["connections", "rate"] | None = None, server: str = "") -> None:
        """Tell the operator, with the server's name."""
        self._run.notice(f"{self._name}: {words}", ends_with, self._name)

    def notice_once(self, words: str, about: str) -> None:
        """Tell the operator, with the server's name."""
        self._run.notice_once(f"{self._name}: {words}", f"{self._name}: {about}")
