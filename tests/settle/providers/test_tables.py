"""What each event of each provider shows, oddities above all."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from campaign.evidence import EvidenceKind
from campaign.settle.providers.event_table import rule_for
from campaign.settle.providers.reader import PROVIDERS, owner_of
from tests.settle.providers.known import KEY, MESSAGE_ID, OURS, read

KEY_OF_ADA = KEY["ada"]
MOMENT = "2026-11-27T08:00:00Z"


def ses(name: str, part: str, **fields: Any) -> dict[str, Any]:
    mail = {"timestamp": MOMENT, "messageId": "0102-1", "tags": {"key": [KEY_OF_ADA]}}
    return {"eventType": name, "mail": mail, part: {"timestamp": MOMENT, **fields}}


def bounce(kind: str, subkind: str = "General", **recipient: str) -> dict[str, Any]:
    to = {"emailAddress": "ada@engine.example", **recipient}
    return ses("Bounce", "bounce", bounceType=kind, bounceSubType=subkind, bouncedRecipients=[to], feedbackId="f")


def sendgrid(event: str, **fields: Any) -> dict[str, Any]:
    ada = {"email": "ada@engine.example", "sg_event_id": "e", "key": KEY_OF_ADA, "timestamp": 1795766400}
    return {"event": event, **ada, **fields}


def postmark(record: str, **fields: Any) -> dict[str, Any]:
    return {"RecordType": record, "MessageID": "883953f4", "Metadata": {"Key": KEY_OF_ADA}, **fields}


def mailgun(event: str, **fields: Any) -> dict[str, Any]:
    ada = {"recipient": "ada@engine.example", "user-variables": {"key": KEY_OF_ADA}, "timestamp": 1795766400.5}
    return {"event": event, "id": "i", **ada, **fields}


def insight(name: str, **details: Any) -> dict[str, Any]:
    """What SES's API answers of a message."""
    event = {"Timestamp": "2026-11-27T09:00:00+01:00", "Type": name, "Details": details}
    tags = [{"Name": "ses:from-domain", "Value": "acme.example"}, {"Name": "key", "Value": KEY_OF_ADA}]
    insights = [{"Destination": "ada@engine.example", "Isp": "Other", "Events": [event]}]
    return {"MessageId": "0102-1", "EmailTags": tags, "Insights": insights}


SUPPRESSED = {"SuppressSending": True, "Recipient": "ada@engine.example", "ChangedAt": MOMENT}
ON_LIST = "OnAccountSuppressionList"
FAILED = {"action": "failed", "diagnosticCode": "smtp; 552 5.2.2 mailbox full", "status": "5.2.2"}
TOO_OLD = {"action": "failed", "diagnosticCode": "smtp; 451 4.4.7 expired", "status": "4.4.7"}


