"""The dispatcher of one server of several: as `Dispatcher`, but no message begins unless the server's turn has come."""

from typing import Any

from campaign.model import Attempt
from campaign.smtp.session.session import Session
from campaign.worker.dispatcher import Dispatcher, Shared


class SharedDispatcher(Dispatcher):
    """One server's, in one worker. Takes what `Dispatcher` takes."""

    def __init__(self, *given: Any, shared: Shared, **more: Any) -> None:
        super().__init__(*given, shared=shared, **more)
        self._shared = shared

    def next_attempt(self, session: Session) -> Attempt | None:
        """Give the next contact's attempt, made and claimed, if it is this server's turn."""
        turn = self._shared.turn
        if not turn.may_begin(self._clock()):
            return None
        attempt = super().next_attempt(session)
        if attempt is not None:
            turn.begun(attempt.contact, self._clock())
        return attempt

    def not_sent(self, attempt: Attempt, why: str) -> None:
        """Let the row go again. A server on trial whose connection dies has failed."""
        super().not_sent(attempt, why)
        if why and not self._shared.health.in_use:
            self._shared.breaker.trial_failed(why)
