"""Mailgun: its Events API, its Logs API, and its webhooks.

Fields are those of "Event Structure", "Event Types" and "Webhook Payloads" of Mailgun's manual, and of "List logs".

Whose an event is: the user variable `key` (header X-Mailgun-Variables), or our Message-ID, which Mailgun keeps and
writes without its brackets. Its reply by SMTP has no id.
"""

from collections.abc import Iterator

from campaign.evidence import EvidenceKind
from campaign.settle.providers.event_table import Event, Rule, Table, made_id
from campaign.settle.providers.fields import enhanced_code, moment, reply_code, reply_codes, text, within

ACCEPTED, DELIVERED, BOUNCED = EvidenceKind.ACCEPTED, EvidenceKind.DELIVERED, EvidenceKind.BOUNCED
COMPLAINT, UNSUBSCRIBED = EvidenceKind.COMPLAINT, EvidenceKind.UNSUBSCRIBED

# fmt: off
TABLE: Table = (
    #    event               type         sub-type  class 5  what it shows  because
    Rule("accepted",         None,        None,     None,    ACCEPTED,      "in the queue"),
    # With X-Mailgun-Drop-Message it is "delivered" to nobody, with a code of Mailgun's own, 650.
    Rule("delivered",        "test",      None,     None,    ACCEPTED,      "a test: taken, and dropped"),
    Rule("delivered",        None,        None,     None,    DELIVERED,     "the recipient's server took it"),
    # Refused for good, tries used up, or taken and never tried, since the address bounced, complained or unsubscribed
    # before (reasons suppress-bounce, suppress-complaint, suppress-unsubscribe; codes 605 to 607).
    # "Not delivering to previously bounced address": Mailgun keeps those that failed for good.
    Rule("failed",           "permanent", "suppress-bounce", None, BOUNCED, "its address bounced before", "5.1.1"),
    Rule("failed",           "permanent", None,     None,    BOUNCED,       "given up"),
    # It may still be tried; of no severity at all, nobody knows.
    Rule("failed",           None,        None,     None,    ACCEPTED,      "not known to be permanent"),
    # "Mailgun rejected the request to send": whether it had said 250 before is not documented.
    Rule("rejected",         None,        None,     None,    None,          "not known to have been taken"),
    Rule("complained",       None,        None,     None,    COMPLAINT,     "called spam"),
    Rule("unsubscribed",     None,        None,     None,    UNSUBSCRIBED,  "wants no more"),
    Rule("(?:unique_)?(?:opened|clicked)", None, None, None, DELIVERED,     "it arrived"),
    # Of mail that Mailgun receives for somebody, and of its other services.
    Rule("stored|email_validation|list_(?:member_)?upload(?:ed|_error)|trapped", None, None, None, None, "not of ours"),
)
# fmt: on
_ITS_OWN = ("message", "user-variables", "delivery-status", "log-level", "recipient-domain", "envelope")


class Mailgun:
    """Mailgun."""

    source = "Mailgun events"
    table = TABLE

    def owns(self, found: dict[str, object]) -> bool:
        """Whether it has what every event has, and something that only Mailgun has."""
        return (
            isinstance(found.get("event"), str)
            and ("timestamp" in found or "@timestamp" in found)
            and "email" not in found
            and "RecordType" not in found
            and any(isinstance(found.get(name), dict | str) for name in _ITS_OWN)
            and (isinstance(found.get("recipient"), str) or isinstance(within(found, "message", "headers"), dict))
        )

    def events(self, found: dict[str, object]) -> Iterator[Event]:
        """Give the one event that it is."""
        name = text(found.get("event")).lower()
        at = found.get("timestamp", found.get("@timestamp"))
        message_id = text(within(found, "message", "headers", "message-id"), 1000)
        key = text(within(found, "user-variables", "key"))
        said = within(found, "delivery-status", "message") or within(found, "delivery-status", "description")
        code, enhanced = reply_codes(said)
        is_test = within(found, "flags", "is-test-mode") is True
        when = moment(at)
        yield Event(
            name=name,
            # Mailgun's ids are "unique within a day"; webhooks, both APIs and all pages have the same.
            id=made_id("mailgun", text(found.get("id")) or (key, message_id, name), when),
            moment=when,
            type="test" if is_test and name == "delivered" else text(found.get("severity")).lower(),
            subtype=text(found.get("reason")).lower(),
            key=key,
            message_id=message_id,
            recipients=tuple(filter(None, [text(found.get("recipient"))])),
            code=reply_code(within(found, "delivery-status", "code")) or code,
            enhanced=enhanced_code(within(found, "delivery-status", "enhanced-code")) or enhanced,
            detail=_detail(found, said),
        )


def _detail(found: dict[str, object], said: object) -> str:
    return ", ".join(filter(None, [text(found.get("reason")), text(said, 500)]))
