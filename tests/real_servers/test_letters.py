"""The judge of the letters is judged: it finds nothing wrong with what campaign writes, and sees every change."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.campaigns import SmallCampaign
from tests.conftest import StartServer
from tests.real_servers.letters import HEADER, altered, message_id, odd_contacts, set_up, takes_smtputf8, unlike
from tests.real_servers.relay import Relay


@pytest.fixture
def sent(tmp_path: Path, smtp_server: StartServer) -> tuple[SmallCampaign, dict[str, bytes]]:
    """A campaign to odd contacts, and its messages by their Message-ID."""
    server = smtp_server()
    relay = Relay(name="Fault server", port=server.port, delivered=list, log=tmp_path / "log")
    campaign = set_up(tmp_path / "campaign", "letters", relay, "none", connections=1)
    # Without those whose header is in UTF-8: the fault server holds that against campaign.
    campaign.contacts((row for row in odd_contacts(120) if not takes_smtputf8(row[0])), HEADER)
    campaign.send(server.port)
    return campaign, {message_id(one.data): one.data for one in server.accepted if one.data is not None}


def test_nothing_is_wrong_with_what_arrived_as_it_was_written(sent: tuple[SmallCampaign, dict[str, bytes]]) -> None:
    campaign, messages = sent
    rows = campaign.results()
    assert len(messages) == len(rows) > 100
    found = {row["email"]: messages[row["message_id"]] for row in rows}
    assert {row["email"]: unlike(found[row["email"]], row) + altered(found[row["email"]]) for row in rows} == {
        address: [] for address in found
    }


CHANGES: dict[str, Callable[[bytes], bytes]] = {
    "a dot lost": lambda data: data.replace(b"\r\n..dots", b"\r\n.dots"),
    "a line lost": lambda data: data.replace(b"\r\n.\r\n", b"\r\n", 1),
    "a letter changed": lambda data: data.replace(b"dots", b"bots"),
    "the subject": lambda data: data.replace(b"your link", b"a link"),
    "the recipient": lambda data: data.replace(b"To: ", b"To: x", 1),
    "a field twice": lambda data: b"Subject: again\r\n" + data,
    "a field lost": lambda data: data.replace(b"List-Unsubscribe-Post", b"X-Post"),
    "the unsubscribe URL": lambda data: data.replace(b"/segment/segment/", b"/segment/ segment/x", 1),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_is_seen(sent: tuple[SmallCampaign, dict[str, bytes]], change: str) -> None:
    campaign, messages = sent
    row = campaign.results()[0]
    message = messages[row["message_id"]]
    changed = CHANGES[change](message)
    assert changed != message
    assert unlike(changed, row)


@pytest.mark.parametrize("change", [*CHANGES.values(), lambda data: data.replace(b"DKIM-Signature", b"X-Signature")])
def test_a_signature_does_not_outlive_a_change(
    sent: tuple[SmallCampaign, dict[str, bytes]], change: Callable[[bytes], bytes]
) -> None:
    message = next(iter(sent[1].values()))
    assert not altered(message)
    assert altered(change(message))
