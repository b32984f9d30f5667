"""The Message-ID of a contact stays what it was, whatever becomes of the sender's domain between two tries."""

import re
from pathlib import Path

from tests.campaigns import SmallCampaign
from tests.smtp_server import CATALOGUE, FaultServer, local_part

_MESSAGE_ID = re.compile(rb"^Message-ID: (<[^>]+>)\r$", re.MULTILINE)


def test_a_resend_from_another_domain_keeps_the_message_ids(tmp_path: Path) -> None:
    campaign = SmallCampaign(tmp_path / "campaign").people(3)
    with FaultServer(CATALOGUE["rcpt_4xx"](match=local_part("p1"))) as server:
        assert campaign.send(server.port).exit_code == 1
        seen = [found for message in server.accepted for found in _MESSAGE_ID.findall(message.data or b"")]
    before = {row["email"]: row["message_id"] for row in campaign.results()}
    campaign.settings["message"] = {"from": "Acme <hello@renamed.example>"}
    with FaultServer() as server:
        assert campaign.resend(server.port).exit_code == 0
        seen += [found for message in server.accepted for found in _MESSAGE_ID.findall(message.data or b"")]
    assert {row["email"]: row["message_id"] for row in campaign.results()} == before
    assert sorted(seen) == sorted(value.encode() for value in before.values())
    assert all(value.endswith("@acme.example>") for value in before.values())