@pytest.mark.parametrize(
    ("event", "shows"),
    [
        (ses("Send", "send"), "accepted"),
        (ses("Delivery", "delivery", recipients=["ada@engine.example"]), "delivered"),
        (ses("DeliveryDelay", "deliveryDelay", delayType="MailboxFull"), "accepted"),
        (ses("Open", "open", userAgent="scanner"), "delivered"),
        (ses("Click", "click", link="https://acme.example/?token=x"), "delivered"),
        (ses("Subscription", "subscription", contactList="all"), "unsubscribed"),
        (ses("Rendering Failure", "failure", errorMessage="x"), None),
        (ses("RenderingFailure", "failure", errorMessage="x"), None),
        (ses("Reject", "reject", reason="Bad content"), "bounced"),
        (ses("Complaint", "complaint", complaintFeedbackType="abuse"), "complaint"),
        (ses("Complaint", "complaint"), "complaint"),
        (ses("Complaint", "complaint", complaintFeedbackType="not-spam"), "delivered"),
        (ses("Complaint", "complaint", complaintFeedbackType="auth-failure"), "delivered"),
        (ses("Complaint", "complaint", complaintSubType=ON_LIST), "bounced"),
        (ses("Complaint", "complaint", complaintSubType=None, complaintFeedbackType="virus"), "complaint"),
        (bounce("Permanent"), "bounced"),
        (bounce("Permanent", ON_LIST), "bounced"),
        (bounce("Permanent", "Suppressed"), "bounced"),
        (bounce("Undetermined", "Undetermined"), "accepted"),
        (bounce("Transient"), "accepted"),  # out of office, perhaps
        (bounce("Transient", "MailboxFull", **FAILED), "bounced"),
        (bounce("Transient", "General", **TOO_OLD), "accepted"),
        (bounce("Transient", "MailboxFull", **{**FAILED, "action": "delayed"}), "accepted"),
        (bounce(""), "accepted"),
        (insight("SEND"), "accepted"),
        (insight("DELIVERY_DELAY"), "accepted"),
        (insight("BOUNCE", Bounce={"BounceType": "PERMANENT", "DiagnosticCode": "smtp; 550 5.1.1 no"}), "bounced"),
        (insight("BOUNCE", Bounce={"BounceType": "TRANSIENT", "DiagnosticCode": "smtp; 550 5.1.1 no"}), "accepted"),
        (insight("COMPLAINT", Complaint={"ComplaintSubType": ON_LIST}), "bounced"),
        (insight("COMPLAINT", Complaint={"ComplaintFeedbackType": "not-spam"}), "delivered"),
        (insight("COMPLAINT"), "complaint"),
        (insight("RENDERING_FAILURE"), None),
        (sendgrid("processed"), "accepted"),
        (sendgrid("deferred", response="452 4.2.2 full"), "accepted"),
        (sendgrid("delivered", response="250 OK"), "delivered"),
        (sendgrid("bounce", type="bounce", status="5.1.1"), "bounced"),
        (sendgrid("bounce"), "bounced"),
        (sendgrid("bounce", type="blocked", status="5.7.1", reason="550 5.7.1 spam"), "bounced"),
        (sendgrid("bounce", type="blocked", reason="unable to get mx info"), "accepted"),
        (sendgrid("bounce", type="blocked", status="4.7.1", reason="421 try later"), "accepted"),
        (sendgrid("dropped", reason="Unsubscribed Address"), "bounced"),
        (sendgrid("dropped", reason="Invalid SMTPAPI header"), "bounced"),
        (sendgrid("spamreport"), "complaint"),
        (sendgrid("unsubscribe"), "unsubscribed"),
        (sendgrid("group_unsubscribe"), "unsubscribed"),
        (sendgrid("group_resubscribe"), None),
        (sendgrid("open", sg_machine_open=True), "delivered"),
        (sendgrid("click", url="https://acme.example/"), "delivered"),
        (postmark("Delivery", Recipient="ada@engine.example", DeliveredAt=MOMENT), "delivered"),
        (postmark("Open"), "delivered"),
        (postmark("Click", OriginalLink="https://acme.example/"), "delivered"),
        (postmark("SpamComplaint", Type="SpamComplaint"), "complaint"),
        (postmark("Bounce", Type="HardBounce", ID=1), "bounced"),
        (postmark("Bounce", Type="SpamComplaint", ID=1), "complaint"),
        (postmark("Bounce", Type="SMTPApiError", Details="inactive recipient"), "bounced"),
        (postmark("Bounce", Type="SoftBounce", Details="smtp;552 5.2.2 full"), "bounced"),
        (postmark("Bounce", Type="SoftBounce", Details="action: failed 552 5.2.2"), "accepted"),
        (postmark("Bounce", Type="Blocked", Details="smtp;421 4.7.0 later"), "accepted"),
        (postmark("Bounce", Type="SpamNotification", Details="smtp;550 5.7.1 spam"), "accepted"),  # was delivered, but
        (postmark("Bounce", Type="AutoResponder"), "accepted"),
        (postmark("Bounce", Type="Transient"), "accepted"),
        (postmark("Bounce", Type="SomethingNew"), "accepted"),
        (
            postmark("SubscriptionChange", SuppressionReason="ManualSuppression", Origin="Recipient", **SUPPRESSED),
            "unsubscribed",
        ),
        (postmark("SubscriptionChange", SuppressionReason="ManualSuppression", Origin="Customer", **SUPPRESSED), None),
        (postmark("SubscriptionChange", SuppressionReason="HardBounce", Origin="Recipient", **SUPPRESSED), "bounced"),
        (
            postmark("SubscriptionChange", SuppressionReason="SpamComplaint", Origin="Recipient", **SUPPRESSED),
            "complaint",
        ),
        (postmark("SubscriptionChange", SuppressionReason="HardBounce", SuppressSending=False), None),  # active again
        (mailgun("accepted"), "accepted"),
        (mailgun("delivered"), "delivered"),
        (mailgun("delivered", flags={"is-test-mode": True}), "accepted"),
        (mailgun("failed", severity="permanent", reason="suppress-bounce"), "bounced"),
        (mailgun("failed", severity="temporary", reason="generic"), "accepted"),
        (mailgun("failed"), "accepted"),
        (mailgun("rejected", reject={"reason": "Sandbox subdomains are for test purposes only"}), None),
        (mailgun("complained"), "complaint"),
        (mailgun("unsubscribed"), "unsubscribed"),
        (mailgun("opened"), "delivered"),
        (mailgun("unique_clicked"), "delivered"),
        (mailgun("stored"), None),
    ],
)
def test_an_event_shows_what_its_table_says(event: dict[str, Any], shows: str | None, tmp_path: Path) -> None:
    path = tmp_path / "event.json"
    path.write_text(json.dumps(event))
    _, evidence, told = read(path)
    assert [(str(one.kind), OURS.by_key(one.key)) for one in evidence] == ([(shows, 1)] if shows else [])
    assert told == []
    assert all("token" not in repr(one) for one in evidence)  # a link that was clicked is kept nowhere


