"""Exim 4: any address is a local one. Recipients whose name begins with `refused` are refused."""

from collections.abc import Iterator
from contextlib import contextmanager

from tests.real_servers.arrivals import free_ports, mailbox, wait_for_listener, wait_for_log
from tests.real_servers.certificates import certificate
from tests.real_servers.chroot import MAILBOX, Chroot
from tests.real_servers.relay import DOMAIN, PASSWORD, USERNAME, Relay

SPOOL = "/var/spool/exim4"
_PASSWORDS = "/etc/exim4/passwords"


def configuration(
    port: int,
    tls_port: int,
    *,
    access: str = "  accept\n",
    sign_in: bool = False,
    main: str = "",
    log: str = "syslog",
    at_data: str = "",
    routers: str = "",
) -> str:
    """Give exim4.conf. `at_data` is done at the end of a body, before it is accepted."""
    known = f"${{lookup{{$auth%d}}lsearch{{{_PASSWORDS}}}{{$value}}fail}}"
    authenticators = f"""
plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = ${{if eq{{$auth3}}{{{known % 2}}}}}
login:
  driver = plaintext
  public_name = LOGIN
  server_prompts = Username:: : Password::
  server_condition = ${{if eq{{$auth2}}{{{known % 1}}}}}
cram:
  driver = cram_md5
  public_name = CRAM-MD5
  server_secret = {known % 1}
"""
    return f"""
primary_hostname = {DOMAIN}
local_interfaces = 127.0.0.1
daemon_smtp_ports = {port} : {tls_port}
tls_on_connect_ports = {tls_port}
tls_advertise_hosts = *
tls_certificate = /etc/exim4/chain.pem
tls_privatekey = /etc/exim4/key.pem
host_lookup =
dns_ipv4_lookup =
rfc1413_hosts =
keep_environment =
spool_directory = {SPOOL}
log_file_path = {log}
log_selector = +smtp_connection
acl_smtp_rcpt = at_rcpt
acl_smtp_data = at_data
{main}
begin acl
at_rcpt:
  deny local_parts = ^refused
       message = no such user here
{access}
at_data:
{at_data}  accept
begin routers
{routers}everybody:
  driver = accept
  transport = mailbox
begin transports
mailbox:
  driver = appendfile
  directory = {MAILBOX}
  maildir_format
  user = vmail
  group = vmail
  delivery_date_add
  envelope_to_add
  return_path_add
begin authenticators
{authenticators if sign_in else ""}"""


def prepare(chroot: Chroot, text: str) -> None:
    """Write everything that it starts with."""
    chroot.write("/etc/exim4/exim4.conf", text)
    chroot.write("/etc/exim4/chain.pem", certificate().chain)
    chroot.write("/etc/exim4/key.pem", certificate().key, owner="Debian-exim", mode=0o600)
    chroot.write(_PASSWORDS, f"{USERNAME}: {PASSWORD}\n", owner="Debian-exim", mode=0o600)
    chroot.folder(SPOOL, owner="Debian-exim", mode=0o750)


@contextmanager
def start(
    *,
    sign_in: bool = False,
    refusal: str = "authenticate first",
    main: str = "",
    routers: str = "",
    access: str = "  accept\n",
    at_data: str = "",
) -> Iterator[Relay]:
    """Run Exim. `refusal`: what those are told who are not signed in; `main`: more lines for its main section;
    `routers`: more of them, before the one for everybody; `access` and `at_data`: `configuration`'s.
    """
    with Chroot("exim") as chroot:
        port, tls_port = free_ports(2)
        if sign_in:
            access = f"  accept authenticated = *\n  deny message = {refusal}\n"
        text = configuration(
            port, tls_port, access=access, sign_in=sign_in, main=main, at_data=at_data, routers=routers
        )
        prepare(chroot, text)
        # Ten messages of a connection are delivered at once (smtp_accept_queue_per_connection), the rest by the queue
        # runner that comes every second.
        chroot.spawn("/usr/sbin/exim4", "-bdf", "-q1s")
        wait_for_listener(port, chroot)
        wait_for_listener(tls_port, chroot)
        relay = Relay(
            name=f"Exim {chroot.run('/usr/sbin/exim4', '-bV').split()[2]}",
            port=port,
            tls_port=tls_port,
            ca_file=certificate().trust(chroot.path),
            username=USERNAME if sign_in else None,
            password=PASSWORD if sign_in else None,
            delivered=mailbox(chroot, f"{SPOOL}/input"),
            log=chroot.log,
            connection_line=r"SMTP connection from \[127\.0\.0\.1\](?::\d+)? (?:I=\S+ )?\(TCP/IP",
        )
        yield wait_for_log(relay, connections=2)
