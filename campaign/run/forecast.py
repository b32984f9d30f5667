"""When a run will end: a calculation with open hours, rates, limits of the day and several servers, nothing measured.

In: a `SendPlan` of plain values, and the moment at which it begins (aware). Out: a `Forecast`: when the last message
leaves, or how many do not, and what it was that set the pace. Raises nothing. `forecast_steps` does the calculating.

Limits: rows that are tried again are not foreseen, nor a server that throttles; queues are drained in proportion to
what stands in them, as rows in no particular order are.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, tzinfo

Spans = Sequence[tuple[datetime, datetime | None]]
"""Open spans in order, aware; the end of the last may be None: it never closes."""

DayLimit = Callable[[date, int], int | None]
"""What may still be sent on a day, before which there were so many others with mail from now on; None: any number."""

UNKNOWN = 1e6
"""Messages a second, where nothing is known of how many it can be: as good as no time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueForecast:
    """Rows that wait for the same thing."""

    rows: int
    spans: Spans
    """When they may go."""
    rate: float | None = None
    """Messages a second at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerForecast:
    """A server that messages go through."""

    per_second: float | None
    """What can go through it, with its connections and its round trip; None: that is not known."""
    rate: float | None = None
    """Messages a second at most."""
    day_limit: DayLimit | None = None
    priority: int = 1
    """Servers of a higher number are only used once all of a lower one have had their day's messages."""
    weight: float | None = None
    """Its part beside others of its priority; None for all of them: each as much as it can."""

    @property
    def most(self) -> float:
        """Messages a second."""
        return min(_or_unknown(self.per_second), _or_unknown(self.rate))


@dataclass(frozen=True, slots=True, kw_only=True)
class SendPlan:
    """All that the end depends on."""

    queues: Sequence[QueueForecast]
    servers: Sequence[ServerForecast]
    zone: tzinfo
    """Whose days count."""
    rate: float | None = None
    """Messages a second at most, all servers together."""
    machine: float | None = None
    """Messages a second that this machine can make and send; None: that is not known."""
    day_limit: DayLimit | None = None
    """All servers together."""
    mail_today: bool = False
    """Whether mail was sent on the first day already."""
    delay: float = 0.0
    """Seconds that are lost in the beginning."""

    @property
    def rows(self) -> int:
        """All of them."""
        return sum(queue.rows for queue in self.queues)

    @property
    def has_day_limits(self) -> bool:
        """Whether days matter at all."""
        return self.day_limit is not None or any(server.day_limit is not None for server in self.servers)

    @property
    def most(self) -> float:
        """Messages a second, whatever the hour and the day; `UNKNOWN` or more where that is not known."""
        return min(self._bounds().values())

    @property
    def shared(self) -> float:
        """Messages a second that all servers together may be given."""
        return min(_or_unknown(self.rate), _or_unknown(self.machine))

    @property
    def set_by(self) -> str:
        """What sets the pace: "rate", "machine", "connections", "server_rate"; "" where nothing is known to."""
        bounds = self._bounds()
        name = min(bounds, key=lambda one: bounds[one])
        if bounds[name] >= UNKNOWN:
            return ""
        if name == "servers":
            by_connections = [_or_unknown(one.per_second) <= one.most for one in first_in_turn(self.servers)]
            return "connections" if any(by_connections) else "server_rate"
        return name

    def _bounds(self) -> dict[str, float]:
        return {
            "rate": _or_unknown(self.rate),
            "servers": sum(capacities(self.servers)),
            "machine": _or_unknown(self.machine),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A time in which messages flow evenly."""

    begins: datetime
    ends: datetime
    messages: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """How it will go."""

    rows: int
    ends: datetime | None
    """When the last message that leaves has left, in UTC; None where none does."""
    unsent: int
    """Rows that stay pending."""
    per_second: float
    """The pace in the beginning."""
    set_by: str
    """What sets the pace there, as in `SendPlan`."""
    day_limited: bool
    """Whether a limit of the day was reached with rows left."""
    pieces: tuple[Piece, ...] = field(repr=False)

    @property
    def fits(self) -> bool:
        """Whether nobody is left."""
        return not self.unsent


def first_in_turn(servers: Sequence[ServerForecast]) -> Sequence[ServerForecast]:
    """Give the servers of the lowest priority number: the others wait until these can't."""
    first = min((one.priority for one in servers), default=0)
    return [one for one in servers if one.priority == first]


def capacities(servers: Sequence[ServerForecast]) -> list[float]:
    """Give the messages a second through each of the servers, as they share: 0 for those whose turn it is not."""
    first = min((one.priority for one in servers), default=0)
    turn = first_in_turn(servers)
    share = None
    if any(one.weight is not None for one in turn):  # the slowest for its part is waited for, unless its rate is why
        waited_for = [one for one in turn if one.rate is None or one.rate > one.most] or turn
        share = min(one.most / (one.weight or 1.0) for one in waited_for)
    return [
        0.0 if one.priority != first else one.most if share is None else min(one.most, share * (one.weight or 1.0))
        for one in servers
    ]


def _or_unknown(per_second: float | None) -> float:
    return UNKNOWN if per_second is None else per_second