@pytest.mark.parametrize("provider", PROVIDERS, ids=lambda provider: provider.source)
def test_every_line_of_a_table_can_decide_and_says_why(provider: Any) -> None:
    for rule in provider.table:
        assert rule.because
        for pattern in (rule.name, rule.type or "", rule.subtype or ""):
            assert re.compile(pattern)


@pytest.mark.parametrize(
    ("reason", "enhanced"),
    [
        ("Bounced Address", "5.0.0"),
        ("Invalid", "5.0.0"),
        ("Invalid SMTPAPI header", ""),
        ("Recipient List over Package Quota", ""),
        ("Spam Content", ""),
        ("Unsubscribed Address", ""),
        ("", ""),
    ],
)
def test_a_drop_that_is_not_the_address_s_fault_quotes_no_code_against_it(reason: str, enhanced: str) -> None:
    dropped = sendgrid("dropped", reason=reason, status="5.0.0")
    owner = owner_of(dropped)
    assert owner is not None
    assert [one.enhanced for one in owner.events(dropped)] == [enhanced]


def test_what_the_api_answers_is_the_event_that_was_published() -> None:
    owner = owner_of(insight("SEND"))
    assert owner is not None
    published, answered = (list(owner.events(one)) for one in (ses("Send", "send"), insight("SEND")))
    assert [one.id for one in published] == [one.id for one in answered]


def test_no_provider_takes_another_s_events() -> None:
    for event in (insight("SEND"), ses("Send", "send"), sendgrid("open"), postmark("Open"), mailgun("opened")):
        assert sum(provider.owns(event) for provider in PROVIDERS) == 1
        owner = owner_of(event)
        assert owner is not None
        assert [rule_for(owner.table, one) is not None for one in owner.events(event)] == [True]


def ses_mail(**mail: Any) -> dict[str, Any]:
    return {
        "notificationType": "Bounce",
        "mail": {"messageId": "0102-1", **mail},
        "bounce": {"bounceType": "Permanent"},
    }


def ses_header(name: str, value: str) -> dict[str, Any]:
    return ses_mail(headers=[{"name": "X-Other", "value": "x"}, {"name": name, "value": value}])


def opened(sg_message_id: str) -> dict[str, Any]:
    return {"event": "open", "email": "a@b.example", "sg_message_id": sg_message_id}


def asked(**fields: Any) -> dict[str, Any]:
    """What SendGrid's API answers of a message."""
    return {"msg_id": "nhIm.recvd-1", "to_email": "a@b.example", **fields}


BARE = MESSAGE_ID["ada"].strip("<>")


