"""The check of the domains that a message names, by DNS, as an inbox looks at them."""

import re
from ipaddress import ip_address

from campaign.check.findings import Findings
from campaign.check.setup import Known
from campaign.deliverability.dns import MailDomains, NameServer, look_at
from campaign.deliverability.finding import Finding
from campaign.errors import UsageError
from campaign.model import Status
from campaign.settings import Settings

_WITH_PORT = re.compile(r"(?:\[(?P<six>[^\]]+)\](?::(?P<port6>\d{1,5}))?|(?P<four>[0-9.]+):(?P<port>\d{1,5}))")


def domains(settings: Settings, server: NameServer, known: Known, found: Findings) -> None:
    """SPF, DKIM, DMARC, and whether bounces and replies arrive."""
    told: list[Finding] = []
    for relay in dict.fromkeys(one.host for one in settings.servers):
        for finding in look_at(_named(settings, relay, known), server):
            if finding not in told:  # of what is the same whichever server sends
                told.append(finding)
                found.tell(finding)


def _named(settings: Settings, relay: str, known: Known) -> MailDomains:
    """The domains that a message names which goes through a relay."""
    message = settings.message
    return MailDomains(
        author=message.sender_domain,
        return_path=_domain(message.return_path),
        reply_to=_domain(message.reply_to),
        unsubscribe=_domain(message.unsubscribe_mailto),
        relay=relay,
        signed=bool(settings.dkim),
        keys=known.dkim_keys,
        messages=known.seen.counts[Status.PENDING],
    )


def name_server(written: str | None) -> NameServer:
    """Take the option: an IP address, with or without a port; None is this machine's own. Raises UsageError."""
    if written is None:
        return NameServer()
    with_port = _WITH_PORT.fullmatch(written)
    address, port = (
        (with_port["six"] or with_port["four"], with_port["port6"] or with_port["port"])
        if with_port
        else (written, None)
    )
    try:
        server = NameServer(address=str(ip_address(address)), port=int(port or 53))
    except ValueError:
        server = NameServer(port=0)
    if not 0 < server.port < 1 << 16:
        raise UsageError(
            f"{written[:80]!r} is not the IP address of a name server",
            where="--nameserver",
            fix="write it like 9.9.9.9, 192.0.2.53:5353 or [2001:db8::53]:5353",
        )
    return server


def _domain(mailbox: str | None) -> str:
    """The domain of an address with or without a name, which is in ASCII and lower case already; "" for none."""
    return (mailbox or "").rpartition("@")[2].removesuffix(">")
