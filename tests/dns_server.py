"""An authoritative name server on loopback, by UDP and TCP on one free port, with named misbehaviours."""

from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from threading import Thread
from typing import Any, Literal

from dnslib import AAAA, CNAME, MX, QTYPE, RCODE, RR, TXT, A, DNSError
from dnslib.server import DNSLogger, DNSServer

from campaign.deliverability.dns import NameServer
from tests.smtp_server.server import HOST

Misbehaviour = Literal["SERVFAIL", "REFUSED", "silent", "truncated"]
_PIECE = 255
_POLL = 0.005
"""Seconds after which a server that is to stop does so: half a second, by itself."""


@dataclass
class Zone:
    """What the name server answers. Change it as a domain's owner would."""

    port: int = 0
    records: dict[tuple[str, str], list[Any]] = field(default_factory=dict)
    wrong: dict[str, Misbehaviour] = field(default_factory=dict)
    """By name: what is wrong with every question for it; "" is every name."""
    asked: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    """How often: name, type, protocol."""

    def txt(self, name: str, text: str, *, pieces: int = _PIECE) -> "Zone":
        """Add a TXT record, in strings of so many octets."""
        data = text.encode()
        strings = [data[at : at + pieces] for at in range(0, len(data), pieces)] or [b""]
        return self._add(name, "TXT", TXT(strings))

    def mx(self, name: str, *hosts: str) -> "Zone":
        """Add MX records, the preferred one first; "." is the null MX."""
        for number, host in enumerate(hosts):
            self._add(name, "MX", MX(host, 0 if host == "." else 10 * (number + 1)))
        return self

    def address(self, name: str, *addresses: str) -> "Zone":
        """Add A and AAAA records."""
        for address in addresses:
            self._add(name, "AAAA" if ":" in address else "A", AAAA(address) if ":" in address else A(address))
        return self

    def cname(self, name: str, target: str) -> "Zone":
        """Make a name an alias."""
        return self._add(name, "CNAME", CNAME(target))

    def _add(self, name: str, kind: str, data: Any) -> "Zone":
        self.records.setdefault((name.lower(), kind), []).append(data)
        return self

    def clear(self) -> None:
        """Begin anew."""
        self.records.clear()
        self.wrong.clear()
        self.asked.clear()

    def server(self, *, each: float = 5.0, whole: float = 15.0) -> NameServer:
        """What to ask it by."""
        return NameServer(address=HOST, port=self.port, each=each, whole=whole)

    def resolve(self, request: Any, handler: Any) -> Any:
        """Answer one question; `dnslib` calls it."""
        name, kind = str(request.q.qname).lower().removesuffix("."), QTYPE[request.q.qtype]
        self.asked[name, kind, handler.protocol] += 1
        wrong = self.wrong.get(name, self.wrong.get(""))
        if wrong == "silent":
            raise DNSError("asked to keep silent")
        reply = request.reply()
        if wrong in ("SERVFAIL", "REFUSED"):
            reply.header.rcode = getattr(RCODE, wrong)
        elif wrong == "truncated" and handler.protocol == "udp":
            reply.header.tc = 1
        else:
            self._fill(reply, name, kind)
        return reply

    def _fill(self, reply: Any, name: str, kind: str) -> None:
        while alias := self.records.get((name, "CNAME")):
            reply.add_answer(RR(name, QTYPE.CNAME, rdata=alias[0], ttl=60))
            name = str(alias[0].label).lower().removesuffix(".")
        for data in self.records.get((name, kind), ()):
            reply.add_answer(RR(name, getattr(QTYPE, kind), rdata=data, ttl=60))
        if not any(known == name or known.endswith(f".{name}") for known, _ in self.records):
            reply.header.rcode = RCODE.NXDOMAIN


@contextmanager
def name_server() -> Iterator[Zone]:
    """Start one with an empty zone. When it has stopped, no thread of it is left."""
    zone = Zone()
    quiet = DNSLogger(logf=lambda _: None)
    with ExitStack() as stack:
        for _ in range(50):  # until a port is free for both protocols
            by_udp = DNSServer(zone, address=HOST, port=0, logger=quiet)
            zone.port = by_udp.server.server_address[1]
            try:
                by_tcp = DNSServer(zone, address=HOST, port=zone.port, tcp=True, logger=quiet)
            except OSError:
                by_udp.server.server_close()
                continue
            break
        for server in (by_udp, by_tcp):
            thread = Thread(target=server.server.serve_forever, args=(_POLL,), daemon=True)
            thread.start()
            stack.callback(server.server.server_close)
            stack.callback(thread.join)
            stack.callback(server.server.shutdown)
        yield zone
