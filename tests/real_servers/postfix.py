"""Postfix: plain, with Dovecot asking for a sign-in, with postscreen or postgrey in front.

Everything is in one chroot: Postfix, Dovecot's auth process, postgrey. Any address is a local one (`virtual`).
"""

from collections.abc import Iterator
from contextlib import contextmanager

from tests.real_servers.arrivals import free_ports, mailbox, wait_for_listener, wait_for_log
from tests.real_servers.certificates import certificate
from tests.real_servers.chroot import UIDS, Chroot
from tests.real_servers.relay import DOMAIN, PASSWORD, USERNAME, Relay

_QUEUE = "/var/spool/postfix"
_WAITING = ("maildrop", "incoming", "active", "deferred")
"""The folders of messages that are not delivered yet, in the order that a message passes them."""
_MAIN = f"""
compatibility_level = 3.6
myhostname = {DOMAIN}
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
smtp_dns_support_level = disabled
smtpd_peername_lookup = no
maillog_file = /var/log/mail.log
queue_directory = {_QUEUE}
data_directory = /var/lib/postfix
daemon_directory = /usr/lib/postfix/sbin
meta_directory = /etc/postfix
shlib_directory = /usr/lib/postfix
alias_maps =
alias_database =
virtual_mailbox_domains = static:all
virtual_mailbox_base = /home/vmail
virtual_mailbox_maps = static:Maildir/
virtual_uid_maps = static:{UIDS["vmail"]}
virtual_gid_maps = static:{UIDS["vmail"]}
virtual_minimum_uid = 100
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_tls_chain_files = /etc/postfix/chain.pem
smtpd_tls_security_level = may
"""
_SIGN_IN = """
mynetworks =
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = private/auth
smtpd_relay_restrictions = permit_sasl_authenticated, reject
smtpd_recipient_restrictions = permit_sasl_authenticated, reject
"""
_POSTSCREEN = """
postscreen_access_list =
postscreen_cache_map = btree:/var/lib/postfix/postscreen
postscreen_greet_action = enforce
postscreen_greet_wait = 1s
postscreen_pipelining_enable = yes
postscreen_pipelining_action = enforce
postscreen_non_smtp_command_enable = yes
postscreen_bare_newline_enable = yes
"""
SERVICES = """
pickup    unix  n - n 60  1 pickup
cleanup   unix  n - n -   0 cleanup
qmgr      unix  n - n 300 1 qmgr
tlsmgr    unix  - - n 1000? 1 tlsmgr
rewrite   unix  - - n -   - trivial-rewrite
bounce    unix  - - n -   0 bounce
defer     unix  - - n -   0 bounce
trace     unix  - - n -   0 bounce
verify    unix  - - n -   1 verify
flush     unix  n - n 1000? 0 flush
proxymap  unix  - - n -   - proxymap
proxywrite unix - - n -   1 proxymap
showq     unix  n - n -   - showq
error     unix  - - n -   - error
smtp      unix  - - n -   - smtp
retry     unix  - - n -   - error
discard   unix  - - n -   - discard
virtual   unix  - n n -   - virtual
anvil     unix  - - n -   1 anvil
scache    unix  - - n -   1 scache
postlog   unix-dgram n - n - 1 postlogd
"""
"""What master.cf has behind the smtpd services."""
QUEUE_FOLDERS = ("active", "bounce", "corrupt", "defer", "deferred", "flush", "hold", "incoming", "saved", "trace")
"""Those that belong to Postfix's own user alone."""
_DOVECOT = f"""
protocols =
base_dir = /run/dovecot
log_path = /var/log/dovecot.log
ssl = no
disable_plaintext_auth = no
auth_mechanisms = plain login cram-md5 scram-sha-256
passdb {{
  driver = passwd-file
  args = scheme=PLAIN username_format=%u /etc/dovecot/users
}}
userdb {{
  driver = static
  args = uid=vmail gid=vmail home=/home/vmail
}}
service auth {{
  unix_listener {_QUEUE}/private/auth {{
    mode = 0660
    user = postfix
    group = postfix
  }}
}}
"""


