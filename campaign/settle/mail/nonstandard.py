"""Bounces that follow no standard: proof where they carry the message's own identity, else a hint for a person.

In: a mail that is no report, and who is ours. Out: evidence, or a hint in words, or nothing. Raises nothing.

It is proof only if three things agree: a library that knows such bounces says that an address is out of reach for good;
a key or a Message-ID of ours is in the mail, as in a copy of our message; and the address is that contact's.
"""

import re
from collections.abc import Callable

from campaign.evidence import Evidence, EvidenceKind
from campaign.extras import install_command
from campaign.settle.mail import identity
from campaign.settle.mail.hints import NotInstalledError, looks_like_bounce, unreachable
from campaign.settle.mail.identity import Subject
from campaign.settle.mail.parse import Part
from campaign.settle.ours import Ours
from campaign.visible import visible

SOURCE = "bounce by no standard"
_LOOKED_AT = 256 * 1024
_FIELD = re.compile(
    rb"^[> \t]{0,8}(?:Message-ID|Return-Path|List-Unsubscribe):[^\n]{0,2000}", re.IGNORECASE | re.MULTILINE
)
_EXTRA = "bounces"


def read(octets: bytes, mail: Part, ours: Ours, tell: Callable[[str, str], None]) -> tuple[Subject, list[Evidence]]:
    """Give what it is about and what it proves, `place` aside. `tell` hears hints: what it is, and what to do."""
    try:
        addresses = unreachable(octets)
    except NotInstalledError:
        if looks_like_bounce(f"{mail.field('from')} {mail.field('return-path')}", mail.words("subject")):
            fix = f"to see whose: {install_command(_EXTRA)}"
            tell("this looks like a bounce that follows no standard", fix)
        return Subject(), []
    theirs = [address for address in addresses if ours.by_address(address) is not None]
    if not theirs:
        return Subject(), []
    about = _subject(mail, ours)
    if about.contact is not None:
        failed = [address for address in theirs if ours.has_address(about.contact, address)]
        if failed:
            return about, [
                Evidence(
                    kind=EvidenceKind.BOUNCED,
                    moment=mail.moment,
                    id=mail.identity,
                    source=SOURCE,
                    place="",
                    key=about.key,
                    message_id=about.message_id,
                    recipient=failed[0],
                )
            ]
    tell(
        f"this looks like a bounce of {visible(', '.join(theirs))}, but has neither a key nor a Message-ID of theirs",
        "it proves nothing: look at it yourself, and put on a suppression list whom you do not want to mail again",
    )
    return about._replace(contact=None), []


def _subject(mail: Part, ours: Ours) -> Subject:
    keys = [*identity.keys_in_addresses(identity.recipients(mail))]
    copied = [mail.text()[:_LOOKED_AT], *(part.text()[:_LOOKED_AT] for part in mail.parts())]
    lines = [line.decode("utf-8", "replace") for text in copied for line in _FIELD.findall(text)]
    keys += identity.keys_in_addresses(line for line in lines if "return-path" in line.lower())
    keys += [key for line in lines if "list-unsubscribe" in line.lower() for key in identity.keys_in_mailto(line)]
    ids = identity.message_ids([line for line in lines if "message-id" in line.lower()])
    return identity.subject(ours, keys=keys, ids=ids)
