"""Sessions that could not be had: when the next one is tried, when it is time to stop, how many the server takes.

Takes each failure, and the successes; gives the seconds to wait. Moments and lengths of time are in seconds.
"""

from campaign.model import Phase
from campaign.smtp.session.error import SessionError
from campaign.worker.backoff import reconnect_waits
from campaign.worker.circuit_breaker import CircuitBreaker
from campaign.worker.policy import About, judge, refusal

_SET_UP = frozenset({Phase.CONNECT, Phase.EHLO, Phase.STARTTLS, Phase.AUTH})
_FIRST_SESSION_TRIES = 5
"""Failed attempts to get a first session before the run gives up."""


class SessionFailures:
    """One worker's record of them."""

    def __init__(self, breaker: CircuitBreaker, *, stop_after: int, backoff: float, where: str) -> None:
        """`backoff`: the first wait; it is doubled while no session is of use. `where` names the server."""
        self.server_limit: int | None = None
        """How many connections the server seems to take, where it has said that they are too many; 0: as many as are
        open now.
        """
        self.fewer_by = ""
        """What it said when it wanted fewer the last time."""
        self._breaker = breaker
        self._stop_after = stop_after
        self._backoff = backoff
        self._where = where
        self._waits = reconnect_waits(backoff)
        self._failed = 0
        self._ever_open = False

    def session_opened(self) -> None:
        """Hear of a new session. Whether it is of use will be seen."""
        self._ever_open = True

    def session_used(self) -> None:
        """Hear that one was: the server has said something of a message."""
        if self._failed:
            self._failed = 0
            self._waits = reconnect_waits(self._backoff)

    def session_failed(self, error: SessionError, *, others: int) -> float:
        """Hear that one could not be had, or was of no use, while `others` are open or being opened. Give the seconds
        until the next attempt. Where it is our own fault, or the server's for good, the circuit
        breaker has the reason to stop.
        """
        verdict = judge(error.phase, error.reply)
        if verdict.about is About.QUOTA and error.reply is not None:
            self._breaker.stop(refusal(verdict, error.phase, error.reply, where=self._where))
        elif verdict.stop and (error.phase in (Phase.AUTH, Phase.STARTTLS) or not self._ever_open):
            self._breaker.stop(error)
        elif others:
            if error.reply is not None and error.phase in _SET_UP:
                self.want_fewer(others, error.what)
            return self._backoff
        else:
            self._failed += 1
            patient = self._ever_open or error.reply is not None  # there is a server at least
            most = self._stop_after if patient else min(_FIRST_SESSION_TRIES, self._stop_after)
            if self._failed >= most:
                self._breaker.stop(error)
        wait = next(self._waits)
        self._breaker.no_session(error.what, wait)
        return wait

    def want_fewer(self, connections: int | None, why: str) -> None:
        """Make do with so many; None: with those that are open now."""
        self.server_limit = connections or 0
        self.fewer_by = why
        self._breaker.notice(f"the server wants fewer connections ({why}); now at most", "connections")
