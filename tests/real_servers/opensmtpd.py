"""OpenSMTPD: any address is a local one. It lets nobody sign in before TLS.

Debian 12's, 6.8.0p2, cannot do TLS at all: every handshake fails with OpenSSL 3 (github.com/OpenSMTPD/OpenSMTPD, issue
1171, mended in 7). Then the relay has no TLS, and with `sign_in` Unavailable is raised.
"""

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.real_servers.arrivals import free_ports, mailbox, wait_for_listener
from tests.real_servers.certificates import certificate
from tests.real_servers.chroot import MAILBOX, Chroot
from tests.real_servers.install import Unavailable
from tests.real_servers.relay import DOMAIN, PASSWORD, USERNAME, Relay

_CREDENTIALS = "/etc/credentials"


@contextmanager
def start(*, sign_in: bool = False) -> Iterator[Relay]:
    """Run OpenSMTPD."""
    with Chroot("opensmtpd") as chroot:
        port, tls_port = free_ports(2)
        auth, who = (" auth <credentials>", "auth ") if sign_in else ("", "")
        configuration = f"""
pki localhost cert "/etc/chain.pem"
pki localhost key "/etc/key.pem"
{f"table credentials file:{_CREDENTIALS}" if sign_in else ""}
table everybody {{ "@" = vmail }}
smtp max-message-size 10M
listen on 127.0.0.1 port {port} tls pki localhost hostname {DOMAIN}{auth}
listen on 127.0.0.1 port {tls_port} smtps pki localhost hostname {DOMAIN}{auth}
action mailbox maildir "{MAILBOX}" virtual <everybody>
match {who}from any for any action mailbox
"""
        hashed = chroot.run("/usr/libexec/opensmtpd/encrypt", PASSWORD).strip()
        chroot.write(_CREDENTIALS, f"{USERNAME} {hashed}\n", owner="opensmtpd", mode=0o600)
        chroot.write("/etc/smtpd.conf", configuration)
        chroot.write("/etc/chain.pem", certificate().chain)
        chroot.write("/etc/key.pem", certificate().key, mode=0o600)
        chroot.spawn("/usr/sbin/smtpd", "-d")
        wait_for_listener(port, chroot)
        wait_for_listener(tls_port, chroot)
        name = f"OpenSMTPD {_version(chroot)}"
        trusted = certificate().trust(chroot.path)
        tls = _can_do_tls(tls_port, trusted)
        if sign_in and not tls:
            raise Unavailable(f"{name} wants TLS before anybody signs in, and its TLS does not work with this OpenSSL")
        yield Relay(
            name=name,
            port=port,
            tls_port=tls_port if tls else None,
            ca_file=trusted if tls else None,
            username=USERNAME if sign_in else None,
            password=PASSWORD if sign_in else None,
            delivered=mailbox(chroot, "/var/spool/smtpd/queue", "/var/spool/smtpd/incoming"),
            log=chroot.log,
            connection_line=r"smtp connected address=",
        )


def _can_do_tls(port: int, trusted: Path) -> bool:
    context = ssl.create_default_context(cafile=str(trusted))
    with socket.create_connection(("127.0.0.1", port)) as connection:
        try:
            context.wrap_socket(connection, server_hostname="localhost").close()
        except ssl.SSLError:
            return False
    return True


def _version(chroot: Chroot) -> str:
    return chroot.run("/bin/sh", "-c", "/usr/sbin/smtpd -h 2>&1; true").split()[2]
