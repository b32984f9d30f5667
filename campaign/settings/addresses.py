"""Addresses of all kinds in settings: e-mail addresses, web addresses, domains and hosts.

Each takes what a person wrote and gives it in the form that goes out (domains in lower-case ASCII), or raises
`RefusedValueError` with advice for the mistake at hand. Nothing is looked up: no DNS, no connection.
"""

import re
from email.utils import parseaddr
from ipaddress import IPv6Address, ip_address
from urllib.parse import urlsplit

from email_validator import EmailNotValidError, validate_email

from campaign.host_names import is_full_host_name, is_host_name
from campaign.settings.faults import RefusedValueError
from campaign.settings.field_types import items, text

_TEMPLATE_TAGS = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}")


def ascii_domain(name: str) -> str | None:
    """Give a domain in lower-case ASCII (IDNA 2008, RFC 5891), or None where it can't be one."""
    try:
        # The library refuses special-use names (RFC 6761), which are right for tests and intranets (.test, .local,
        # localhost); under another top-level domain it judges only how they are spelt.
        checked = validate_email(f"a@{name}.example", check_deliverability=False, globally_deliverable=False)
    except EmailNotValidError:
        return None
    return checked.ascii_domain.removesuffix(".example").lower()


def full_domain(name: str) -> str | None:
    """The same for a domain below a top-level one: nothing like `localhost` or an IP address."""
    domain = ascii_domain(name)
    return domain if domain is not None and is_full_host_name(domain) else None


def address(value: object) -> str:
    """Take a bare address; its domain comes out in ASCII. RFC 5321 section 4.1.2, RFC 6531 for the local part."""
    written = text(value).strip()
    if written.lower().startswith("mailto:"):
        raise RefusedValueError("it must be the address alone", fix=f'write "{written[7:60]}"')
    if "<" in written or ">" in written:
        raise RefusedValueError("it must be a bare address, without a name and < >", fix='write "name@acme.example"')
    local, at, domain = written.rpartition("@")
    host = ascii_domain(domain)
    if not at or host is None or not (is_full_host_name(host) or host == "localhost"):
        raise RefusedValueError("that is not an e-mail address", fix='write it like "name@acme.example"')
    try:
        checked = validate_email(f"{local}@{host}.example", check_deliverability=False, globally_deliverable=False)
    except EmailNotValidError:
        raise RefusedValueError(
            "the part before the @ is not that of an e-mail address", fix='write it like "name@acme.example"'
        ) from None
    return f"{checked.local_part}@{host}"


def mailbox(value: object) -> str:
    """Take `a@b` or `Name <a@b>` (RFC 5322 section 3.4), one only."""
    written = text(value).strip()
    match = re.fullmatch(r'(?P<name>"(?:[^"\\]|\\.)*"|[^"<>]*)\s*<(?P<address>[^<>]*)>', written)
    if match is None:
        return address(written)
    bare = address(match["address"])
    name = match["name"].strip()
    # What any mail program would read in it must be what we read in it: an unquoted comma or colon makes it two.
    if name and (re.fullmatch(r'[^",:;@\\()\[\]<>]+|".*"', name) is None or parseaddr(f"{name} <a@b>")[1] != "a@b"):
        raise RefusedValueError(
            "a name with punctuation in it needs double quotes around it",
            fix="""write it like '"Acme, Inc." <hello@acme.example>', single quotes outside""",
        )
    return f"{name} <{bare}>" if name else bare


def web_address(value: object) -> str:
    """Take a https URL, or a Jinja2 template for one; the template itself is compiled elsewhere."""
    url = text(value).strip()
    if not url.lower().startswith("https://"):
        raise RefusedValueError("it must begin with https://", fix='write it like "https://acme.example/…"')
    fixed = _TEMPLATE_TAGS.sub("x", url)
    if len(fixed) == len("https://") or fixed[8:9] in {"/", "?", "#"}:
        raise RefusedValueError("no host follows https://", fix='write it like "https://acme.example/…"')
    if re.search(r'[\s<>"\\]', fixed):
        raise RefusedValueError(
            "outside {{ … }} a URL can't have spaces, quotes, backslashes, < or >",
            fix="percent-encode them: a space is %20",
        )
    return url


