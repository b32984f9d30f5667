"""Complaints: feedback reports of mailbox providers in ARF (RFC 5965), when somebody calls a message spam.

In: a multipart/report of that type, and who is ours. Out: evidence. Raises nothing.

    Feedback-Type   shows
    abuse, fraud    a complaint
    opt-out         that they want no more (a type of ARF's drafts that some have kept)
    others          nothing of what a person thinks: not-spam, auth-failure, virus, other

The address is struck out in most of them, so it is not asked for.
"""

from campaign.evidence import Evidence, EvidenceKind
from campaign.settle.mail import identity
from campaign.settle.mail.identity import Subject
from campaign.settle.mail.parse import Part
from campaign.settle.mail.report import groups
from campaign.settle.ours import Ours

SOURCE = "complaint report"
_TYPES = {
    "abuse": EvidenceKind.COMPLAINT,
    "fraud": EvidenceKind.COMPLAINT,
    "opt-out": EvidenceKind.UNSUBSCRIBED,
}


def read(report: Part, mail: Part, ours: Ours) -> tuple[Subject, list[Evidence]]:
    """Give what it is about and what it shows, `place` aside. `mail`: the one that it came as."""
    parts = list(report.parts())
    feedback = next((part for part in parts if part.media_type == "message/feedback-report"), None)
    fields = next(iter(groups(feedback.text())), None) if feedback else None
    if fields is None:
        return Subject(), []
    returned = identity.returned_message(parts)
    keys = [*identity.keys_in_addresses(fields.all("original-mail-from"))]
    if identity.is_key(envelope_id := fields.field("original-envelope-id")):
        keys.append(envelope_id)
    ids: list[str] = []
    if returned is not None:
        keys += identity.keys_of_message(returned)
        ids += identity.message_ids(returned.all("message-id"))
    about = identity.subject(ours, keys=keys, ids=ids)
    word = fields.field("feedback-type").lower()
    if word not in _TYPES:
        return about, []
    return about, [
        Evidence(
            kind=_TYPES[word],
            moment=mail.moment,
            id=mail.identity,
            source=SOURCE,
            place="",
            key=about.key,
            message_id=about.message_id,
            detail=f"reported as {word}",
        )
    ]
