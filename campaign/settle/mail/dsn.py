"""Delivery status notifications (RFC 3464; RFC 6533 for addresses that are not ASCII): what became of a message.

In: a multipart/report of that type, and who is ours. Out: evidence, one for each recipient that it names. It raises
nothing.

    Action      proves
    failed      bounced, with a permanent status (5.x.x) or a temporary one that lasted too long (4.x.x)
    delayed     accepted: whoever says so has it, and is still trying
    delivered, relayed, expanded
                delivered

One of our messages has one recipient. Where that address stands for others (an alias, forwarding), the report names
those, and it is still the answer to our message: if some of them got it, it counts as delivered.

Limit: who has a message may write a report about it. That is its recipient, or a server on its way.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from campaign.evidence import Evidence, EvidenceKind
from campaign.settle.mail import identity
from campaign.settle.mail.identity import Subject
from campaign.settle.mail.parse import Part, moment_of
from campaign.settle.mail.report import groups
from campaign.settle.ours import Ours
from campaign.settle.quoted import quoted

SOURCE = "delivery report"
_STATUS_TYPES = ("message/delivery-status", "message/global-delivery-status")
_ACTIONS = {
    "failed": EvidenceKind.BOUNCED,
    "delayed": EvidenceKind.ACCEPTED,
    "delivered": EvidenceKind.DELIVERED,
    "relayed": EvidenceKind.DELIVERED,
    "expanded": EvidenceKind.DELIVERED,
}
_STATUS = re.compile(r"\b([245]\.\d{1,3}\.\d{1,3})(?![\d.])")
_CODE = re.compile(r"(?:smtp *; *)?([45]\d\d)\b", re.IGNORECASE)
_LONGEST_ADDRESS = 320
_LONGEST_TRY = 30 * 24 * 3600
"""Seconds: no server tries for longer."""


class _Recipient(NamedTuple):
    """What a report says of one recipient."""

    kind: EvidenceKind
    original: str
    """The address that it was sent to; "" where the server has kept none."""
    final: str
    enhanced: str
    code: int | None
    detail: str


def read(report: Part, mail: Part, ours: Ours) -> tuple[Subject, list[Evidence]]:
    """Give what it is about and what it proves, `place` aside. `mail`: the one that it came as."""
    parts = list(report.parts())
    status = next((part for part in parts if part.media_type in _STATUS_TYPES), None)
    if status is None:
        return Subject(), []
    first, *others = blocks = groups(status.text())
    about = _subject(mail, first, identity.returned_message(parts), ours)
    # Some leave out the group of the message, and begin with a recipient's.
    found = list(_recipients(blocks if first.all("action") else others))
    arrived = any(one.kind is not EvidenceKind.BOUNCED for one in found)
    found = [one for one in found if not (arrived and one.kind is EvidenceKind.BOUNCED)]
    taken_at = _arrival(mail, first)
    moment = taken_at if mail.moment is None else mail.moment
    report_id = mail.identity
    evidence = [
        Evidence(
            kind=one.kind,
            moment=moment,
            id=report_id if number == 0 else f"{report_id}/{number}",
            source=SOURCE,
            place="",
            key=about.key,
            message_id=about.message_id,
            recipient=one.original or one.final,
            code=one.code,
            enhanced=one.enhanced,
            detail=one.detail,
            taken_at=taken_at,
        )
        for number, one in enumerate(found)
    ]
    return about, evidence


def _subject(mail: Part, first: Part, returned: Part | None, ours: Ours) -> Subject:
    envelope_id = xtext(first.field("original-envelope-id"))
    keys = [envelope_id] if identity.is_key(envelope_id) else []
    keys += identity.keys_in_addresses(identity.recipients(mail))
    ids = []
    if returned is not None:
        keys += identity.keys_of_message(returned)
        ids += identity.message_ids(returned.all("message-id"))
    about = identity.subject(ours, keys=keys, ids=ids)
    if about.contact is None and not about.contradicts and not ids:
        # Exchange and Gmail answer the message, so to say. What it names before the last stands in answers to ours as
        # well: in somebody's own letter to a contact, say, that came back.
        answered = identity.message_ids(mail.all("in-reply-to")) or identity.message_ids(mail.all("references"))[-1:]
        about = identity.subject(ours, keys=keys, ids=answered)
    return about


def _recipients(blocks: list[Part]) -> Iterator[_Recipient]:
    for block in blocks:
        kind = _ACTIONS.get(block.field("action").partition("(")[0].strip().lower())  # a comment may follow
        if kind is None:
            continue
        diagnostic = block.field("diagnostic-code")
        stated = _STATUS.search(block.field("status"))
        repeated = _STATUS.search(diagnostic)
        enhanced = stated[1] if stated else ""
        if kind is EvidenceKind.BOUNCED and enhanced.startswith("2"):
            continue  # given up, and a success: it proves neither
        if repeated and kind is EvidenceKind.BOUNCED and repeated[1][0] == (enhanced or repeated[1])[0]:
            enhanced = repeated[1]  # 5.0.0 by its own account, where the server behind has said more
        code = _CODE.match(diagnostic)
        yield _Recipient(
            kind=kind,
            original=xtext(address(block.field("original-recipient"))),
            final=address(block.field("final-recipient")),
            enhanced=enhanced,
            code=int(code[1]) if code else None,
            detail=quoted(diagnostic.partition(";")[2].strip() or diagnostic),
        )


def address(field: str) -> str:
    """Give the address of `rfc822; anna@acme.example` (RFC 3464 section 2.3.1, RFC 6533 section 3); "" for others."""
    kind, _, value = field.partition(";")
    value = value.strip().strip("<>")
    if kind.strip().lower() == "utf-8":
        value = re.sub(r"\\x\{([0-9A-F]{2,6})\}", lambda found: _character(found[1]), value)
    elif kind.strip().lower() != "rfc822":
        return ""
    return value[:_LONGEST_ADDRESS]


def xtext(text: str) -> str:
    """Undo xtext (RFC 3461 section 4). A `+` that begins no code is taken as it stands: not all encode it."""
    return re.sub(r"\+([0-9A-F]{2})", lambda found: _character(found[1]), text)


def _character(number: str) -> str:
    code = int(number, 16)
    return chr(code) if 32 < code < 0x110000 and not 0xD800 <= code < 0xE000 else ""


def _arrival(mail: Part, first: Part) -> int | None:
    """When the message arrived that came back: which of two copies it was, the time of the report does not say. None
    where it has none that can be right.
    """
    reported, arrived = mail.moment, moment_of(first.field("arrival-date"))
    if arrived is not None and (reported is None or 0 <= reported - arrived <= _LONGEST_TRY):
        return arrived
    return None
