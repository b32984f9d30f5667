"""How a run goes at this moment: what its owner shows to whoever watches, beside the run or from elsewhere.

    workers ─▶ run/ (adds up, once a second) ─▶ ledger (for `status`) and watchers (events, metrics)

Plain values; moments are Unix seconds, rates are contacts or messages a second. No address and no link is in them:
rows are named by their number. `as_json` and `of_json` are each other's opposite. Raises nothing, but that `of_json`
raises ValueError, TypeError or KeyError for what is no such text.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """One time that a server did not take a message, or that nobody can know whether it did."""

    at: float
    status: str
    """What became of the row: `rejected`, `failed`, `in_doubt`; `pending`: it is tried again."""
    row: int
    server: str
    code: int | None
    enhanced: str | None
    text: str
    """The server's, without links and addresses; or ours, where there was no reply."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerNow:
    """One server, over all processes."""

    name: str
    connections: int
    """That are open."""
    limit: int
    """That may be: as many as the server was seen to take."""
    most: int
    """That are configured."""
    slowed_to: float | None = None
    """Messages a second that throttling leaves; None: there is none."""
    slowed_by: str = ""
    """What it said when it asked to go slower, as long as that holds."""
    fewer_by: str = ""
    """What it said when it wanted fewer connections, as long as there are fewer."""
    out: str = ""
    """Why it gets no mail just now, where there are several; empty: it does, or could."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunNow:
    """One run, at one moment."""

    at: float
    pid: int
    """Of its owner, on that host."""
    phase: str
    """`waiting` (nothing may be begun yet), `sending`, or `stopping` (what is in flight is finished)."""
    host: str = ""
    workers: int = 0
    """Processes that are at work for it, there and elsewhere."""
    started_at: float | None = None
    """When it began to send."""
    total: int = 0
    """Contacts that it set out to mail; while the file is being read, those read so far."""
    settled: Mapping[str, int] = field(default_factory=dict)
    """Of these, by status."""
    under_way: int = 0
    deferred: int = 0
    """Contacts that are to be tried again."""
    next_try_at: float | None = None
    rate: float = 0.0
    """Contacts settled a second, of late."""
    rates: tuple[float, ...] = ()
    """The same over stretches of `rates_every` seconds, the latest last."""
    rates_every: float = 5.0
    servers: tuple[ServerNow, ...] = ()
    waits_for: str = ""
    """What keeps it from beginning more, in words; empty: nothing."""
    waits_until: float | None = None
    day_reached: int = 0
    """Today's number of messages, where it is reached, and all that is left waits for another day."""
    opens: tuple[int, str] | None = None
    """Where all that is left waits for its hours, or another day: when the first goes on, in Unix seconds and in words.
    """
    window_closes_at: float | None = None
    refusals: tuple[Refusal, ...] = ()
    """The last few, the latest last."""

    @property
    def connections(self) -> int:
        """How many are open."""
        return sum(server.connections for server in self.servers)

    @property
    def slowed_to(self) -> float | None:
        """Messages a second that throttling leaves, all servers together; None: one at least is not throttled."""
        rates = [server.slowed_to for server in self.servers]
        return None if None in rates or not rates else sum(rate for rate in rates if rate is not None)

    @property
    def done(self) -> int:
        """How many contacts it has come to an end with."""
        return sum(self.settled.values())

    @property
    def seconds_left(self) -> float | None:
        """How long the rest takes at the rate of late; None where that can't be told."""
        left = self.total - self.done
        return left / self.rate if self.rate > 0 and left > 0 else None


def as_json(now: RunNow) -> str:
    """Write it down."""
    return json.dumps(asdict(now))


def of_json(text: str) -> RunNow:
    """Read it back. Fields that a later version has added are left out."""
    found: dict[str, Any] = json.loads(text)
    known = {name: found[name] for name in RunNow.__dataclass_fields__ if name in found}
    return RunNow(
        **known
        | {
            "rates": tuple(map(float, found["rates"])),
            "opens": found["opens"] and (int(found["opens"][0]), str(found["opens"][1])),
            "servers": tuple(ServerNow(**server) for server in found["servers"]),
            "refusals": tuple(Refusal(**refusal) for refusal in found["refusals"]),
        }
    )