@pytest.mark.parametrize(
    ("event", "found_by"),
    [
        # SES, as notifications without tags: the headers, if they are included.
        (ses_header("X-SES-MESSAGE-TAGS", f"a=b,key = {KEY_OF_ADA} , c=d"), {"key": KEY_OF_ADA, "relay_id": "0102-1"}),
        (ses_header("X-SES-MESSAGE-TAGS", f"monkey={KEY_OF_ADA}"), {"key": "", "relay_id": "0102-1"}),
        (ses_header("message-id", MESSAGE_ID["ada"]), {"key": "", "message_id": MESSAGE_ID["ada"]}),
        (ses_mail(commonHeaders={"messageId": MESSAGE_ID["ada"]}), {"message_id": MESSAGE_ID["ada"]}),
        # Two values of one tag tell nobody apart.
        (ses_mail(tags={"key": ["a", "b"]}), {"key": ""}),
        (opened("14c5d75ce93.dfd.64b469.filter0001.16648.5515E0B88.0"), {"relay_id": "14c5d75ce93.dfd.64b469"}),
        (opened("nhIm-N9SFOPcT0_i4nt2A.recvd-65b6-x2-1-67-0.0"), {"relay_id": "nhIm-N9SFOPcT0_i4nt2A"}),
        (opened("5lFl7Fr1Rjme_EyzNNB_5A.stfilter-015.5185.5.0"), {"relay_id": "5lFl7Fr1Rjme_EyzNNB_5A"}),
        (
            asked(
                unique_args=json.dumps({"key": KEY_OF_ADA}), events=[{"event_name": "delivered", "processed": MOMENT}]
            ),
            {"key": KEY_OF_ADA, "relay_id": "nhIm"},
        ),
        (asked(status="delivered", last_event_time=MOMENT), {"key": "", "relay_id": "nhIm"}),
        (
            {"event": "delivered", "@timestamp": MOMENT, "message": {"headers": {"message-id": BARE}}},
            {"message_id": BARE},
        ),
    ],
)
def test_what_identifies_a_message_is_found_where_the_provider_puts_it(
    event: dict[str, Any], found_by: dict[str, str], tmp_path: Path
) -> None:
    path = tmp_path / "event.json"
    path.write_text(json.dumps(event))
    _, evidence, told = read(path)
    assert told == [] and len(evidence) == 1
    assert {name: getattr(evidence[0], name) for name in found_by} == found_by


@pytest.mark.parametrize(
    ("event", "enhanced"),
    [
        (bounce("Permanent", "NoEmail"), "5.1.1"),
        (bounce("Permanent", "General"), "5.1.1"),
        (bounce("Permanent", "Suppressed"), "5.1.1"),
        (bounce("Permanent", ON_LIST), ""),
        (bounce("Permanent", "General", diagnosticCode="smtp; 550 5.7.1 policy"), "5.7.1"),
        (bounce("Permanent", "General", diagnosticCode="smtp; 552 too much"), ""),
        (postmark("Bounce", Type="HardBounce", Email="ada@engine.example"), "5.1.1"),
        (postmark("Bounce", Type="BadEmailAddress", Email="ada@engine.example"), "5.1.3"),
        (postmark("Bounce", Type="HardBounce", Details="smtp;550 5.7.1 no"), "5.7.1"),
        (postmark("Bounce", Type="SMTPApiError"), ""),
        (postmark("SubscriptionChange", SuppressionReason="HardBounce", **SUPPRESSED), "5.1.1"),
        (
            mailgun("failed", severity="permanent", reason="suppress-bounce", **{"delivery-status": {"code": 605}}),
            "5.1.1",
        ),
        (mailgun("failed", severity="permanent", reason="old"), ""),
    ],
)
def test_a_provider_s_word_on_the_address_stands_for_a_code_where_no_server_s_is_quoted(
    tmp_path: Path, event: dict[str, Any], enhanced: str
) -> None:
    (tmp_path / "event.json").write_text(json.dumps(event))
    (found,) = read(tmp_path / "event.json")[1]
    assert (found.kind, found.enhanced) == (EvidenceKind.BOUNCED, enhanced)
