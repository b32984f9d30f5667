"""Dovecot: its submission server in front of a server of the tests, LMTP with a Maildir, and IMAP over one.

The submission server keeps nothing: it answers what the server behind it answers. Its process panics where an envelope
stands behind the end of a body in the same packet, and the message before that has gone on by then. It wants one
signed in, always; the LMTP server never.
"""

import itertools
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.real_servers.arrivals import free_ports, mailbox, wait_for_listener
from tests.real_servers.certificates import certificate
from tests.real_servers.chroot import MAILBOX, UIDS, Chroot
from tests.real_servers.install import Unavailable
from tests.real_servers.relay import DOMAIN, PASSWORD, USERNAME, Relay
from tests.smtp_server import FaultServer

_COMMON = f"""
base_dir = /run/dovecot
log_path = /var/log/mail.log
listen = 127.0.0.1
hostname = {DOMAIN}
postmaster_address = postmaster@{DOMAIN}
disable_plaintext_auth = no
auth_username_format = %Lu
auth_mechanisms = plain login cram-md5 scram-sha-256
mail_location = maildir:{MAILBOX}
ssl = yes
ssl_cert = </etc/dovecot/chain.pem
ssl_key = </etc/dovecot/key.pem
userdb {{
  driver = static
  args = uid=vmail gid=vmail home=/home/vmail
}}
"""
_SUBMISSION = """
protocols = submission
passdb {{
  driver = passwd-file
  args = scheme=PLAIN username_format=%u /etc/dovecot/users
}}
service submission-login {{
  inet_listener submission {{
    port = {port}
  }}
  inet_listener submissions {{
    port = {tls_port}
    ssl = yes
  }}
}}
submission_relay_host = 127.0.0.1
submission_relay_port = {behind}
"""
_LMTP = """
protocols = lmtp
passdb {{
  driver = static
  args = nopassword=y
}}
service lmtp {{
  inet_listener lmtp {{
    port = {port}
  }}
}}
"""
_IMAP = """
protocols = imap
passdb {{
  driver = passwd-file
  args = scheme=PLAIN username_format=%u /etc/dovecot/users
}}
namespace inbox {{
  inbox = yes
}}
service imap-login {{
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
    ssl = yes
  }}
}}
"""
DEFAULT_GREETING = "Dovecot ready."


_COUNT = itertools.count()


@contextmanager
def start_submission(*, sign_in: bool = True, greeting: str = DEFAULT_GREETING) -> Iterator[Relay]:
    """Run the submission server. Raises Unavailable where it should take mail from anybody: it never does."""
    if not sign_in:
        raise Unavailable("Dovecot's submission server takes mail only from those who have signed in")
    with FaultServer() as behind, Chroot("dovecot") as chroot:
        port, tls_port = free_ports(2)
        _run(chroot, _SUBMISSION.format(port=port, tls_port=tls_port, behind=behind.port), greeting)
        wait_for_listener(tls_port, chroot)
        wait_for_listener(port, chroot)
        yield Relay(
            name=f"Dovecot submission {_version(chroot)}",
            port=port,
            tls_port=tls_port,
            ca_file=certificate().trust(chroot.path),
            username=USERNAME,
            password=PASSWORD,
            delivered=lambda: [message.data or b"" for message in behind.accepted],
            log=chroot.log,
            connection_line=r"submission-login: Info: Login: ",
        )


@contextmanager
def start_lmtp(*, greeting: str = DEFAULT_GREETING) -> Iterator[Relay]:
    """Run the LMTP server, which delivers for everybody into one Maildir."""
    with Chroot("dovecot") as chroot:
        (port,) = free_ports(1)
        _run(chroot, _LMTP.format(port=port), greeting)
        wait_for_listener(port, chroot)
        yield Relay(
            name=f"Dovecot LMTP {_version(chroot)}",
            port=port,
            ca_file=certificate().trust(chroot.path),
            protocol="lmtp",
            delivered=mailbox(chroot),  # it answers once the file is there
            log=chroot.log,
            connection_line=r"lmtp\(\d+\): Info: Connect from ",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ImapServer:
    """Dovecot as the server of a mailbox."""

    port: int
    """With STARTTLS."""
    tls_port: int
    ca_file: Path
    chroot: Chroot

    def put(self, *mails: bytes, folder: str = "") -> None:
        """Put mails into a folder that there is, "" for the inbox, as a delivery agent would."""
        for octets in mails:
            name = f"{next(_COUNT)}.mx"
            file = self._folder(folder) / "tmp" / name
            file.write_bytes(octets)
            os.chown(file, UIDS["vmail"], UIDS["vmail"])
            file.rename(self._folder(folder) / "new" / name)

    def mails(self, folder: str = "") -> dict[bytes, str]:
        """Give mails of a folder, each with its flags: "S" where it was seen (https://cr.yp.to/proto/maildir.html)."""
        files = [*(self._folder(folder) / "new").iterdir(), *(self._folder(folder) / "cur").iterdir()]
        return {file.read_bytes(): file.name.partition(":2,")[2] for file in files}

    def _folder(self, folder: str) -> Path:
        return self.chroot.outside(MAILBOX) / (f".{folder}" if folder else "")


@contextmanager
def start_imap(*, folders: tuple[str, ...] = ("Settled",)) -> Iterator[ImapServer]:
    """Run the IMAP server, over one Maildir, for USERNAME."""
    with Chroot("dovecot-imap") as chroot:
        for folder in folders:
            for name in ("", "/new", "/cur", "/tmp"):
                chroot.folder(f"{MAILBOX}/.{folder}{name}", owner="vmail", mode=0o700)
        port, tls_port = free_ports(2)
        _run(chroot, _IMAP.format(port=port, tls_port=tls_port), DEFAULT_GREETING)
        wait_for_listener(tls_port, chroot)
        wait_for_listener(port, chroot)
        ca_file = certificate().trust(chroot.path)
        yield ImapServer(port=port, tls_port=tls_port, ca_file=ca_file, chroot=chroot)


def _run(chroot: Chroot, own: str, greeting: str) -> None:
    chroot.write("/etc/dovecot/dovecot.conf", f"{_COMMON}{own}login_greeting = {greeting}\n")
    chroot.write("/etc/dovecot/chain.pem", certificate().chain)
    chroot.write("/etc/dovecot/key.pem", certificate().key, mode=0o600)
    # Fields are parted by colons; Dovecot takes the password as it stands.
    chroot.write("/etc/dovecot/users", f"{USERNAME}:{{PLAIN}}{PASSWORD}\n", owner="dovecot", mode=0o600)
    chroot.spawn("/usr/sbin/dovecot", "-F", "-c", "/etc/dovecot/dovecot.conf")


def _version(chroot: Chroot) -> str:
    return chroot.run("/usr/sbin/dovecot", "--version").split()[0]
