"""OpenDKIM: a milter that verifies signatures, and says what it found in an Authentication-Results field (RFC 8601).

It takes public keys from a name server (tests/dns_server.py), through the resolver that Debian builds it with, Unbound.
`postfix_asking` is a Postfix that has it look at each message, and delivers it with the field.
"""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from tests.real_servers import postfix
from tests.real_servers.arrivals import free_ports, wait_for_listener
from tests.real_servers.chroot import Chroot
from tests.real_servers.relay import Relay

AUTHORITY = "opendkim.test"
"""Whose word an Authentication-Results field is (authserv-id, RFC 8601 section 2.5)."""
_RESOLVER = """
server:
    do-not-query-localhost: no
    do-ip6: no
    module-config: "iterator"
forward-zone:
    name: "."
    forward-addr: 127.0.0.1@{port}
"""
_CONFIGURATION = """
Mode v
Socket inet:{port}@127.0.0.1
AuthservID {authority}
AlwaysAddARHeader yes
ResolverConfiguration /etc/unbound.conf
DNSTimeout 5
Syslog yes
LogResults yes
LogWhy yes
UserID nobody
AutoRestart Yes
AutoRestartRate 20/1h
MinimumKeyBits 2048
"""


@contextmanager
def start(nameserver: int) -> Iterator[int]:
    """Run it, with the name server at this port; gives the milter's own port."""
    with Chroot("opendkim") as chroot:
        (port,) = free_ports(1)
        chroot.write("/etc/unbound.conf", _RESOLVER.format(port=nameserver))
        chroot.write("/etc/opendkim.conf", _CONFIGURATION.format(port=port, authority=AUTHORITY))
        chroot.spawn("/usr/sbin/opendkim", "-f", "-x", "/etc/opendkim.conf")
        wait_for_listener(port, chroot)
        yield port
        chroot.kill()  # libmilter looks up every five seconds


@contextmanager
def postfix_asking(nameserver: int, *, sign_in: bool = False) -> Iterator[Relay]:
    """Run both. A message is taken as it is, whatever the verdict."""
    with (
        start(nameserver) as port,
        postfix.start(sign_in=sign_in, main=f"smtpd_milters = inet:127.0.0.1:{port}") as relay,
    ):
        yield relay


def verdicts(results: Sequence[str]) -> list[str]:
    """What OpenDKIM says of each signature, by the message's Authentication-Results fields: "pass", "fail", …"""
    own = [re.sub(r"\s+", " ", field) for field in results if field.split(";")[0].split()[0] == AUTHORITY]
    return [verdict for field in own for verdict in re.findall(r";\s*dkim=(\w+)", field)]
