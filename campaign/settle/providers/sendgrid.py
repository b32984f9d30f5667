"""Twilio SendGrid: its event webhook, its Email Activity API, and the CSV that the activity feed exports.

Fields are those of the "Event Webhook Reference", of "Filter messages by message ID" and "Filter all messages" (Email
Activity API). The CSV has a row an event; its columns are not documented, and are taken by their names.

Whose an event is: the unique argument `key` (header X-SMTPAPI), which SendGrid puts among the event's own fields; or
what follows `queued as` in the reply, with which `sg_message_id` begins. It begins anew for nobody, but is left out of
late bounces. `smtp-id` is the Message-ID of "the originating system": ours, if it is.
"""

import json
import re
from collections.abc import Iterator

from campaign.evidence import EvidenceKind
from campaign.settle.providers.event_table import Event, Rule, Table, made_id
from campaign.settle.providers.fields import enhanced_code, moment, reply_codes, text, within

ACCEPTED, DELIVERED, BOUNCED = EvidenceKind.ACCEPTED, EvidenceKind.DELIVERED, EvidenceKind.BOUNCED
COMPLAINT, UNSUBSCRIBED = EvidenceKind.COMPLAINT, EvidenceKind.UNSUBSCRIBED

# fmt: off
TABLE: Table = (
    #    event               type              sub-type  class 5  what it shows  because
    Rule("processed",        None,             None,     None,    ACCEPTED,      "received, and ready to be delivered"),
    Rule("deferred",         None,             None,     None,    ACCEPTED,      "put off, and tried again"),
    Rule("delivered",        None,             None,     None,    DELIVERED,     "the recipient's server took it"),
    # Taken with 250, and never tried: a suppressed or unusable address, a plan used up, a header that SendGrid can't
    # read. Whose fault it is stands in the reason; nobody got it.
    Rule("dropped",          None,             None,     None,    BOUNCED,       "taken, and dropped"),
    # "blocked" (the API says "soft"): refused, or put off for 72 hours, and given up; the address stays good.
    Rule("bounce",           "blocked|soft|expired", None, True,  BOUNCED,       "given up, with a permanent code"),
    Rule("bounce",           "blocked|soft|expired", None, False, ACCEPTED,      "not known to be permanent"),
    Rule("bounce",           None,             None,     None,    BOUNCED,       "given up"),
    Rule("spamreport",       None,             None,     None,    COMPLAINT,     "called spam"),
    Rule("unsubscribe|group_unsubscribe", None, None,    None,    UNSUBSCRIBED,  "wants no more"),
    Rule("open|click|machine_open", None,      None,     None,    DELIVERED,     "it arrived"),
    # A change of mind about a group; what it takes back is not ours to give back.
    Rule("group_resubscribe", None,            None,     None,    None,          "takes back nothing here"),
    # Only the API's summary of a message: bounced, blocked or dropped, it does not say which.
    Rule("not_delivered",    None,             None,     None,    ACCEPTED,      "not known to be permanent"),
)
# fmt: on
_NAMES = {
    "bounced": "bounce",
    "opened": "open",
    "clicked": "click",
    "drop": "dropped",
    "spam_report": "spamreport",
    "spam report": "spamreport",
    "group unsubscribe": "group_unsubscribe",
    "group resubscribe": "group_resubscribe",
    "not delivered": "not_delivered",
}
"""What the API and the export call the same."""
_RELAY_ID = re.compile(r"(?:\.(?:st)?filter|\.recv).*", re.DOTALL)
"""What SendGrid's machines add: `nhIMmON9SFOPcT0ii4nt2A.recvd-65…-0`, `14c5d75ce93.dfd.64b469.filter0001.16648.…`."""
_NOT_OF_THE_ADDRESS = re.compile(r"(?!bounced address|invalid$)", re.IGNORECASE)
"""Reasons for a drop with which the `status` 5.0.0 says nothing of the address: a quota, a header, spam, their wish."""
CSV_COLUMNS = frozenset({"processed", "message_id", "event", "email"})


class SendGrid:
    """SendGrid."""

    source = "SendGrid events"
    table = TABLE

    def owns(self, found: dict[str, object]) -> bool:
        """Whether it has the names that only SendGrid has."""
        if isinstance(found.get("msg_id"), str):
            return isinstance(found.get("to_email"), str)
        if found.keys() >= CSV_COLUMNS:
            return isinstance(found["event"], str)
        return (
            isinstance(found.get("event"), str)
            and isinstance(found.get("email"), str)
            and ("sg_event_id" in found or "sg_message_id" in found or "smtp-id" in found)
        )

    def events(self, found: dict[str, object]) -> Iterator[Event]:
        """Give them: one, or, of a message of the API, all that became of it."""
        if "msg_id" in found:
            yield from _of_message(found)
            return
        key = text(found.get("key")) or _key(found.get("unique_args"))
        relay = found.get("sg_message_id", found.get("recv_message_id") or found.get("message_id"))
        yield _event(
            found,
            name=found.get("event"),
            at=found.get("timestamp", found.get("processed")),
            key=key,
            relay_id=_relay_id(relay),
            message_id=text(found.get("smtp-id"), 1000),
            email=found.get("email"),
            id_=text(found.get("sg_event_id")),
        )


def _of_message(found: dict[str, object]) -> Iterator[Event]:
    listed = found.get("events")
    parts = [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
    if not parts:
        parts = [{"event_name": found.get("status"), "processed": found.get("last_event_time")}]
    for part in parts:
        yield _event(
            part,
            name=part.get("event_name"),
            at=part.get("processed"),
            key=_key(found.get("unique_args")),
            relay_id=_relay_id(found["msg_id"]),
            message_id="",
            email=found.get("to_email"),
            id_="",
        )


def _event(
    found: dict[str, object],
    *,
    name: object,
    at: object,
    key: str,
    relay_id: str,
    message_id: str,
    email: object,
    id_: str,
) -> Event:
    said = found.get("reason") or found.get("response")
    code, enhanced = reply_codes(said)
    called = text(name).lower()
    called = _NAMES.get(called, called)
    status = "" if called == "dropped" and _NOT_OF_THE_ADDRESS.match(text(said)) else enhanced_code(found.get("status"))
    return Event(
        name=called,
        id=id_ or made_id("sendgrid", key, relay_id, message_id, called, text(at)),
        moment=moment(at),
        type=text(found.get("type", found.get("bounce_type"))).lower(),
        key=key,
        message_id=message_id,
        relay_id=relay_id,
        recipients=tuple(filter(None, [text(email)])),
        code=code,
        enhanced=status or enhanced,
        detail=text(said, 500),
    )


def _relay_id(written: object) -> str:
    return _RELAY_ID.sub("", text(written), count=1)


def _key(arguments: object) -> str:
    """Find our key in unique arguments, which the API and the export give as JSON in a string."""
    if isinstance(arguments, str):
        try:
            arguments = json.loads(arguments[:20_000])
        except (ValueError, RecursionError):
            return ""
    return text(within(arguments, "key"))
