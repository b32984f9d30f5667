"""A name server on loopback that is the authority for all names: it knows a few TXT records, and nothing else exists.

For verifiers that want keys and policies from the DNS. It listens on one free port, by UDP.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from dnslib import QTYPE, RCODE, RR, TXT, DNSRecord
from dnslib.server import DNSHandler, DNSLogger, DNSServer

_STRING = 255
"""Octets that one character-string of a TXT record may have (RFC 1035 section 3.3); a longer text is several."""


@contextmanager
def serving(texts: Mapping[str, str]) -> Iterator[int]:
    """Answer with these TXT records, by name, until the block ends; gives the port."""
    server = DNSServer(_Texts(texts), "127.0.0.1", 0, logger=DNSLogger("-request,-reply"))
    server.start_thread()
    try:
        port: int = server.server.server_address[1]
        yield port
    finally:
        server.stop()
        server.server.server_close()


class _Texts:
    """What dnslib calls a resolver."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self._texts = {name.lower().rstrip("."): text.encode() for name, text in texts.items()}

    def resolve(self, request: DNSRecord, handler: DNSHandler) -> DNSRecord:
        reply = request.reply()
        text = self._texts.get(str(request.q.qname).lower().rstrip("."))
        if text is None:
            reply.header.rcode = RCODE.NXDOMAIN
        elif request.q.qtype == QTYPE.TXT:
            strings = [text[start : start + _STRING] for start in range(0, len(text), _STRING)]
            reply.add_answer(RR(request.q.qname, QTYPE.TXT, rdata=TXT(strings), ttl=60))
        return reply
