"""Bounces of real servers: each says whose it is, by its envelope identifier, and none carries the link back.

The server takes everything, and then bounces some: by itself, or since the server that it goes on to refuses. The DSNs
(RFC 3464) come back to it, into a mailbox.
"""

import contextlib
import email
import email.policy
import json
import subprocess
import sys
from collections.abc import Sequence
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from campaign.message import ContactKeys
from tests.campaigns import SmallCampaign
from tests.crashes.sender import environment
from tests.ledgers import salt_of
from tests.real_servers import exim, postfix
from tests.real_servers.conftest import Found
from tests.real_servers.pipelining import sign_in
from tests.real_servers.relay import Relay
from tests.real_servers.sending import command
from tests.real_servers.servers import SERVERS, available
from tests.smtp_server import CATALOGUE, FaultServer

pytestmark = pytest.mark.real_servers
_EACH = 10
_RETURN_PATH = "bounces@acme.example"


def _sent(folder: Path, relay: Relay, domains: Sequence[str], *, verp: bool) -> SmallCampaign:
    """A campaign to some people of each domain; the server has taken all of it."""
    name = "own-return-paths" if verp else "one-return-path"
    settings: dict[str, dict[str, object]] = {
        "message": {"return_path": _RETURN_PATH, "unsubscribe_mailto": "stop@acme.example"},
        "bounces": {"verp": verp},
        "smtp": {"connections": 3},
    }
    campaign = SmallCampaign(folder / name, settings, name=name)
    campaign.contacts(
        (f"{name}.{number}@{domain}", f"Person {number}") for domain in domains for number in range(_EACH)
    )
    campaign.load(relay.port)
    ended = command(campaign, relay, "send")
    assert set(campaign.statuses().values()) == {"sent"}, ended.said
    return campaign


def _hold(campaign: SmallCampaign, mails: Sequence[bytes], bounced: Sequence[str], *, verp: bool) -> None:
    """Everybody of those domains has bounced once, by a report that says whose it is, and has no link in it."""
    keys = ContactKeys(salt_of(campaign.ledger))
    expected = {row["email"]: keys(row["email"]) for row in campaign.results()}
    expected = {who: key for who, key in expected.items() if who.rpartition("@")[2] in bounced}
    found = {}
    for raw, report in _reports(mails):
        message, recipient = _status(report)
        who = str(recipient["Final-Recipient"]).partition(";")[2].strip()
        if who not in expected:
            continue
        assert who not in found, f"two bounces for {who}"
        found[who] = str(message["Original-Envelope-Id"])
        local, domain = _RETURN_PATH.split("@")
        assert f"{local}+{expected[who]}@{domain}" in str(report["To"]) if verp else report["To"] == _RETURN_PATH
        assert "text/rfc822-headers" in [part.get_content_type() for part in report.walk()]
        for trace in (b"sso?", b"token", b"eyJ", b"myclickfunnels"):
            assert trace not in raw, f"{trace!r} in {raw!r}"
    assert found == expected


def _settle(campaign: SmallCampaign, maildir: Path) -> dict[str, Any]:
    """What `campaign settle` says of a mailbox, in JSON."""
    arguments = [sys.executable, "-m", "campaign", "settle", str(campaign.path), str(maildir), "--json"]
    done = subprocess.run(arguments, env=environment(), capture_output=True, text=True, timeout=60)
    assert done.stdout.startswith("{"), done.stderr
    said: dict[str, Any] = json.loads(done.stdout)
    return said


def _maildir(folder: Path, mails: Sequence[bytes]) -> Path:
    """A mailbox with these mails, as a person would fetch it."""
    for part in ("cur", "new", "tmp"):
        (folder / part).mkdir(parents=True)
    for number, mail in enumerate(mails):
        (folder / "new" / f"{number}.mail").write_bytes(mail)
    return folder


def _hold_settled(campaign: SmallCampaign, maildir: Path, bounced: Sequence[str]) -> None:
    """Exactly the rows of those domains move, and a second look moves nothing."""
    said = _settle(campaign, maildir)
    words = {who: "bounced" if who.rpartition("@")[2] in bounced else "sent" for who in campaign.statuses()}
    assert campaign.statuses() == words
    assert sum(move["rows"] for move in said["moves"]) == len(bounced) * _EACH, said
    assert all(row["evidence"] for row in campaign.results() if row["status"] == "bounced")
    assert _settle(campaign, maildir)["moves"] == [] and campaign.statuses() == words


