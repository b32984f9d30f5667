"""An unsubscribe URL that fits no line: the setting's own is told before the first message, a row's is its own."""

from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from campaign.cli import app
from tests.campaigns import SECRET, SmallCampaign
from tests.conftest import StartServer
from tests.message.lines import LONGEST_URL, longest_line, url_of


@pytest.fixture
def small(tmp_path: Path) -> Callable[[str], SmallCampaign]:
    def made(url: str) -> SmallCampaign:
        campaign = SmallCampaign(tmp_path / "small", settings={"message": {"unsubscribe_url": url}})
        people = [("ann@people.example", "Ann", "1"), ("bob@people.example", "Bob", "2" * 90)]
        return campaign.contacts(people, header=("email", "name", "id"))

    return made


@pytest.mark.parametrize(
    "words", [("check",), ("check", "--offline"), ("send", "--yes"), ("resend", "--yes"), ("preview",)], ids=" ".join
)
def test_it_is_told_before_the_first_message(
    words: tuple[str, ...],
    small: Callable[[str], SmallCampaign],
    monkeypatch: pytest.MonkeyPatch,
    smtp_server: StartServer,
) -> None:
    campaign = small(url_of(LONGEST_URL - 2) + "?{{ contact.id }}")
    server = smtp_server()
    campaign.load(server.port)
    monkeypatch.setenv("CAMPAIGN_LINK__SECRET", SECRET)
    monkeypatch.chdir(campaign.folder)
    assert CliRunner().invoke(app, ["check", "--offline"]).exit_code == 0  # One row is too long, which is noted.

    campaign.settings["message"]["unsubscribe_url"] = url_of(LONGEST_URL) + "?{{ contact.id }}"
    campaign.load(server.port)
    ended = CliRunner().invoke(app, list(words))

    assert ended.exit_code == 2
    assert "the URL has at least 880 characters" in ended.output
    assert "  where: message.unsubscribe_url" in ended.output
    assert "  to do: use a shorter one" in ended.output
    assert not server.accepted
    assert not campaign.ledger.exists()


def test_one_contacts_cell_that_makes_it_too_long_costs_the_others_nothing(
    small: Callable[[str], SmallCampaign], smtp_server: StartServer
) -> None:
    campaign = small("https://acme.example/".ljust(800, "u") + "?{{ contact.id }}")
    server = smtp_server()

    campaign.send(server.port)

    assert campaign.statuses() == {"ann@people.example": "sent", "bob@people.example": "invalid"}
    (_, bob) = campaign.results()
    assert "unsubscribe URL has 891 characters; 879 fit" in bob["detail"]
    assert [message.recipients for message in server.accepted] == [("ann@people.example",)]
    assert all(longest_line(message.data or b"") <= 900 for message in server.accepted)
