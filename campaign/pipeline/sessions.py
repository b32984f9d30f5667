"""Sessions that could not be had: when the next one is tried, when it is time to stop, how many the server takes.

Takes each failure, and the successes; gives the seconds to wait. Moments and lengths of time are in seconds.
"""

from campaign.backoff import reconnect_waits
from campaign.delivery import judge
from campaign.model import Phase
from campaign.pipeline.trouble import Troubles
from campaign.smtp.session_error import SessionError

_FIRST_SESSION_TRIES = 5
"""Failed attempts to get a first session before the run gives up."""


class Sessions:
    """One worker's record of them."""

    def __init__(self, troubles: Troubles, *, stop_after: int, backoff: float) -> None:
        """`backoff`: the first wait; it is doubled while no session is of use."""
        self.crowded: int | None = None
        """How many connections the server seems to take, where it has said that they are too many."""
        self._troubles = troubles
        self._stop_after = stop_after
        self._backoff = backoff
        self._waits = reconnect_waits(backoff)
        self._failed = 0
        self._ever_open = False

    def opened(self) -> None:
        """Hear of a new session. Whether it is of use will be seen."""
        self._ever_open = True

    def of_use(self) -> None:
        """Hear that one was: the server has said something of a message."""
        if self._failed:
            self._failed = 0
            self._waits = reconnect_waits(self._backoff)

    def failed(self, error: SessionError, *, others: int) -> float:
        """Hear that one could not be had, or was of no use, while `others` are open or being opened. Give the seconds
        until the next attempt. Where it is our own fault, or the server's for good, `Troubles` has the reason to stop.
        """
        verdict = judge(error.phase, error.reply)
        if verdict.stop and (error.phase in (Phase.AUTH, Phase.STARTTLS) or not self._ever_open):
            self._troubles.stop(error)
        elif others:
            if error.reply is not None:
                self.fewer(others, error.what)
            return self._backoff
        else:
            self._failed += 1
            patient = self._ever_open or error.reply is not None  # there is a server at least
            most = self._stop_after if patient else min(_FIRST_SESSION_TRIES, self._stop_after)
            if self._failed >= most:
                self._troubles.stop(error)
        wait = next(self._waits)
        if self._troubles.reason is None:
            self._troubles.notice(f"{error.what}; next attempt in {wait:.0f} s")
        return wait

    def fewer(self, connections: int, why: str) -> None:
        """Make do with so many."""
        self.crowded = max(1, connections)
        self._troubles.notice(f"the server wants fewer connections ({why}); now at most", "connections")
