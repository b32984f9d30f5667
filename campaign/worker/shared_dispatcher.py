"""The dispatcher of one server of several: as `Dispatcher`, but no message begins unless the server's turn has come."""

from typing import Any, Protocol

from campaign.model import Attempt
from campaign.smtp.session.session import Session
from campaign.worker.dispatcher import Dispatcher
from campaign.worker.server_breaker import ServerBreaker
from campaign.worker.server_health import ServerHealth


class Turn(Protocol):
    """Which of several servers sends next."""

    def may_begin(self, now: float) -> bool:
        """Whether this one may begin a message."""

    def begun(self, contact: int, now: float) -> None:
        """Hear that it has begun a contact's."""


class SharedDispatcher(Dispatcher):
    """One server's, in one worker. Takes what `Dispatcher` takes, and what is known of the server."""

    def __init__(
        self, *given: Any, turn: Turn, health: ServerHealth, server_breaker: ServerBreaker, **more: Any
    ) -> None:
        super().__init__(*given, **more)
        self._turn = turn
        self._health = health
        self._of_server = server_breaker

    def next_attempt(self, session: Session) -> Attempt | None:
        """Give the next contact's attempt, made and claimed, if it is this server's turn."""
        if not self._turn.may_begin(self._clock()):
            return None
        attempt = super().next_attempt(session)
        if attempt is not None:
            self._turn.begun(attempt.contact, self._clock())
        return attempt

    def not_sent(self, attempt: Attempt, why: str) -> None:
        """Let the row go again. A server on trial whose connection dies has failed."""
        super().not_sent(attempt, why)
        if why and not self._health.in_use:
            self._of_server.trial_failed(why)
