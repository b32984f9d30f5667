"""New sessions for the pool: asked for in good time, told to the handler, and not at all for a while after a failure.

A session that ends before the server has replied to any command of a message counts as one that could not be had,
however well it had begun. Otherwise a server that greets and hangs up would be asked again and again, without a pause
or end.
"""

from collections import deque
from collections.abc import Callable, Collection
from dataclasses import replace

from campaign.model import Phase
from campaign.smtp.connection import Connection
from campaign.smtp.delivery_handler import DeliveryHandler
from campaign.smtp.dsn import DsnUses
from campaign.smtp.pipelining.trials import PipeliningTrials
from campaign.smtp.reply.censor import without_earlier_links
from campaign.smtp.session.error import SessionError
from campaign.smtp.session.session import Session
from campaign.smtp.session_opener import SessionOpener

_RECENT = 128
"""Messages whose links a server may still quote: a refusal may be about an earlier one."""


class SessionSupply:
    """Makes connections of the sessions that are opened. Moments are monotonic seconds."""

    def __init__(
        self,
        connect: Callable[[], Session],
        handler: DeliveryHandler,
        trials: PipeliningTrials,
        dsn: DsnUses,
        *,
        wake: Callable[[], None],
        clock: Callable[[], float],
        beside: bool = False,
    ) -> None:
        """`beside`: see `SessionOpener`."""
        self._opener = SessionOpener(connect, wake=wake, beside=beside)
        self._handler = handler
        self._trials = trials
        self._dsn = dsn
        self._clock = clock
        self._one_at_a_time = False
        self._recent_tokens: deque[str] = deque(maxlen=_RECENT)

    @property
    def under_way(self) -> int:
        """How many are being opened, or wait to be taken."""
        return self._opener.under_way

    def request(self, wanted: int, connections: Collection[Connection]) -> None:
        """Ask for sessions until `wanted` are open or under way: for none while that would be too early, and for one at
        a time after one that ended before it was used, until another is used.
        """
        if self._one_at_a_time:
            self._one_at_a_time = not any(connection.used for connection in connections)
            wanted = min(wanted, 1) if self._one_at_a_time else wanted
        self._opener.request(wanted - len(connections), self._clock())

    def shortened(self, wait: float) -> float:
        """Shorten a wait in seconds to when the next session may be asked for, if one was asked for too early."""
        if not self._opener.asked_too_early:
            return wait
        self._opener.asked_too_early = False
        return min(wait, max(0.0, self._opener.not_before - self._clock()))

    def next_connection(self, *, open_now: int, limit: int) -> Connection | None:
        """Give the next session that has come, if there is one and room for it; hear why others have not."""
        while self._opener.under_way and (arrival := self._opener.fetch()) is not None:
            if isinstance(arrival, SessionError):
                self._failed(arrival, open_now)
            elif open_now >= limit:
                arrival.hang_up()
            else:
                self._handler.session_opened(arrival)
                trials = self._trials
                return Connection(
                    arrival,
                    now=self._clock(),
                    trial=trials.of(arrival),
                    dsn=self._dsn.of(arrival),
                    grouping=trials.mode != "off",
                    recent_tokens=self._recent_tokens,
                )
        return None

    def connection_ended(self, connection: Connection, why: str, *, open_now: int) -> None:
        """Note that a connection is gone; `why`, where the server hung up. Unused, it counts as a failure."""
        if connection.used or not (why or connection.closing_reply):
            return
        phase, reply = connection.closing_reply or (Phase.EHLO, None)
        words = f"{reply.code} {reply.text}" if reply else why
        what = f"the session ended before it carried a message: {words}"
        self._one_at_a_time = True
        self._failed(SessionError(what, phase=phase, reply=reply), open_now)

    def close(self) -> None:
        """Hang up on whatever has arrived, or still will."""
        self._opener.close()

    def _failed(self, error: SessionError, open_now: int) -> None:
        # A server may repeat to this session what was said in an earlier one.
        error.what = without_earlier_links(error.what, self._recent_tokens)
        if error.reply is not None:
            error.reply = replace(error.reply, text=without_earlier_links(error.reply.text, self._recent_tokens))
        wait = self._handler.session_failed(error, others=open_now + self._opener.under_way)
        self._opener.not_before = self._clock() + wait