@contextmanager
def start(
    *, sign_in: bool = False, postscreen: bool = False, greylist_for: int | None = None, main: str = ""
) -> Iterator[Relay]:
    """Run Postfix. `greylist_for`: so many seconds, by postgrey. `main`: more lines for main.cf."""
    with Chroot("postfix") as chroot:
        port, tls_port, policy_port = free_ports(3)
        more = (_SIGN_IN if sign_in else "") + (_POSTSCREEN if postscreen else "")
        if greylist_for is not None:
            more += f"smtpd_recipient_restrictions = check_policy_service inet:127.0.0.1:{policy_port}, permit\n"
        front = f"127.0.0.1:{port} inet n - n - {'1 postscreen' if postscreen else '- smtpd'}\n"
        if postscreen:
            front += "smtpd pass - - n - - smtpd\ndnsblog unix - - n - 0 dnsblog\ntlsproxy unix - - n - 0 tlsproxy\n"
        front += f"127.0.0.1:{tls_port} inet n - n - - smtpd -o smtpd_tls_wrappermode=yes\n"
        _set_up(chroot, _merged(_MAIN, more, main), front + SERVICES)
        if sign_in:
            chroot.write("/etc/dovecot/dovecot.conf", _DOVECOT)
            # Fields are parted by colons; Dovecot takes the password as it stands.
            chroot.write("/etc/dovecot/users", f"{USERNAME}:{{PLAIN}}{PASSWORD}\n", owner="dovecot", mode=0o600)
            chroot.spawn("/usr/sbin/dovecot", "-F", "-c", "/etc/dovecot/dovecot.conf")
        if greylist_for is not None:
            chroot.folder("/var/lib/postgrey", owner="postgrey")
            delays = (f"--delay={greylist_for}", "--auto-whitelist-clients=0")
            chroot.spawn("/usr/sbin/postgrey", f"--inet=127.0.0.1:{policy_port}", "--dbdir=/var/lib/postgrey", *delays)
            wait_for_listener(policy_port, chroot)
        chroot.spawn("/usr/lib/postfix/sbin/master", "-d", "-c", "/etc/postfix")
        wait_for_listener(tls_port, chroot)
        wait_for_listener(port, chroot)
        relay = Relay(
            name=f"Postfix {chroot.run('/usr/sbin/postconf', '-dh', 'mail_version').strip()}",
            port=port,
            tls_port=tls_port,
            ca_file=certificate().trust(chroot.path),
            username=USERNAME if sign_in else None,
            password=PASSWORD if sign_in else None,
            delivered=mailbox(chroot, *(f"{_QUEUE}/{name}" for name in _WAITING)),
            log=chroot.log,
            connection_line=r"(?m)\b(?:smtpd|postscreen)\[\d+\]: (?:connect|CONNECT) from ",
        )
        yield wait_for_log(relay, connections=2)


def _merged(*parts: str) -> str:
    """One main.cf in which the later setting wins, without the warning that Postfix would give."""
    lines = [line.partition(" =") for part in parts for line in part.strip().splitlines()]
    return "".join(f"{name} ={value}\n" for name, value in {name: value for name, _, value in lines}.items())


def _set_up(chroot: Chroot, main: str, master: str) -> None:
    """What `postfix set-permissions` would do, and the configuration."""
    chroot.write("/etc/postfix/main.cf", main)
    chroot.write("/etc/postfix/master.cf", master)
    chroot.write("/etc/postfix/chain.pem", certificate().key + certificate().chain, mode=0o600)
    chroot.folder("/var/lib/postfix", owner="postfix", mode=0o700)
    chroot.folder(_QUEUE)
    chroot.folder(f"{_QUEUE}/pid")
    for name in QUEUE_FOLDERS:
        chroot.folder(f"{_QUEUE}/{name}", owner="postfix", group="root", mode=0o700)
    chroot.folder(f"{_QUEUE}/private", owner="postfix", group="root", mode=0o700)
    chroot.folder(f"{_QUEUE}/public", owner="postfix", group="postdrop", mode=0o710)
    chroot.folder(f"{_QUEUE}/maildrop", owner="postfix", group="postdrop", mode=0o730)
