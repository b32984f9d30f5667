"""Postmark: its webhooks, and what its API gives of bounces, opens, clicks and messages.

Fields are those of "Bounce webhook", "Delivery webhook", "Spam complaint webhook", "Subscription change webhook", "Open
tracking webhook", "Click webhook", of "Bounce API" (bounce types) and of "Messages API" (status and `MessageEvents`).

Whose an event is: the metadata `key` (header X-PM-Metadata-key), which webhooks and messages carry, and bounces of the
API do not. Postmark's `MessageID` is its own; that its replies have it is not documented (those that people show look
like Postfix's, with an id of that server), and our Message-ID is in none of these.
"""

from collections.abc import Iterator

from campaign.evidence import EvidenceKind
from campaign.settle.providers.event_table import Event, Rule, Table, made_id
from campaign.settle.providers.fields import moment, reply_codes, text, within

ACCEPTED, DELIVERED, BOUNCED = EvidenceKind.ACCEPTED, EvidenceKind.DELIVERED, EvidenceKind.BOUNCED
COMPLAINT, UNSUBSCRIBED = EvidenceKind.COMPLAINT, EvidenceKind.UNSUBSCRIBED

# fmt: off
TABLE: Table = (
    #    event               type                  sub-type  class 5  what it shows  because
    Rule("delivery",         None,                 None,     None,    DELIVERED,     "the recipient's server took it"),
    Rule("open|click",       None,                 None,     None,    DELIVERED,     "it arrived"),
    Rule("spamcomplaint",    None,                 None,     None,    COMPLAINT,     "called spam"),
    # A complaint stands among the bounces of the API, too.
    Rule("bounce",           "spamcomplaint",      None,     None,    COMPLAINT,     "called spam"),
    Rule("bounce",           "unsubscribe",        None,     None,    UNSUBSCRIBED,  "wants no more"),
    # "Unknown user, mailbox not found", and "not a valid email address".
    Rule("bounce",           "hardbounce",         None,     None,    BOUNCED,       "no such mailbox", "5.1.1"),
    Rule("bounce",           "bademailaddress",    None,     None,    BOUNCED,       "no such address", "5.1.3"),
    # Taken with 250, and refused afterwards: From not confirmed, a recipient that is inactive, a forbidden attachment,
    # our DMARC record. Nobody got it, whoever's fault it is.
    Rule("bounce",           "smtpapierror|unconfirmed|dmarcpolicy", None, None, BOUNCED, "taken, then not sent"),
    # A mailbox that is full, an ISP that blocks: Postmark calls it soft, the other server may have refused for good.
    Rule("bounce",           "softbounce|blocked", None,     True,    BOUNCED,       "given up, with a permanent code"),
    # Delays, automatic replies, challenges, virus and spam warnings ("was delivered, but"), and what nobody could read.
    Rule("bounce",           None,                 None,     None,    ACCEPTED,      "not known to be permanent"),
    # What put the address on the stream's suppression list. By hand: `Origin` says whether by the recipient's hand;
    # ours (Customer, Admin) tells nothing of the recipient.
    Rule("subscriptionchange", "hardbounce",       None,     None,    BOUNCED,       "no such mailbox", "5.1.1"),
    Rule("subscriptionchange", "spamcomplaint",    None,     None,    COMPLAINT,     "called spam"),
    Rule("subscriptionchange", "manualsuppression", "recipient", None, UNSUBSCRIBED, "wants no more"),
    Rule("subscriptionchange", None,               None,     None,    None,          "not by the recipient"),
    # Of a message, as the API gives it: its state, and its events, of which "Bounced" does not say how.
    Rule("queued|sent|processed", None,            None,     None,    ACCEPTED,      "taken"),
    Rule("delivered",        None,                 None,     None,    DELIVERED,     "the recipient's server took it"),
    Rule("opened|linkclicked", None,               None,     None,    DELIVERED,     "it arrived"),
    Rule("bounced",          None,                 None,     True,    BOUNCED,       "given up, with a permanent code"),
    Rule("bounced|transient|subscriptionchanged", None, None, None,   ACCEPTED,      "not known to be permanent"),
)
# fmt: on
_RECORDS = {"Delivery", "Bounce", "SpamComplaint", "Open", "Click", "SubscriptionChange"}
_MOMENTS = ("DeliveredAt", "BouncedAt", "ChangedAt", "ReceivedAt")


