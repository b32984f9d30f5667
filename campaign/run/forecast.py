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
    def set_by(self) -> str:
        """What sets the pace: "rate", "machine", "connections", "server_rate"; "" where nothing is known to."""
        bounds = self._bounds()
        name = min(bounds, key=lambda one: bounds[one])
        if bounds[name] >= UNKNOWN:
            return ""
        if name == "servers":
            return (
                "connections" if any(_or_unknown(one.per_second) <= one.most for one in self.servers) else "server_rate"
            )
        return name

    def _bounds(self) -> dict[str, float]:
        return {
            "rate": _or_unknown(self.rate),
            "servers": sum(one.most for one in self.servers),
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


def _or_unknown(per_second: float | None) -> float:
    return UNKNOWN if per_second is None else per_second
