"""E-mail addresses: the text of a cell in, the address to mail out.

Syntax is email-validator's to judge (RFC 5321, RFC 5322, RFC 6531; IDNA 2008 for domains), and the DNS is not asked.
What it judges of a domain is remembered, since a list of a million contacts has far fewer domains. Before it is judged,
an address is brought to its normal form (`normal_form`), and a likely slip is named (`slips`).
Raises `ValueError` with a reason for a person to read.

Limits: a quoted local part and an IP address in brackets are refused, though RFC 5321 knows both: in a contacts file
they are slips. Domains reserved for tests and private networks (RFC 2606, RFC 6761, RFC 6762) pass, so that samples,
tests and mail inside a company work; whether one can be delivered to is the server's to say.
"""

import re
from functools import lru_cache

from email_validator import validate_email

from campaign.contacts import slips
from campaign.contacts.normal_form import PLAIN_SPACE, Mend, normal_form

_ATEXT = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_plain_local = re.compile(rf"(?!'){_ATEXT}(?:\.{_ATEXT})*").fullmatch
"""The dot-atom of RFC 5322 section 3.2.3; with an apostrophe in front of it, it is a spreadsheet's slip."""
_plain_domain = re.compile(r"[^\W_](?:[^\W_]|[-.。])*").fullmatch
"""Nothing in it that shows nothing, or that looks like something else; the rest is for the library to judge."""
_special_use = re.compile(r"(?i)(?<=[.。．｡])(?:test|invalid|localhost|local)\Z")
"""Refused by the library, allowed here; the dots are those that UTS #46 reads as one."""
_NEUTRAL = "example"
_MAX_LOCAL = 64
"""Octets: RFC 5321 section 4.5.3.1.1."""
_MAX_ADDRESS = 254
"""Octets: RFC 5321 section 4.5.3.1.3, less the angle brackets (RFC 3696 erratum 1690)."""
_LONGEST_REASON = 200


def parse_address(text: str) -> str:
    """Give the address to mail that `text` writes down.

    What can mean nothing in an address is taken out. The domain comes out in ASCII (A-labels, lower case), an ASCII
    local part as it is, another one in Unicode normalisation form C (RFC 6532 section 3.1). Raises `ValueError` with a
    short reason.
    """
    return plain_address(text) or read_address(text)[0]


def plain_address(text: str) -> str | None:
    """Give the address that `text` writes down with nothing unusual; None where `read_address` has to look."""
    local, _, domain = text.strip(PLAIN_SPACE).rpartition("@")
    if len(local) <= _MAX_LOCAL and len(domain) <= _MAX_ADDRESS and _plain_local(local):
        if not domain.isascii() and (not _plain_domain(domain) or slips.named(f"@{domain}")):
            return None
        ascii_domain, reason = _judge_domain(domain)
        if not reason and len(local) + len(ascii_domain) < _MAX_ADDRESS:
            return f"{local}@{ascii_domain}"
    return None


def read_address(text: str) -> tuple[str, frozenset[Mend]]:
    """Give what `parse_address` gives, and what was mended. Raises `ValueError` with a short reason."""
    address, mends = normal_form(text)
    return (plain_address(address) if mends else None) or _parse_unusual(address), mends


def contact_key(email: str) -> str:
    """Give the identity of an address from `parse_address`: two that differ only in case are one contact."""
    return email.lower()


def ascii_domain_of(domain: str) -> str | None:
    """Give the domain in ASCII, or None where it is no domain that mail could go to."""
    return _judge_domain(domain)[0] or None if len(domain) <= _MAX_ADDRESS else None


@lru_cache(maxsize=32_768)
def _judge_domain(domain: str) -> tuple[str, str]:
    """(ASCII form, "") or ("", why not)."""
    neutral = _special_use.sub(_NEUTRAL, domain)
    try:
        _, ascii_domain = _validate("a@" + neutral)
    except ValueError as error:
        return "", _in_our_words(error)
    if neutral != domain:
        ascii_domain = ascii_domain[: -len(_NEUTRAL)] + domain[len(neutral) - len(_NEUTRAL) :].lower()
    return ascii_domain, ""


def _validate(address: str) -> tuple[str, str]:
    """(local part, ASCII domain) by the library."""
    valid = validate_email(address, check_deliverability=False, allow_smtputf8=True)
    return valid.local_part, valid.ascii_domain


def _parse_unusual(address: str) -> str:
    """Parse what is not plain ASCII before the @-sign, or find out why it is no address at all."""
    reason = _plain_reason(address)
    if reason:
        raise ValueError(reason)
    local, _, domain = address.rpartition("@")
    ascii_domain, reason = _judge_domain(domain)
    if reason:
        raise ValueError(reason)
    try:
        # The domain is judged already; a short one in its place leaves the local part to be judged alone.
        normal_local, _ = _validate(local + "@a." + _NEUTRAL)
    except ValueError as error:
        raise ValueError(_in_our_words(error)) from None
    if local.isascii():
        normal_local = local
    size = len(f"{normal_local}@{ascii_domain}".encode())
    if size > _MAX_ADDRESS:
        raise ValueError(f"the address is too long: {size} bytes, where {_MAX_ADDRESS} are allowed")
    return f"{normal_local}@{ascii_domain}"


def _in_our_words(error: ValueError) -> str:
    """Make the library's sentence part of one of ours, of a length to stand in a cell."""
    text = str(error).rstrip(".")
    return text[:1].lower() + text[1:_LONGEST_REASON]


def _plain_reason(address: str) -> str:
    """Name the usual slips in plainer words than the library's; "" where there is none of them."""
    local, _, domain = address.rpartition("@")
    if not address:
        return "the e-mail address is missing"
    if len(address) > 4 * _MAX_ADDRESS:
        return f"the address is too long: {len(address)} characters, where {_MAX_ADDRESS} are allowed"
    if "\ufffd" in address:
        return "the address has a character that could not be read"
    if "<" in address or ">" in address:
        return "the address comes with a name or in angle brackets: give only the address itself"
    if '"' in address:
        return "the address has quotation marks, which are not supported"
    if address.count("@") > 1:
        return "there is more than one address, or more than one @-sign"
    if slip := slips.named(address):
        return slip
    if any(character.isspace() for character in address):
        return "the address has a space or a line break in it"
    if domain.startswith("["):
        return "the address has an IP address in brackets in place of a domain"
    if "@" in address and not local:
        return "there is nothing before the @-sign"
    if "@" in address and not domain:
        return "there is nothing after the @-sign"
    if "@" in address and not re.search(r"[.。．｡]", domain):
        return "the domain after the @-sign has no dot"
    return "" if "@" in address else "the address has no @-sign"
