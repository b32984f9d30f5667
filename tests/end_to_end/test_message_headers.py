"""[message.headers] and message.to_name, from campaign.toml to what the server is given."""

import email
import email.policy
from email.message import EmailMessage
from pathlib import Path

import pytest

from campaign.errors import UsageError
from campaign.model import Status
from campaign.run.plan import Resend
from tests.campaigns import SmallCampaign
from tests.conftest import StartServer
from tests.smtp_server import CATALOGUE, FaultServer

HEADERS = {
    "Feedback-ID": "{{ campaign.name }}:acme",
    "X-SES-MESSAGE-TAGS": "campaign={{ campaign.name }},key={{ contact.key }}",
    "X-City": "{{ contact.city | default('') }}",
}
HEADER = ("email", "name", "city")


def mailer(folder: Path, **headers: str) -> SmallCampaign:
    return SmallCampaign(folder / "c", {"message": {"headers": headers or HEADERS, "to_name": "{{ contact.name }}"}})


def read(server: FaultServer) -> dict[str, EmailMessage]:
    policy = email.policy.default.clone(raise_on_defect=True)
    return {one.recipients[0]: email.message_from_bytes(one.data or b"", policy=policy) for one in server.accepted}


def test_each_contact_has_its_own(tmp_path: Path, smtp_server: StartServer) -> None:
    campaign = mailer(tmp_path).contacts([("ada@a.example", "Ada", "Zürich"), ("bob@a.example", "Bob, Jr", "")], HEADER)
    server = smtp_server()
    campaign.send(server.port)
    messages = read(server)
    ada, bob = messages["ada@a.example"], messages["bob@a.example"]
    assert ada["Feedback-ID"] == bob["Feedback-ID"] == "small:acme"
    assert ada["X-City"] == "Zürich" and bob["X-City"] is None
    assert str(ada["To"]) == "Ada <ada@a.example>" and str(bob["To"]) == '"Bob, Jr" <bob@a.example>'
    assert ada["X-SES-MESSAGE-TAGS"] != bob["X-SES-MESSAGE-TAGS"]


def test_a_contact_has_the_same_key_in_a_later_run(tmp_path: Path, smtp_server: StartServer) -> None:
    campaign = mailer(tmp_path, **{"X-Key": "{{ contact.key }}"}).contacts([("ada@a.example", "Ada")])
    lost = smtp_server(CATALOGUE["body_accepted_cut"]())
    campaign.send(lost.port)
    assert campaign.statuses() == {"ada@a.example": "in_doubt"}
    again = smtp_server()
    campaign.resend(again.port, resend=Resend(include=(Status.IN_DOUBT,)))
    assert read(lost)["ada@a.example"]["X-Key"] == read(again)["ada@a.example"]["X-Key"]


@pytest.mark.parametrize("name", ["Feedback-ID", "X-Other"])
def test_a_cell_that_a_header_can_not_hold_is_its_rows_fault(
    tmp_path: Path, smtp_server: StartServer, name: str
) -> None:
    campaign = mailer(tmp_path, **{name: "{{ contact.city }}"})
    campaign.contacts([("ada@a.example", "Ada", "a\nBcc: x@a.example"), ("bob@a.example", "Bob", "b")], HEADER)
    server = smtp_server()
    campaign.send(server.port)
    assert campaign.statuses() == {"ada@a.example": "invalid", "bob@a.example": "sent"}
    (detail,) = [row["detail"] for row in campaign.results() if row["status"] == "invalid"]
    assert name in detail and "line break" in detail and "x@a.example" not in detail


def test_a_column_that_nobody_has_is_told_before_anybody_is_mailed(tmp_path: Path, smtp_server: StartServer) -> None:
    campaign = mailer(tmp_path, **{"X-Tag": "{{ contact.nmae }}"}).people(1)
    server = smtp_server()
    with pytest.raises(UsageError, match="did you mean 'name'") as raised:
        campaign.send(server.port)
    assert "message.headers.X-Tag" in raised.value.where and not server.connections