class Postmark:
    """Postmark."""

    source = "Postmark events"
    table = TABLE

    def owns(self, found: dict[str, object]) -> bool:
        """Whether it is a record, a bounce as older answers of the API have it, or a message."""
        record = found.get("RecordType")
        if record is not None:
            return isinstance(record, str) and record in _RECORDS and ("MessageID" in found or "MessageStream" in found)
        if "TypeCode" in found:
            return "BouncedAt" in found and isinstance(found.get("Type"), str)
        return isinstance(found.get("MessageID"), str) and "Status" in found and "ReceivedAt" in found

    def events(self, found: dict[str, object]) -> Iterator[Event]:
        """Give them: one, or, of a message, that it was taken and all that became of it."""
        if "Status" in found and "RecordType" not in found:
            yield from _of_message(found)
            return
        name = text(found.get("RecordType") or "Bounce").lower()
        relay_id = text(found.get("MessageID"))
        at = next((found[field] for field in _MOMENTS if field in found), None)
        said = found.get("Details")
        code, enhanced = reply_codes(said)
        yield Event(
            name=name,
            id=_bounce_id(found["ID"]) if found.get("ID") else made_id("postmark", relay_id, name, text(at)),
            moment=moment(at),
            type=_type(found).lower(),
            subtype=text(found.get("Origin")).lower(),
            key=_key(found),
            relay_id=relay_id,
            recipients=tuple(filter(None, [text(found.get("Email") or found.get("Recipient"))])),
            code=code,
            enhanced=enhanced,
            detail=_detail(found, said),
        )


def _of_message(found: dict[str, object]) -> Iterator[Event]:
    relay_id, key = text(found.get("MessageID")), _key(found)
    listed, received = found.get("Recipients"), found.get("ReceivedAt")
    recipient = text(listed[0]) if isinstance(listed, list) and len(listed) == 1 else ""
    recipients = (recipient,) if recipient else ()
    yield Event(
        name=text(found.get("Status")).lower(),
        id=made_id("postmark", relay_id, "taken"),
        moment=moment(received),
        key=key,
        relay_id=relay_id,
        recipients=recipients,
    )
    events = found.get("MessageEvents")
    for one in events if isinstance(events, list) else []:
        name, at = text(within(one, "Type")).lower(), text(within(one, "ReceivedAt"))
        said = within(one, "Details", "Summary")
        code, enhanced = reply_codes(said)
        bounce = within(one, "Details", "BounceID")
        yield Event(
            name=name,
            id=_bounce_id(bounce) if bounce else made_id("postmark", relay_id, name, at),
            moment=moment(at),
            key=key,
            relay_id=relay_id,
            recipients=tuple(filter(None, [text(within(one, "Recipient"))])) or recipients,
            code=code,
            enhanced=enhanced,
            detail=text(said, 500),
        )


def _type(found: dict[str, object]) -> str:
    """Give the type of a bounce, or why an address is suppressed; nothing, where it is so no longer."""
    if found.get("RecordType") != "SubscriptionChange":
        return text(found.get("Type"))
    return text(found.get("SuppressionReason")) if found.get("SuppressSending") is True else ""


def _bounce_id(number: object) -> str:
    return f"postmark/bounce/{text(number)}"


def _detail(found: dict[str, object], said: object) -> str:
    named = ", ".join(filter(None, [_type(found), text(said, 500)]))
    return named or text(found.get("Description"), 500)


def _key(found: dict[str, object]) -> str:
    """Find it in the metadata; the name was that of a header, where upper and lower case are one."""
    metadata = found.get("Metadata")
    named = metadata.items() if isinstance(metadata, dict) else ()
    return next((text(value) for name, value in named if name.lower() == "key"), "")
