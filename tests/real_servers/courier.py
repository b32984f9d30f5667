"""Courier: esmtpd, the queue and local delivery, with everybody at a few domains a local recipient.

What stands behind the end of a body in the same packet it drops without a word: its client waits for replies that
never come. A multipart with base64 in it gets other boundaries, which breaks signatures. It takes mail for domains that
end in one of `_DOMAINS`, and delivers all of it into one Maildir.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from tests.real_servers.arrivals import free_ports, mailbox, wait_for_listener
from tests.real_servers.certificates import certificate
from tests.real_servers.chroot import MAILBOX, UIDS, Chroot
from tests.real_servers.relay import DOMAIN, PASSWORD, USERNAME, Relay

_ETC, _LIB, _VAR = "/etc/courier", "/usr/lib/courier/courier", "/var/lib/courier"
_DOMAINS = ("localhost", "example.com", "example.org", "example.net", ".example", ".test", ".com", ".org", ".net")
_ESMTPD = """
BOFHCHECKDNS=0
BOFHSUPPRESSBACKSCATTER=none
BLACKLISTS=
ULIMIT=1000000
TLS_TRUSTCERTS=
"""
_SIGN_IN = """
AUTH_REQUIRED=1
ESMTPAUTH="PLAIN LOGIN CRAM-MD5"
ESMTPAUTH_TLS="PLAIN LOGIN CRAM-MD5"
"""
_LISTEN = "/usr/sbin/couriertcpd -nodnslookup -noidentlookup -user=courier -group=courier -address=127.0.0.1"


@contextmanager
def start(
    *, sign_in: bool = False, greeting: str | None = None, connections: int = 40, rewrites: bool = True
) -> Iterator[Relay]:
    """Run Courier. `connections`: how many it takes from one address (its own default is 5). `rewrites`: whether it
    may write MIME structure anew, as it does by default.
    """
    with Chroot("courier") as chroot:
        port, tls_port = free_ports(2)
        _set_up(chroot, greeting)
        if not rewrites:
            chroot.write(f"{_ETC}/bofh", "opt MIME=none\n")
        _configure(chroot, "esmtpd", _ESMTPD + (_SIGN_IN if sign_in else "RELAYCLIENT=\n"))
        if sign_in:
            _add_user(chroot)
        authdaemon = ". /etc/courier/authdaemonrc; exec /usr/lib/courier/courier-authlib/authdaemond"
        limits = f"-maxprocs={connections} -maxperc={connections} -maxperip={connections}"
        esmtpd = f". {_ETC}/esmtpd; cd /usr; exec {_LISTEN} {limits}"
        for script in (
            authdaemon,
            f". {_ETC}/courierd; cd /usr; exec {_LIB}/courierd",
            f"{esmtpd} {tls_port} $COURIERTLS -server -tcpd /usr/sbin/courieresmtpd",
            f"{esmtpd} {port} /usr/sbin/courieresmtpd",
        ):
            chroot.spawn("/bin/sh", "-c", f"set -a; {script}")
        wait_for_listener(tls_port, chroot)
        wait_for_listener(port, chroot)
        yield Relay(
            name=f"Courier {chroot.run('/usr/sbin/courier', '--version').split()[1]}",
            port=port,
            tls_port=tls_port,
            ca_file=certificate().trust(chroot.path),
            username=USERNAME if sign_in else None,
            password=PASSWORD if sign_in else None,
            keeps_signatures=not rewrites,
            delivered=mailbox(chroot, f"{_VAR}/msgs", f"{_VAR}/msgq"),
            log=chroot.log,
            connection_line=r"courieresmtpd: started,ip=",
        )


def _set_up(chroot: Chroot, greeting: str | None) -> None:
    """What the packages' scripts would do at their installation, and the configuration."""
    for name in ("", "/allfilters", "/filters", "/msgq", "/msgs", "/track", "/tmp", "/tmp/broken"):
        chroot.folder(f"{_VAR}{name}", owner="courier", mode=0o770)
    chroot.folder("/run/courier", group="courier", mode=0o775)
    chroot.folder("/run/courier/authdaemon", owner="courier", mode=0o750)
    for name in ("aliasdir", "aliases", "filters", "filters/active"):
        chroot.folder(f"{_ETC}/{name}", group="courier", mode=0o750)
    chroot.write("/etc/environment", "")
    for name in ("me", "defaultdomain", "dsnfrom"):
        chroot.write(f"{_ETC}/{name}", f"{DOMAIN}\n")
    for name in ("locals", "esmtpacceptmailfor"):
        chroot.write(f"{_ETC}/{name}", "".join(f"{domain}\n" for domain in (DOMAIN, *_DOMAINS)))
    if greeting is not None:
        chroot.write(f"{_ETC}/esmtpgreeting", f"{greeting}\n")
    chroot.write(f"{_ETC}/esmtpd.pem", certificate().key + certificate().chain, owner="courier", mode=0o600)
    # Whoever has no account is delivered for by this file, as the user courier.
    chroot.write(f"{_ETC}/aliasdir/.courier-default", f"{MAILBOX}\n")
    for name in ("/home/vmail", MAILBOX, *(f"{MAILBOX}/{part}" for part in ("new", "cur", "tmp"))):
        chroot.folder(name, owner="courier", mode=0o700)
    _configure(chroot, "courierd", "TLS_TRUSTCERTS=\n")
    _configure(chroot, "authdaemonrc", "authmodulelist=authuserdb\n")
    chroot.run("/usr/sbin/makealiases")


def _configure(chroot: Chroot, name: str, more: str) -> None:
    """Their file, and our settings behind theirs."""
    theirs = chroot.outside(f"{_ETC}/{name}").read_text("utf-8")
    chroot.write(f"{_ETC}/{name}", f"{theirs}\n{more}", owner="courier", mode=0o660)


def _add_user(chroot: Chroot) -> None:
    plain = chroot.run("/usr/sbin/userdbpw", "-md5", given=f"{PASSWORD}\n").strip()
    cram = chroot.run("/usr/sbin/userdbpw", "-hmac-md5", given=f"{PASSWORD}\n").strip()
    number = UIDS["courier"]
    account = f"uid={number}|gid={number}|home=/home/vmail|esmtppw={plain}|hmac-md5pw={cram}"
    chroot.write(f"{_ETC}/userdb", f"{USERNAME}\t{account}\n", mode=0o600)
    chroot.run("/usr/sbin/makeuserdb")
