"""How fast a server can be mailed through, as far as a session without a message shows it.

In: what was measured in the session (a round trip, the opening, the envelope), what the server offers, and how it is
used. Out: seconds for a message, and messages a second. Raises nothing.

A message costs a connection so many round trips:

    1   with its envelope behind the body of the one before: PIPELINING (RFC 2920)
    2   the envelope in one write, then the body: where nothing may go behind a body
    4   MAIL, RCPT, DATA and the body, each waited for: without PIPELINING

and several messages may share one (`smtp.in_flight`), where the server offers CHUNKING (RFC 3030) as well.

Limits: what a server takes to accept a message, once it has it, only a message can show: it counts as nothing here
unless an earlier run of the campaign has measured it: with as many in flight as now, it is thought. Nor is it known how
much a server takes at once.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Self

from campaign.model import Phase
from campaign.smtp.envelope_probe import EnvelopeProbe
from campaign.smtp.pipelining.known_servers import known_server
from campaign.smtp.pipelining.trials import Pipelining
from campaign.smtp.session.session import Session

_TURN = 0.003
"""Seconds for which a message waits for us: for the others of its process, and for the disk that its claim goes to."""
_OPENED_AT_ONCE = 16
"""As `smtp.session_opener` does; the first one of each process alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerPace:
    """What is known of one server. Seconds."""

    round_trip: float
    trips: int
    """Round trips for a message."""
    in_flight: int = 1
    """Messages that share one of them."""
    opening: float
    """What it takes until a session can carry mail."""
    envelope: float = 0.0
    """What the server itself takes for an envelope."""
    accepting: float = 0.0
    """What it takes, besides a round trip, to accept a message, where an earlier run has measured that."""

    @classmethod
    def of(
        cls, session: Session, probe: EnvelopeProbe, *, opening: float, mode: Pipelining, in_flight: int = 1
    ) -> Self:
        """Make it of a session. `mode`, `in_flight`: the settings."""
        beyond = {one.phase: max(0.0, one.seconds - probe.round_trip) for one in probe.steps}
        trips = round_trips(session.greeting, session.features, mode=mode)
        return cls(
            round_trip=probe.round_trip,
            trips=trips,
            in_flight=in_flight if trips == 1 and "chunking" in session.features else 1,
            opening=opening,
            envelope=beyond.get(Phase.MAIL, 0.0) + beyond.get(Phase.RCPT, 0.0),
        )

    @property
    def seconds_per_message(self) -> float:
        """For which a message has a connection to itself."""
        # An envelope is the server's, one after the other. A message that was accepted with others in flight has waited
        # behind them, too: what it took, divided by their number, is its share (Little's law).
        whole = self.trips * self.round_trip + self.envelope + self.accepting + _TURN
        return max(self.envelope, whole / self.in_flight)

    def with_accepting(self, seconds: float | None) -> Self:
        """Give it with what a message took from when it began to leave until it was accepted; None: not measured."""
        return self if seconds is None else replace(self, accepting=max(0.0, seconds - self.round_trip))

    def per_second(self, connections: int, *, messages_per_connection: int) -> float:
        """Messages a second over so many connections, each of them renewed after some messages."""
        return connections / (self.seconds_per_message + self.opening / messages_per_connection)

    def delay(self, connections: int, processes: int) -> float:
        """Seconds that are lost in the beginning, until all connections are open: what a connection has to wait, in the
        mean.
        """
        each = max(1, connections // max(1, processes))
        moments = [1, *(2 + number // _OPENED_AT_ONCE for number in range(each - 1))]
        return self.opening * sum(moments) / each


def round_trips(greeting: str, features: Mapping[str, str], *, mode: Pipelining) -> int:
    """Give the round trips for a message, by what a server says of itself."""
    if "pipelining" not in features or mode == "off":
        return 4
    return 1 if mode == "auto" and known_server(greeting, features) is None else 2
