"""Everything a worker must know, as plain values that travel to another process (by pickle, over a pipe)."""

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from campaign.dkim import SigningKey
from campaign.ledger_place import DatabasePlace, Place
from campaign.schedule import Schedule
from campaign.settings import LinkSettings, MessageSettings
from campaign.smtp.pipelining.trials import Pipelining
from campaign.smtp.session.server import Server
from campaign.worker.domain_limits import DomainLimit


@dataclass(frozen=True, slots=True, kw_only=True)
class MessagePlan:
    """What every message of the campaign is made from."""

    campaign: str
    message: MessageSettings
    link: LinkSettings
    """Without its secret."""
    link_secret: str = field(repr=False)
    """A throw-away one, where nobody is to be signed in."""
    window: Schedule
    signing_keys: tuple[SigningKey, ...] = ()
    """For DKIM; none: messages go unsigned."""
    unsigned: frozenset[bytes] = frozenset()
    """Header fields, in lower case, that the relay writes anew: no signature covers them."""
    message_id_domain: str | None = None
    """That of the campaign's first run, so that the Message-IDs stay; None: the sender's."""
    message_id_secret: bytes | None = field(default=None, repr=False)
    """What they are made with; None where nothing is sent, and for a campaign that began before there was one."""
    contact_key_salt: bytes | None = field(default=None, repr=False)
    """The campaign's, so that `contact.key` stays; None: one that is thrown away."""
    verp: bool = False
    """Whether each contact has a return path of its own."""
    folder: Path = Path()
    """The campaign's, which attachments lie in."""
    private: tuple[Path, ...] = ()
    """Files and folders in it that are never attached."""
    attached: Mapping[str, bytes] | None = field(default=None, repr=False)
    """The parts of the attachments that are the same for all, by path; None: they are to be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerOrders:
    """How one server is to be used."""

    server: Server
    connections: int
    rate: float | None
    """Messages a second, all processes together (`ledger.rate_limit`); None: as many as can be."""
    pipelining: Pipelining
    messages_per_connection: int
    seconds_per_connection: float
    in_flight: int = 1
    """Messages that a connection may have without their reply, where the server takes that."""
    daily_limit: tuple[int, ...] = ()
    """Messages a day of the window's zone, all processes together: a ladder of one step; none: no limit."""
    weight: float | None = None
    """Its share among those of its priority; None: it takes as many as it can, or is 1 beside others' weights."""
    priority: int = 1
    """The lowest comes first."""

    @property
    def name(self) -> str:
        """What it is called, where there are several; otherwise ""."""
        return self.server.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A worker's orders."""

    ledger: Place
    by_ledger: bool = False
    """Whether the run's owner hears of this worker through the ledger alone, and it of the owner."""
    run: int | None = None
    """The number of the run that these are for, where it has one."""
    worker_name: str = ""
    """What whoever placed this worker calls it, for people."""
    message_plan: MessagePlan
    servers: tuple[ServerOrders, ...]
    """In order of priority: one, as a rule."""
    tries: int
    first_wait: float
    longest_wait: float
    """Seconds."""
    stop_after: int
    """Failures in a row, seemingly our own or the server's, that stop the run."""
    min_lifetime: float = 0.0
    """Seconds that a link must still live when its message leaves."""
    opening_is_set: bool = False
    """Whether the operator has said when the window opens; otherwise it opened when the campaign began."""
    wait: bool = True
    """Whether to wait for hours to come, and for the next day where today's number is reached; otherwise the run ends.
    """
    daily_limit: tuple[int, ...] = ()
    """Messages a day, by days with mail, the last one for all that follow; none: as many as can be."""
    domain_limits: Mapping[str, DomainLimit] = field(default_factory=dict)
    """By recipient domain, in lower-case ASCII."""
    rows_beyond: int | None = None
    """Where an even pace is to be kept: pending rows of the campaign that are none of this run's."""
    profile: bool = False
    events: bool = False
    """Whether somebody wants to know of single messages (`WorkerReport.events`)."""
    event_addresses: bool = False
    """Whether these name addresses."""
    backoff: float = 1.0
    """Seconds before the next attempt at a server that takes no session or says "slow down"; doubled when it goes on.
    The rate falls and climbs in the same measure.
    """

    def shares(self, processes: int) -> Iterator["Job"]:
        """Divide the connections among so many processes, and the messages that domains may have under way. A ledger
        that several machines share divides them itself, among all their processes (`WorkerLedger.budget`).
        """
        if isinstance(self.ledger, DatabasePlace):
            yield from itertools.repeat(self, processes)
            return
        for number in range(processes):
            yield replace(
                self,
                servers=tuple(
                    replace(one, connections=max(1, (one.connections + number) // processes)) for one in self.servers
                ),
                domain_limits={domain: limit.share(number, processes) for domain, limit in self.domain_limits.items()},
            )
