"""The recipe of each provider's page, whole: the header that it names carries the key out, the provider's event brings
it back, and the row is settled by it.
"""

import email.message
import email.policy
import json
import re
import shutil
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from campaign.commands.guide import page
from campaign.run.settle import SettleOrder, settle
from campaign.settings import load_settings
from tests.campaigns import SmallCampaign
from tests.smtp_server import CATALOGUE, FaultServer

Events = Callable[[email.message.EmailMessage, str, str], dict[str, Any]]
"""Makes the event of a message that was taken from us, as the provider would: message, recipient, what happened."""
AT = "2099-01-01T08:00:00Z"
CODES = {"status": "5.1.1", "diagnosticCode": "smtp; 550 5.1.1 unknown"}


def ses(message: email.message.EmailMessage, to: str, happened: str) -> dict[str, Any]:
    tags = {name: [value] for name, value in re.findall(r"(\w+)=([\w-]+)", message["X-SES-MESSAGE-TAGS"])}
    mail = {"messageId": "0102019a1c3d4e5f-1a2b3c4d", "destination": [to], "tags": tags, "timestamp": AT}
    to_one = [{"emailAddress": to, "action": "failed", **CODES}]
    bounce = {"bounceType": "Permanent", "bounceSubType": "General", "feedbackId": to[:2], "bouncedRecipients": to_one}
    complaint = {"complainedRecipients": [{"emailAddress": to}], "feedbackId": to[:2]}
    part = {"Send": {}, "Bounce": bounce, "Complaint": complaint}[happened]
    return {"eventType": happened, "mail": mail, happened.lower(): {"timestamp": AT, **part}}


def sendgrid(message: email.message.EmailMessage, to: str, happened: str) -> dict[str, Any]:
    arguments = json.loads(message["X-SMTPAPI"])["unique_args"]
    event = {"email": to, "event": happened, "timestamp": 4070937600, "sg_event_id": f"{happened}-{to[:2]}"}
    why = {"type": "bounce", "reason": "550 5.1.1 unknown"} if happened == "bounce" else {}
    return {**event, **arguments, **why}


def postmark(message: email.message.EmailMessage, to: str, happened: str) -> dict[str, Any]:
    metadata = {name[14:]: value for name, value in message.items() if name.lower().startswith("x-pm-metadata-")}
    record = {"RecordType": happened, "MessageID": f"883953f4-{to[:2]}", "Metadata": metadata, "Recipient": to}
    bounce = {"Type": "HardBounce", "TypeCode": 1, "ID": 7, "Email": to, "Details": "smtp;550 5.1.1 unknown"}
    return record | ({"BouncedAt": AT, **bounce} if happened == "Bounce" else {"DeliveredAt": AT})


def mailgun(message: email.message.EmailMessage, to: str, happened: str) -> dict[str, Any]:
    event = {"id": f"{happened}{to[:2]}", "event": happened, "timestamp": 4070937600.5, "recipient": to}
    event["user-variables"] = json.loads(message["X-Mailgun-Variables"])
    failed = {"severity": "permanent", "reason": "bounce", "delivery-status": {"code": 550, "message": "5.1.1 unknown"}}
    return event | (failed if happened == "failed" else {})


def headers_of(name: str) -> dict[str, str]:
    """Give `[message.headers]` of a provider's page."""
    for block in re.findall(r"^```toml\n(.*?)^```", page(name), re.MULTILINE | re.DOTALL):
        if headers := tomllib.loads(block).get("message", {}).get("headers"):
            return dict(headers)
    raise AssertionError(f"{name} has no headers")


@pytest.fixture(scope="module")
def sent(tmp_path_factory: pytest.TempPathFactory) -> tuple[SmallCampaign, dict[str, email.message.EmailMessage]]:
    """A campaign with the headers of all pages, of which one row is in doubt, and what arrived at the server."""
    headers = {header: value for name in PROVIDERS for header, value in headers_of(name).items()}
    small = SmallCampaign(tmp_path_factory.mktemp("events") / "c", {"message": {"headers": headers}}).people(4)
    with FaultServer(CATALOGUE["body_accepted_cut"](times=1)) as server:
        small.send(server.port)
        taken = [*server.accepted, *server.unanswered]
    policy = email.policy.default
    return small, {one.recipients[0]: email.message_from_bytes(one.data or b"", policy=policy) for one in taken}


PROVIDERS: dict[str, tuple[Events, str, str, str]] = {
    "ses": (ses, "Send", "Bounce", "Complaint"),
    "sendgrid": (sendgrid, "processed", "bounce", "spamreport"),
    "postmark": (postmark, "Delivery", "Bounce", "SpamComplaint"),
    "mailgun": (mailgun, "accepted", "failed", "complained"),
}


@pytest.mark.parametrize("name", PROVIDERS)
def test_the_recipe_of_a_page_settles_rows(
    name: str, sent: tuple[SmallCampaign, dict[str, email.message.EmailMessage]], tmp_path: Path
) -> None:
    made, taken, bounced, complained = PROVIDERS[name]
    first, messages = sent
    shutil.copytree(first.folder, tmp_path / "c")
    small = SmallCampaign.__new__(SmallCampaign)
    small.folder, small.name = tmp_path / "c", first.name
    doubtful = next(address for address, word in small.statuses().items() if word == "in_doubt")
    bouncing, complaining, _ = sorted(set(small.statuses()) - {doubtful})
    happened = {doubtful: taken, bouncing: bounced, complaining: complained}
    (tmp_path / "events.jsonl").write_text(
        "\n".join(json.dumps(made(messages[to], to, happened[to])) for to in happened)
    )

    settings, order = load_settings(small.path, environ={}), SettleOrder(evidence=(tmp_path / "events.jsonl",))
    settled = settle(settings, order)
    assert {(str(move.before), str(move.after), move.rows) for move in settled.moves} == {
        ("in_doubt", "sent", 1),
        ("sent", "bounced", 1),
    }
    assert settled.unread == ()
    rows = {row["email"]: row for row in small.results()}
    assert rows[doubtful]["status"] == "sent" and rows[doubtful]["evidence"].startswith("events.jsonl:")
    assert (rows[bouncing]["status"], rows[bouncing]["enhanced_status"]) == ("bounced", "5.1.1")
    assert rows[complaining]["feedback"].startswith("complaint 20")
    assert settle(settings, order).moves == ()
