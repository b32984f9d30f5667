"""Questions to the DNS, each asked once, with a limit on each and a deadline for all of them.

In: names and types. Out: `Answer`s. A name server's failure, silence and an unreachable network are UNANSWERED: they
say nothing about a record, and are never taken for its absence. Raises `NoNameServerError` where none is known.

Limits: answers are believed as they come (no DNSSEC), and a name server inside a company may show other records than
the rest of the world gets.
"""

import asyncio
from dataclasses import dataclass
from enum import Enum, auto
from typing import Literal

import dns.asyncresolver
import dns.exception
import dns.name
import dns.rcode
import dns.resolver

Kind = Literal["TXT", "MX", "A", "AAAA"]
_EDNS_SIZE = 1232  # what passes everywhere in one piece; above it the answer comes by TCP (RFC 9715 section 3.2)


class NoNameServerError(Exception):
    """This machine names none to ask, and none was given."""


class Outcome(Enum):
    """What came of a question."""

    FOUND = auto()
    NO_RECORD = auto()
    """The name is there, and has no record of this type."""
    NO_NAME = auto()
    """There is no such name (NXDOMAIN), or it can't be one."""
    UNANSWERED = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One question, and what came of it."""

    name: str
    kind: Kind
    outcome: Outcome
    values: tuple[str, ...] = ()
    """TXT: each record as one text, its strings joined. MX: host names, the preferred one first; "." for a null MX
    (RFC 7505). A, AAAA: addresses.
    """
    why: str = ""
    """Why it is UNANSWERED."""

    @property
    def unanswered(self) -> bool:
        """Whether nothing is known."""
        return self.outcome is Outcome.UNANSWERED

    @property
    def void(self) -> bool:
        """Whether it was answered with nothing: a void lookup of RFC 7208 section 4.6.4."""
        return self.outcome in (Outcome.NO_RECORD, Outcome.NO_NAME)


@dataclass(frozen=True, slots=True, kw_only=True)
class NameServer:
    """Whom to ask, and how long to wait."""

    address: str = ""
    """An IP address; "" is the system's own (/etc/resolv.conf)."""
    port: int = 53
    each: float = 5.0
    """Seconds that one question may take."""
    whole: float = 15.0
    """Seconds that all of them may take together."""


class Resolver:
    """Asks a name server. Made where an event loop runs: the deadline counts from then."""

    def __init__(self, server: NameServer) -> None:
        try:
            self._resolver = dns.asyncresolver.Resolver(configure=not server.address)
        except dns.resolver.NoResolverConfiguration:
            raise NoNameServerError from None
        if server.address:
            self._resolver.nameservers = [server.address]
            self._resolver.port = server.port
        self._resolver.use_edns(0, 0, _EDNS_SIZE)
        self._each = server.each
        self._deadline = asyncio.get_running_loop().time() + server.whole
        self._asked: dict[tuple[str, Kind], asyncio.Task[Answer]] = {}

    async def ask(self, name: str, kind: Kind) -> Answer:
        """Ask, or give what was answered before."""
        key = (name.lower().removesuffix("."), kind)
        if key not in self._asked:
            self._asked[key] = asyncio.create_task(self._ask(*key))
        return await self._asked[key]

    async def addresses(self, name: str) -> tuple[Answer, Answer]:
        """Ask for IPv4 and IPv6 addresses."""
        four, six = await asyncio.gather(self.ask(name, "A"), self.ask(name, "AAAA"))
        return four, six

    def heard(self) -> list[Answer]:
        """Every answer so far."""
        return [task.result() for task in self._asked.values() if task.done()]

    async def _ask(self, name: str, kind: Kind) -> Answer:
        seconds = min(self._each, self._deadline - asyncio.get_running_loop().time())
        if seconds <= 0:
            return Answer(name=name, kind=kind, outcome=Outcome.UNANSWERED, why="the time for all questions was up")
        try:
            absolute = dns.name.from_text(f"{name}.")
        except (dns.exception.DNSException, ValueError):  # a label that is empty or too long: it is nobody's name
            return Answer(name=name, kind=kind, outcome=Outcome.NO_NAME)
        try:
            found = await self._resolver.resolve(absolute, kind, lifetime=seconds, raise_on_no_answer=False)
        except dns.resolver.NXDOMAIN:
            return Answer(name=name, kind=kind, outcome=Outcome.NO_NAME)
        except (dns.exception.DNSException, OSError) as error:
            return Answer(name=name, kind=kind, outcome=Outcome.UNANSWERED, why=_why(error, seconds))
        if found.rrset is None:
            return Answer(name=name, kind=kind, outcome=Outcome.NO_RECORD)
        return Answer(name=name, kind=kind, outcome=Outcome.FOUND, values=_values(found.rrset, kind))


def _values(records: dns.rrset.RRset, kind: Kind) -> tuple[str, ...]:
    if kind == "TXT":
        # Joined without a space: RFC 7208 section 3.3, RFC 6376 section 3.6.2.2.
        return tuple(b"".join(record.strings).decode("utf-8", "replace") for record in records)
    if kind == "MX":
        ranked = sorted(records, key=lambda record: (record.preference, record.exchange))
        return tuple(record.exchange.to_text(omit_final_dot=True).lower() or "." for record in ranked)
    return tuple(record.address for record in records)


def _why(error: Exception, seconds: float) -> str:
    if isinstance(error, dns.exception.Timeout):
        return f"no answer within {f'{seconds:.1f}'.removesuffix('.0')} s"
    if isinstance(error, dns.resolver.NoNameservers):
        # One entry a try: name server, whether by TCP, port, what went wrong, the answer if there was one.
        told = [entry[4] for entry in error.kwargs.get("errors", ()) if entry[4] is not None]
        if told:
            return f"the name server says {dns.rcode.to_text(told[-1].rcode())}"
        return "no name server can be reached"
    return f"the answer can't be used ({type(error).__name__})"
