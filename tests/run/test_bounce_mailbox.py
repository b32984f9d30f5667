"""The mailbox that settings name: read where it is asked for, and what is missing is said before anything is."""

import sys
from pathlib import Path
from typing import Any

import pytest

from campaign.errors import CampaignError, SettingsError, UsageError
from campaign.run.bounce_mailbox import bounce_mailbox
from campaign.run.settle import SettleOrder, settle
from campaign.settings import Settings, load_settings
from campaign.settle.mail.reader import Mails
from tests.campaigns import SmallCampaign
from tests.evidence_files import bounce_mail
from tests.settle.mailbox.imap_server import PASSWORD, USERNAME, ImapServer
from tests.smtp_server import FaultServer

ENVIRONMENT = {"CAMPAIGN_BOUNCES__MAILBOX__PASSWORD": PASSWORD}


def _settings(small: SmallCampaign, environ: dict[str, str] | None = None, **mailbox: object) -> Settings:
    given = {f"bounces.mailbox.{key}": value for key, value in mailbox.items()}
    return load_settings(small.path, environ=ENVIRONMENT if environ is None else environ, overrides=given)


def _refused(settings: Settings) -> CampaignError:
    with pytest.raises(CampaignError) as raised, bounce_mailbox(settings, Mails()):
        pass
    return raised.value


@pytest.fixture
def small(tmp_path: Path) -> SmallCampaign:
    campaign = SmallCampaign(tmp_path / "small").people(3)
    campaign.load(25)
    return campaign


def test_a_campaign_is_settled_by_what_is_in_it_and_only_then_is_it_flagged(small: SmallCampaign) -> None:
    with FaultServer() as relay:
        small.send(relay.port)
    first, second, _ = small.results()
    mails = [bounce_mail(row["message_id"], row["email"]) for row in (first, second)]
    with ImapServer(*mails, bounce_mail("<else@where.example>", "x@y.example")) as server:
        where: dict[str, Any] = {"host": "127.0.0.1", "port": server.port, "security": "none", "username": USERNAME}
        settings = _settings(small, **where)
        tried = settle(settings, SettleOrder(mailbox=True, dry_run=True))
        assert (tried.moved, tried.mails) == (2, 3) and set().union(*server.flags().values()) == set()
        settled = settle(settings, SettleOrder(mailbox=True))
        assert (settled.moved, settled.mails, settled.files, settled.exit_code) == (2, 3, 0, 0)
        assert settled.unmatched == {"delivery report": 1}
        assert [sorted(flags) for flags in server.flags().values()] == [["\\Seen"], ["\\Seen"], []]
        assert settle(settings, SettleOrder(mailbox=True)).moved == 0
    assert sorted(small.statuses().values()) == ["bounced", "bounced", "sent"]


@pytest.mark.parametrize(
    ("mailbox", "environ", "word"),
    [
        ({}, {}, "bounces.mailbox.host is missing"),
        ({"host": "localhost"}, {}, "bounces.mailbox.username is missing"),
        ({"host": "localhost", "username": "b"}, {}, "the password of the mailbox is missing"),
    ],
)
def test_what_is_missing_is_named(
    small: SmallCampaign, mailbox: dict[str, object], environ: dict[str, str], word: str
) -> None:
    error = _refused(_settings(small, environ, **mailbox))
    assert isinstance(error, SettingsError) and word in error.what and error.where and error.fix


def test_a_file_of_authorities_that_will_not_do_is_named(small: SmallCampaign) -> None:
    error = _refused(_settings(small, host="localhost", username="b", ca_file="nowhere.pem"))
    assert error.what.startswith("bounces.mailbox.ca_file won't do")


def test_a_command_gives_the_token_in_place_of_a_password(small: SmallCampaign) -> None:
    token = "a" * 40
    command = f"{sys.executable} -c 'print(\"{token}\")'"
    with ImapServer(token=token) as server:
        where: dict[str, Any] = {"host": "127.0.0.1", "port": server.port, "security": "none", "username": USERNAME}
        with bounce_mailbox(_settings(small, {}, token_command=command, **where), Mails()):
            pass
        assert "AUTHENTICATE XOAUTH2" in server.heard


def test_a_command_that_gives_none_is_told_as_that(small: SmallCampaign) -> None:
    error = _refused(_settings(small, {}, host="localhost", username="b", token_command="false"))
    assert isinstance(error, UsageError) and error.where == "bounces.mailbox.token_command"
    assert "no access token" in error.what
