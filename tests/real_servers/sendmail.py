"""Sendmail: any address is a local one. Lines are cut at 990 octets (`L=990`), as its own SMTP mailers do."""

from collections.abc import Iterator
from contextlib import contextmanager

from tests.real_servers.arrivals import free_ports, mailbox, wait_for_listener, wait_for_log
from tests.real_servers.certificates import certificate
from tests.real_servers.chroot import MAILBOX, Chroot
from tests.real_servers.relay import DOMAIN, PASSWORD, USERNAME, Relay

_MACROS = "/usr/share/sendmail/cf"
_PASSWORDS = "/etc/mail/sasldb2"
DELIVER = f"""#!/bin/sh
name=$$.$(date +%s%N)
cat > {MAILBOX}/tmp/$name && mv {MAILBOX}/tmp/$name {MAILBOX}/new/$name
"""


def macros(port: int, tls_port: int, *, sign_in: bool = False) -> str:
    """Give sendmail.mc."""
    demanded = "a" if sign_in else ""
    return f"""
include(`{_MACROS}/m4/cf.m4')
OSTYPE(`linux')
define(`confDOMAIN_NAME', `{DOMAIN}')
define(`confSERVICE_SWITCH_FILE', `/etc/mail/service.switch-nodns')
define(`confDELIVERY_MODE', `background')
define(`confQUEUE_LA', `1000')
define(`confREFUSE_LA', `1000')
define(`confDELAY_LA', `0')
define(`confTO_IDENT', `0')
define(`confLOG_LEVEL', `14')
define(`confSERVER_CERT', `/etc/mail/chain.pem')
define(`confSERVER_KEY', `/etc/mail/key.pem')
define(`confCACERT', `/etc/mail/authority.pem')
define(`confCACERT_PATH', `/etc/mail')
define(`confTLS_SRV_OPTIONS', `V')
FEATURE(`no_default_msa')
FEATURE(`nocanonify')
FEATURE(`nouucp', `reject')
FEATURE(`accept_unresolvable_domains')
FEATURE(`accept_unqualified_senders')
FEATURE(`promiscuous_relay')
DAEMON_OPTIONS(`Name=MTA, Family=inet, Addr=127.0.0.1, Port={port}, M={demanded}')
DAEMON_OPTIONS(`Name=TLS, Family=inet, Addr=127.0.0.1, Port={tls_port}, M=s{demanded}')
{"define(`confAUTH_MECHANISMS', `PLAIN LOGIN CRAM-MD5')TRUST_AUTH_MECH(`PLAIN LOGIN CRAM-MD5')" if sign_in else ""}
MAILER(`local')
MAILER(`smtp')
MAILER_DEFINITIONS
Mmailbox, P=/usr/sbin/deliver, F=DFMPlnu8, S=EnvFromSMTP/HdrFromSMTP, R=EnvToSMTP/HdrFromSMTP,
		T=DNS/RFC822/X-Unix, U=vmail:vmail, L=990, A=deliver $u
LOCAL_RULE_0
R$* < @ $* > $*		$#mailbox $: $1 @ $2
"""


COMMAND = ("/usr/libexec/sendmail/sendmail", "-bD", "-q1s", "-C", "/etc/mail/sendmail.cf")


def prepare(chroot: Chroot, text: str) -> None:
    """Write everything that it starts with."""
    chroot.write("/etc/mail/sendmail.mc", text)
    chroot.write("/etc/mail/sendmail.cf", chroot.run("m4", "/etc/mail/sendmail.mc"))
    chroot.write("/etc/mail/local-host-names", "")
    chroot.write("/etc/mail/aliases", "")
    chroot.write("/etc/mail/chain.pem", certificate().chain)
    chroot.write("/etc/mail/authority.pem", certificate().authority)
    chroot.write("/etc/mail/key.pem", certificate().key, mode=0o600)
    chroot.write("/usr/sbin/deliver", DELIVER, mode=0o755)
    chroot.folder("/var/spool/mqueue", mode=0o700)
    chroot.folder("/var/run/sendmail")


@contextmanager
def start(*, sign_in: bool = False) -> Iterator[Relay]:
    """Run Sendmail."""
    with Chroot("sendmail") as chroot:
        port, tls_port = free_ports(2)
        prepare(chroot, macros(port, tls_port, sign_in=sign_in))
        if sign_in:
            chroot.write(
                "/etc/sasl2/Sendmail.conf",
                f"pwcheck_method: auxprop\nauxprop_plugin: sasldb\nsasldb_path: {_PASSWORDS}\n",
            )
            chroot.run("/usr/sbin/saslpasswd2", "-p", "-c", "-f", _PASSWORDS, "-u", DOMAIN, USERNAME, given=PASSWORD)
        chroot.spawn(*COMMAND)
        wait_for_listener(port, chroot)
        wait_for_listener(tls_port, chroot)
        relay = Relay(
            name=f"Sendmail {_version(chroot)}",
            port=port,
            tls_port=tls_port,
            ca_file=certificate().trust(chroot.path),
            username=USERNAME if sign_in else None,
            password=PASSWORD if sign_in else None,
            delivered=mailbox(chroot, "/var/spool/mqueue"),
            log=chroot.log,
            connection_line=r"NOQUEUE: connect from ",
        )
        yield wait_for_log(relay, connections=2)


def _version(chroot: Chroot) -> str:
    said = chroot.run("/usr/libexec/sendmail/sendmail", "-d0.1", "-bt", "-C", "/etc/mail/sendmail.cf", given="")
    return said.split()[1]
