"""What this machine calls itself to a mail server: a full host name, or the literal of its address.

Raises `RefusedValueError`. RFC 5321 sections 2.3.5 and 4.1.3.
"""

from ipaddress import IPv4Address, IPv6Address

from campaign.host_names import is_full_host_name
from campaign.settings.addresses import ascii_domain
from campaign.settings.faults import RefusedValueError
from campaign.settings.field_types import text


def ehlo_host_name(value: object) -> str:
    """Take a full host name, or an address in brackets; comes out in lower-case ASCII."""
    written = text(value).strip().removesuffix(".")
    fix = 'write the full name that the DNS has for this machine: ehlo_name = "mailer.acme.example"'
    if written.startswith("[") and written.endswith("]"):
        return _literal(written[1:-1])
    if "_" in written:
        raise RefusedValueError("a host name has no underscore", fix=fix)
    name = written.lower() if written.isascii() else ascii_domain(written) or ""
    if not is_full_host_name(name):
        raise RefusedValueError("that is not a full host name", fix=fix)
    if name.rpartition(".")[2] in ("localdomain", "localhost"):
        raise RefusedValueError("every machine may call itself that", fix=fix)
    return name


def _literal(written: str) -> str:
    try:
        if written.lower().startswith("ipv6:"):
            return f"[IPv6:{IPv6Address(written[5:])}]"
        return f"[{IPv4Address(written)}]"
    except ValueError:
        raise RefusedValueError(
            "what stands in the brackets is not an address", fix='write it like "[192.0.2.1]" or "[IPv6:2001:db8::1]"'
        ) from None