def _reports(mails: Sequence[bytes]) -> list[tuple[bytes, EmailMessage]]:
    """The bounces among the mails, as they came, and read."""
    read = [(raw, email.message_from_bytes(raw, policy=email.policy.default)) for raw in mails]
    return [(raw, mail) for raw, mail in read if mail.get_content_type() == "multipart/report"]


def _status(report: EmailMessage) -> Sequence[EmailMessage]:
    """What it says of the message, and of its one recipient: RFC 3464 section 2.1."""
    (status,) = (part for part in report.walk() if part.get_content_type() == "message/delivery-status")
    blocks = status.get_payload()
    assert isinstance(blocks, list) and len(blocks) == 2
    return [block for block in blocks if isinstance(block, EmailMessage)]


@pytest.mark.parametrize("name", SERVERS)
def test_whoever_offers_dsn_takes_what_a_message_asks(name: str, found: Found) -> None:
    with available(SERVERS[name]()) as relay, contextlib.closing(sign_in(relay)) as client:
        code, said = client.docmd("MAIL FROM:<hello@acme.example> RET=HDRS ENVID=abcdefghij234567")
        offered = client.has_extn("dsn")
    if offered:
        assert code == 250, said
    found("dsn", relay.name, "taken" if offered else "not offered")


def test_what_postfix_bounces_says_whose_it_is_and_has_no_link_in_it(tmp_path: Path) -> None:
    """By Postfix itself, and where a server behind it refuses, whether that one offers DSN or not."""
    refusal = CATALOGUE["rcpt_5xx"]()
    with FaultServer(refusal, dsn=True) as able, FaultServer(refusal) as plain:
        behind = f"able.example = smtp:[127.0.0.1]:{able.port} }}, {{ plain.example = smtp:[127.0.0.1]:{plain.port}"
        main = (
            f"transport_maps = inline:{{ {{ {behind} }} }}\n"
            "virtual_mailbox_maps = regexp:{ { !/@gone[.]example$$/ Maildir/ } }\n"  # main.cf: $$ is $
            "smtpd_reject_unlisted_recipient = no\n"
            "recipient_delimiter = +\n"
        )
        with available(postfix.start(main=main)) as relay:
            domains = ("here.example", "gone.example", "able.example", "plain.example")
            campaigns = {verp: _sent(tmp_path, relay, domains, verp=verp) for verp in (False, True)}
            mails = relay.delivered()
    assert len(_reports(mails)) == 2 * 3 * _EACH and len(mails) == 2 * 4 * _EACH
    maildir = _maildir(tmp_path / "Maildir", mails)
    for verp, campaign in campaigns.items():
        _hold(campaign, mails, domains[1:], verp=verp)
        _hold_settled(campaign, maildir, domains[1:])
    passed_on = [line for one in able.connections for line in one.commands if b"ENVID=" in line and b"RET=HDRS" in line]
    assert len(passed_on) >= 2 * _EACH, "it asks the same of a server behind it that offers DSN"


def test_where_it_is_not_offered_the_link_comes_back_and_the_bounce_is_matched_all_the_same(tmp_path: Path) -> None:
    """As the guide says: by our Message-ID in it, or by the address that it comes to."""
    main = (
        "smtpd_discard_ehlo_keywords = dsn\n"
        "virtual_mailbox_maps = regexp:{ { !/@gone[.]example$$/ Maildir/ } }\n"
        "smtpd_reject_unlisted_recipient = no\n"
        "recipient_delimiter = +\n"
    )
    domains = ("here.example", "gone.example")
    with available(postfix.start(main=main)) as relay:
        campaigns = [_sent(tmp_path, relay, domains, verp=verp) for verp in (False, True)]
        mails = relay.delivered()
    reports = _reports(mails)
    assert len(reports) == 2 * _EACH and all(b"Original-Envelope-Id" not in raw for raw, _ in reports)
    assert all(b"sso?" in raw for raw, _ in reports)
    maildir = _maildir(tmp_path / "Maildir", mails)
    for campaign in campaigns:
        _hold_settled(campaign, maildir, domains[1:])


def test_what_exim_bounces_where_it_is_told_to_offer_dsn(tmp_path: Path) -> None:
    """`dsn_advertise_hosts` is empty unless set."""
    gone = "gone:\n  driver = redirect\n  domains = gone.example\n  allow_fail\n  data = :fail: no such user\n"
    with available(exim.start(main="dsn_advertise_hosts = *", routers=gone)) as relay:
        campaign = _sent(tmp_path, relay, ("here.example", "gone.example"), verp=False)
        mails = relay.delivered()
    _hold(campaign, mails, ("gone.example",), verp=False)
    _hold_settled(campaign, _maildir(tmp_path / "Maildir", mails), ("gone.example",))