def _host_alone(written: str, key: str, example: str) -> str:
    """Refuse what people paste around a host name, each thing with its own advice. RFC 3986 section 3."""
    if "@" in written:
        # smtp://user:password@host: neither quoted nor taken apart, since a part of it may be a password.
        raise RefusedValueError(
            "it has an @ in it; it must be the host name alone", fix=f'write {key} = "{example}"', quote=False
        )
    if "://" in written:
        try:
            host = ascii_domain(urlsplit(written).hostname or "") or example
        except ValueError:
            host = example
        raise RefusedValueError("it is a URL; it must be the host name alone", fix=f'write {key} = "{host}"')
    if "/" in written or "?" in written or "#" in written:
        host = ascii_domain(re.split("[/?#]", written, maxsplit=1)[0]) or example
        raise RefusedValueError("it has a path; it must be the host name alone", fix=f'write {key} = "{host}"')
    return written


def link_domain(value: object) -> str:
    """Take the bare host name that links are made for; comes out in lower-case ASCII."""
    example = "acme.myclickfunnels.com"
    written = _host_alone(text(value).strip(), "domain", example).removesuffix(".")
    if ":" in written:
        host = ascii_domain(written.partition(":")[0]) or example
        raise RefusedValueError("it has a port; links always go to port 443", fix=f'write domain = "{host}"')
    domain = full_domain(written)
    if domain is None:
        raise RefusedValueError("that is not a domain name", fix=f'write it like domain = "{example}"')
    return domain


def host_names(value: object) -> tuple[str, ...]:
    """Take a list of host names, each with a port where that is not 443; they come out in lower-case ASCII."""
    return tuple(map(_redirect_host, items(value, kind="host names", example='["shop.acme.example"]')))


def _redirect_host(value: object) -> str:
    written = _host_alone(text(value).strip(), "redirect_hosts", "shop.acme.example")
    name, colon, port = written.partition(":")
    domain = full_domain(name.removesuffix("."))
    if domain is None:
        raise RefusedValueError("that is not a host name", fix='write it like redirect_hosts = ["shop.acme.example"]')
    if colon and not (port.isascii() and port.isdigit() and 0 < int(port[:6]) < 1 << 16):
        raise RefusedValueError("what follows the colon is no port", fix=f'write redirect_hosts = ["{domain}"]')
    return f"{domain}:{int(port)}" if port and int(port) != 443 else domain


def smtp_host(value: object) -> str:
    """Take the server's host name or IP address; comes out in lower-case ASCII, IPv6 without brackets."""
    example = "smtp.acme.example"
    written = _host_alone(text(value).strip(), "host", example).removesuffix(".")
    bare = written[1:-1] if written.startswith("[") and written.endswith("]") else written
    try:
        return str(ip_address(bare))
    except ValueError:
        pass
    if with_port := re.fullmatch(r"(\[.*\]|[^:]*):(\d{1,5})", written):
        host, port = with_port.groups()
        raise RefusedValueError("it has the port in it", fix=f'write host = "{host[:60]}" and port = {port}')
    host = written.lower() if written.isascii() else ascii_domain(written) or ""
    # Unlike a domain on the public internet, a host on a private network may have an underscore.
    if not is_host_name(host.replace("_", "x")) or host.rpartition(".")[2].isdigit():
        raise RefusedValueError(
            "that is neither a host name nor an IP address", fix=f'write it like host = "{example}"'
        )
    return host


def is_loopback(host: str) -> bool:
    """Whether a host is the loopback: localhost (RFC 6761 section 6.3), 127.0.0.0/8 or ::1."""
    try:
        number = ip_address(host)
    except ValueError:
        name = host.lower().removesuffix(".")
        return name == "localhost" or name.endswith(".localhost")
    if isinstance(number, IPv6Address) and number.ipv4_mapped is not None:
        return number.ipv4_mapped.is_loopback
    return number.is_loopback
