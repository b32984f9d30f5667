"""Which message a report is about: what identifies one of ours, wherever a report may have it.

In: a mail and what it says of the message that it is about. Out: a `Subject`, whose `contact` is the ledger's number of
whom it is about, or None. Raises nothing. What counts is known to whoever got the message and the servers on its way,
and to nobody else: `contact.key` (in the return path, the envelope's id, our own way to unsubscribe), and the
Message-ID. An address is no such thing.
"""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from campaign.settle.mail.parse import Part, parse
from campaign.settle.ours import KEY, Ours

is_key = re.compile(KEY).fullmatch
_in_address = re.compile(rf"(?<![A-Za-z0-9])({KEY})@").findall
"""`bounces+KEY@acme.example`, however it was rewritten on its way."""
_in_mailto = re.compile(rf"(?:[ =]|%20)({KEY})(?![A-Za-z0-9])").findall
_message_id = re.compile(r"<[^<>\s]{1,900}>").findall
_RECIPIENT_FIELDS = ("delivered-to", "x-original-to", "envelope-to", "x-envelope-to", "x-delivered-to", "to")
"""Whom a mail was for, as servers note it when they put it into a mailbox."""
_MOST = 20
_HEADERS = ("text/rfc822-headers", "message/rfc822", "message/global", "message/global-headers")
"""What a report has of the message: RFC 6522 section 4, RFC 6533 section 7."""


class Subject(NamedTuple):
    """The message that a report is about."""

    key: str = ""
    message_id: str = ""
    contact: int | None = None
    """None where it is none of ours."""
    contradicts: bool = False
    """Whether it names two of ours. Then it proves nothing of either."""


def recipients(mail: Part) -> list[str]:
    """Give the fields that say whom a mail was for."""
    return [value for name in _RECIPIENT_FIELDS for value in mail.all(name)][:_MOST]


def keys_in_addresses(values: Iterable[str]) -> Iterator[str]:
    """Give what looks like a key left of an `@`."""
    for value in values:
        yield from _in_address(value)[:_MOST]


def returned_message(report: Iterable[Part]) -> Part | None:
    """Give what a report has of the message: its header fields, at least."""
    for part in report:
        if part.media_type in _HEADERS:
            return parse(part.text())
    return None


def keys_of_message(message: Part) -> Iterator[str]:
    """Give what looks like a key in the fields of a message of ours: its return path, and its way to unsubscribe."""
    yield from keys_in_addresses(message.all("return-path"))
    for value in message.all("list-unsubscribe"):
        yield from keys_in_mailto(value)


def keys_in_mailto(value: str) -> list[str]:
    """Give what looks like a key in a List-Unsubscribe field: `<mailto:u@acme.example?subject=unsubscribe%20KEY>`."""
    return _in_mailto(value)[:_MOST]


def message_ids(values: Iterable[str]) -> list[str]:
    """Give the Message-IDs in fields."""
    return [found for value in values for found in _message_id(value)[:_MOST]][:_MOST]


def subject(ours: Ours, *, keys: Iterable[str], ids: Iterable[str]) -> Subject:
    """Find whose message it is by what looks like a key, and by Message-IDs."""
    found: dict[int, Subject] = {}
    stranger = Subject()
    for key in keys:
        if (contact := ours.by_key(key)) is not None:
            found.setdefault(contact, Subject(key=key.lower(), contact=contact))
        else:
            stranger = stranger._replace(key=stranger.key or key.lower())
    for message_id in ids:
        if (contact := ours.by_message_id(message_id)) is not None:
            found[contact] = found.get(contact, Subject(contact=contact))._replace(message_id=message_id)
        else:
            stranger = stranger._replace(message_id=stranger.message_id or message_id)
    if len(found) > 1:
        return Subject(contradicts=True)
    return next(iter(found.values()), stranger)
