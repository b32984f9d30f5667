"""Amazon SES: event publishing by a configuration set, feedback notifications of an identity, and what the API answers
of one message (`aws sesv2 get-message-insights`, where Virtual Deliverability Manager is on).

Fields are those of "Contents of event data that Amazon SES publishes to Amazon SNS" (and to Firehose, the same) of the
SES Developer Guide, "Amazon SNS notification contents" for notifications, and "GetMessageInsights" of the API.

Whose an event is: the tag `key` (header X-SES-MESSAGE-TAGS), since SES replaces our Message-ID on the way out. In
`headers` and `commonHeaders` the guide promises the Message-ID that we gave, though its examples show SES's own:
it counts where it is ours. `mail.messageId` is what follows `250 Ok` in the reply. Notifications of an identity have
no tags, but, if asked for, the headers, and the tags' header with them.
"""

import re
from collections.abc import Iterator

from campaign.evidence import EvidenceKind
from campaign.settle.providers.event_table import Event, Rule, Table, made_id
from campaign.settle.providers.fields import enhanced_code, moment, reply_codes, text, within

ACCEPTED, DELIVERED, BOUNCED = EvidenceKind.ACCEPTED, EvidenceKind.DELIVERED, EvidenceKind.BOUNCED
COMPLAINT, UNSUBSCRIBED = EvidenceKind.COMPLAINT, EvidenceKind.UNSUBSCRIBED

# fmt: off
TABLE: Table = (
    #    event               type           sub-type  class 5  what it shows  because
    Rule("send",             None,          None,     None,    ACCEPTED,      "SES took it, and will try"),
    Rule("delivery",         None,          None,     None,    DELIVERED,     "the recipient's server took it"),
    Rule("deliverydelay",    None,          None,     None,    ACCEPTED,      "put off, and tried again"),
    # With these sub-types SES itself calls the address one to be mailed no more: it does not exist, has lately bounced
    # for many as one that does not, or bounced for good.
    Rule("bounce",           "permanent", "noemail|suppressed|general", None, BOUNCED, "no such address", "5.1.1"),
    # With sub-type OnAccountSuppressionList or Suppressed it was taken with 250, and never tried: gone all the same.
    Rule("bounce",           "permanent",   None,     None,    BOUNCED,       "given up"),
    # Given up as well, after several tries. But SES counts automatic replies among these, which prove that somebody
    # has it; a DSN's "Action: failed" with a class 5 is a refusal.
    Rule("bounce",           "transient|undetermined", "failed", True, BOUNCED, "given up, with a permanent code"),
    Rule("bounce",           "transient|undetermined|", None, None, ACCEPTED, "not known to be permanent"),
    # "SES accepted the message, but didn't attempt to send it": this person complained of an earlier one.
    Rule("complaint",        "onaccountsuppressionlist", None, None, BOUNCED, "taken, and never sent"),
    # RFC 5965 section 7.3, and the registry's "not-spam": the opposite of a complaint; authentication failures are
    # about us and DNS. In both cases somebody had the message.
    Rule("complaint",        None, "not-spam|auth-failure",  None, DELIVERED, "it arrived; no complaint"),
    Rule("complaint",        None,          None,     None,    COMPLAINT,     "called spam"),
    # The only reason is a virus, found after the 250: no try is made.
    Rule("reject",           None,          None,     None,    BOUNCED,       "taken, then found unfit to send"),
    Rule("open|click",       None,          None,     None,    DELIVERED,     "it arrived"),
    # A click on SES's own unsubscribe link, which subscription management puts in.
    Rule("subscription",     None,          None,     None,    UNSUBSCRIBED,  "wants no more"),
    # Of templates that SES itself fills in, which ours are not.
    Rule("rendering ?failure", None,        None,     None,    None,          "not of a message of ours"),
)
# fmt: on
_PARTS = {"deliverydelay": "deliveryDelay", "rendering failure": "failure", "renderingfailure": "failure"}
_RECIPIENTS = ("bouncedRecipients", "complainedRecipients", "delayedRecipients", "recipients")
_TAG = re.compile(r"(?:^|,)\s{0,8}key\s{0,8}=\s{0,8}([\w-]{1,256})\s{0,8}(?=,|$)")


