"""Addresses as header fields write them: the recipient, the sender, whom to answer.

In: what campaign.toml or a row says. Out: whether it can be written, or a header field. Raises SettingsError for a
setting. Limits: an address is a dot-atom (RFC 5322 section 3.2.3, with
RFC 6532 section 3.2 for other scripts left of the `@`), its domain already in ASCII; quoted local parts, domain
literals and groups are refused.
"""

import re
from email.errors import InvalidHeaderDefect, MessageError
from email.headerregistry import AddressHeader, Group, HeaderRegistry
from typing import NamedTuple

from campaign.errors import SettingsError

from .headers import LONGEST_LINE, phrase

_ATEXT = r"A-Za-z0-9!#$%&'*+/=?^_`{|}~-"
_DOMAIN = r"[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*"
_address = re.compile(rf"[{_ATEXT}]+(?:\.[{_ATEXT}]+)*@{_DOMAIN}").fullmatch
_international_address = re.compile(rf"[\x80-\U0010ffff{_ATEXT}]+(?:\.[\x80-\U0010ffff{_ATEXT}]+)*@{_DOMAIN}").fullmatch

_LONGEST_ADDRESS = 254
"""Octets: a path's 256 without its angle brackets."""


class Mailbox(NamedTuple):
    """One sender: RFC 5322 section 3.4."""

    name: str
    address: str

    @property
    def domain(self) -> str:
        """Right of the `@`."""
        return self.address.rpartition("@")[2]


def is_address(text: str) -> bool:
    """Whether it is a dot-atom `@` a domain, printable, and no longer than a path may be (RFC 5321 4.5.3.1.3)."""
    if text.isascii():
        return _address(text) is not None and len(text) <= _LONGEST_ADDRESS
    if not text.isprintable() or len(text.encode()) > _LONGEST_ADDRESS:
        return False
    return _international_address(text) is not None


def checked_address(text: str, *, setting: str) -> str:
    """Give back the address of a setting."""
    if not is_address(text):
        raise SettingsError(
            "this is not an address that mail can be sent from or to",
            where=setting,
            fix="write it like hello@acme.example, an international domain in its xn-- form",
        )
    return text


def parsed_mailbox(text: str, *, setting: str) -> Mailbox:
    """`hello@acme.example` or `Acme <hello@acme.example>`, read as the standard library reads a From field."""
    fault = SettingsError(
        "this is not one sender with one address",
        where=setting,
        fix='write it like Acme <hello@acme.example>; a name with a comma goes in quotes, like "Acme, Inc."',
    )
    if not text.isprintable():
        raise fault
    try:
        field = HeaderRegistry()("From", text)
    except (MessageError, ValueError, IndexError, AttributeError):  # What its parser raises on some broken text.
        raise fault from None
    groups: tuple[Group, ...] = field.groups if isinstance(field, AddressHeader) else ()
    addresses = [address for group in groups if group.display_name is None for address in group.addresses]
    if (
        len(addresses) != 1
        or len(groups) != 1
        or any(isinstance(found, InvalidHeaderDefect) for found in field.defects)
    ):
        raise fault
    mailbox = Mailbox(addresses[0].display_name, addresses[0].addr_spec)
    if not mailbox.name.isprintable():
        raise fault
    checked_address(mailbox.address, setting=setting)
    return mailbox


def mailbox_field(name: str, mailbox: Mailbox, *, setting: str) -> str:
    """`From: =?utf-8?q?Acm=C3=A9?= <hello@acme.example>`, folded, ended by CRLF. Raises SettingsError."""
    try:
        return written_mailbox(name, mailbox)
    except ValueError as error:
        raise SettingsError(f"this {error}", where=setting, fix="shorten it") from None


def written_mailbox(name: str, mailbox: Mailbox) -> str:
    """The same. Raises ValueError, whose text goes on from "it", for a name that no header field can hold."""
    if not mailbox.name:
        field = f"{name}: {mailbox.address}\r\n"
    else:
        try:
            written = phrase(mailbox.name, column=len(name) + 2)
        except ValueError as error:
            raise ValueError(f"holds {error}") from None
        last_line = f"{name}: {written}".rpartition("\r\n")[2]
        separator = " " if len(last_line) + len(mailbox.address) + 3 <= 78 else "\r\n "
        field = f"{name}: {written}{separator}<{mailbox.address}>\r\n"
    if max(len(line.encode()) for line in field.split("\r\n")) > LONGEST_LINE:
        raise ValueError("is too long for a line of a message")
    return field