class AmazonSes:
    """SES."""

    source = "Amazon SES events"
    table = TABLE

    def owns(self, found: dict[str, object]) -> bool:
        """Whether it has what every record has, or every answer."""
        if isinstance(found.get("Insights"), list):
            return isinstance(found.get("MessageId"), str)
        return isinstance(found.get("eventType", found.get("notificationType")), str) and isinstance(
            within(found, "mail", "messageId"), str
        )

    def events(self, found: dict[str, object]) -> Iterator[Event]:
        """Give them: the one that a record is, or all that the API knows of a message."""
        if "Insights" in found:
            yield from _insights(found)
            return
        name = text(found.get("eventType", found.get("notificationType"))).lower()
        mail, part = found.get("mail"), found.get(_PARTS.get(name, name))
        relay_id, at = text(within(mail, "messageId")), within(part, "timestamp")
        recipients = _recipients(part)
        first = recipients[0] if recipients else {}
        said = within(first, "diagnosticCode")
        code, enhanced = reply_codes(said)
        kind, subkind = _types(name, part)
        failed = name == "bounce" and text(within(first, "action")).lower() == "failed"
        feedback = text(within(part, "feedbackId"))
        yield Event(
            name=name,
            id=feedback or made_id("ses", relay_id, name, moment(at)),
            moment=moment(at) or moment(within(mail, "timestamp")),
            type=kind,
            subtype="failed" if failed and kind != "permanent" else subkind,
            key=_key(mail),
            message_id=_message_id(mail),
            relay_id=relay_id,
            recipients=tuple(filter(None, (text(within(one, "emailAddress")) for one in recipients))),
            code=code,
            enhanced=enhanced_code(within(first, "status")) or enhanced,
            detail=_detail(name, part, said),
        )


def _insights(found: dict[str, object]) -> Iterator[Event]:
    relay_id, tags = text(found["MessageId"]), found.get("EmailTags")
    tagged = [text(within(tag, "Value")) for tag in _listed(tags) if within(tag, "Name") == "key"]
    for insight in _listed(found["Insights"]):
        for one in _listed(within(insight, "Events")):
            name, at = text(within(one, "Type")).lower().replace("_", ""), moment(within(one, "Timestamp"))
            part = within(one, "Details", name.capitalize())
            said = within(part, "DiagnosticCode")
            code, enhanced = reply_codes(said)
            fields = (
                ("ComplaintSubType", "ComplaintFeedbackType")
                if name == "complaint"
                else ("BounceType", "BounceSubType")
            )
            kind, subkind = (text(within(part, field)).lower() for field in fields)
            yield Event(
                name=name,
                id=made_id("ses", relay_id, name, at),
                moment=at,
                type=kind,
                subtype=subkind,
                key=tagged[0] if len(tagged) == 1 else "",
                relay_id=relay_id,
                recipients=tuple(filter(None, [text(within(insight, "Destination"))])),
                code=code,
                enhanced=enhanced,
                detail=text(said, 500),
            )


def _listed(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _types(name: str, part: object) -> tuple[str, str]:
    if name == "complaint":
        return text(within(part, "complaintSubType")).lower(), text(within(part, "complaintFeedbackType")).lower()
    return text(within(part, "bounceType")).lower(), text(within(part, "bounceSubType")).lower()


def _detail(name: str, part: object, said: object) -> str:
    """Give the recipient's server's words, or else SES's: `Permanent, OnAccountSuppressionList`."""
    if said:
        return text(said, 500)
    fields = ("bounceType", "bounceSubType") if name == "bounce" else ("complaintSubType", "reason", "smtpResponse")
    return ", ".join(filter(None, (text(within(part, field)) for field in fields)))


def _recipients(part: object) -> list[dict[str, object]]:
    """Give them as objects: a Delivery has plain addresses."""
    for field in _RECIPIENTS:
        if isinstance(listed := within(part, field), list):
            return [one if isinstance(one, dict) else {"emailAddress": one} for one in listed[:50]]
    return []


def _key(mail: object) -> str:
    tagged = within(mail, "tags", "key")
    if isinstance(tagged, list) and len(tagged) == 1:
        return text(tagged[0])
    found = _TAG.search(_header(mail, "x-ses-message-tags"))
    return found[1] if found else ""


def _message_id(mail: object) -> str:
    return _header(mail, "message-id") or text(within(mail, "commonHeaders", "messageId"))


def _header(mail: object, name: str) -> str:
    headers = within(mail, "headers")
    for header in headers[:200] if isinstance(headers, list) else []:
        if text(within(header, "name")).lower() == name:
            return text(within(header, "value"), 1000)
    return ""
