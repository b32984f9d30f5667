"""`campaign send --test-to`: a few rows' messages to oneself, and nothing else happens."""

import json
import re
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest

from tests.campaigns import SECRET, SmallCampaign
from tests.command_line import Command, assert_three_parts, template
from tests.conftest import StartServer
from tests.smtp_server import CATALOGUE, FaultServer


def files(folder: Path) -> dict[str, bytes]:
    """Everything in the folder, byte for byte."""
    return {str(path): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def mails(server: FaultServer) -> list[EmailMessage]:
    return [message_from_bytes(one.data or b"", policy=policy.default) for one in server.accepted]


def subjects(server: FaultServer) -> list[str]:
    return [str(mail["Subject"]) for mail in mails(server)]


def tokens(server: FaultServer) -> Iterator[str]:
    for mail in mails(server):
        found = re.search(r"https://\S+", mail.get_body(("plain",)).get_content())  # type: ignore[union-attr]
        assert found is not None
        yield parse_qs(urlsplit(found[0]).query)["token"][0]


def is_live(token: str) -> bool:
    try:
        jwt.decode(token, SECRET, algorithms=["HS256"])
    except jwt.InvalidSignatureError:
        return False
    return True


def test_the_first_three_rows_that_can_be_mailed_come_to_oneself(
    command: Command, small: SmallCampaign, smtp_server: StartServer
) -> None:
    small.contacts([("nonsense", "No"), *((f"p{number}@people.example", f"P{number}") for number in range(1, 6))])
    server = smtp_server()
    small.load(server.port)
    before = files(small.folder)
    said = command("send", small.path, "--test-to", "me@acme.example")
    assert said.code == 0 and said.out == ""
    assert [one.recipients for one in server.accepted] == [("me@acme.example",)] * 3
    assert subjects(server) == [
        f"[Test: row {number + 1}, p{number}@people.example] Hello P{number}" for number in (1, 2, 3)
    ]
    assert "  row 2, p1@people.example: accepted: 250 Ok: queued\n" in said.err
    assert "3 of 3 accepted; no ledger and no results were touched\n" in said.err
    assert f"    campaign send {small.path} --limit 3\n" in said.err
    assert files(small.folder) == before
    assert [is_live(token) for token in tokens(server)] == [False] * 3


def test_before_during_and_after_a_run_it_leaves_the_ledger_and_the_results_as_they_are(
    command: Command, small: SmallCampaign, smtp_server: StartServer
) -> None:
    server = smtp_server()
    small.load(server.port)
    for words in ((), ("send", small.path, "--limit", "2"), ("send", small.path)):
        if words:
            command(*words)
        before = files(small.folder)
        assert command("send", small.path, "--test-to", "me@acme.example", "--rows", "1-2").code == 0
        assert files(small.folder) == before
    ids = [one.message_id for one in server.accepted]
    assert len(set(ids)) == len(ids) == 5 + 3 * 2
    assert set(small.statuses().values()) == {"sent"}
    assert command("status", small.path, "--json").out.count('"sent": 5') == 1


def test_live_links_are_the_contacts_own_and_it_says_whose_loudly(
    command: Command, small: SmallCampaign, smtp_server: StartServer
) -> None:
    server = smtp_server()
    small.load(server.port)
    said = command("send", small.path, "--test-to", "me@acme.example", "--rows", "2,4", "--live-links")
    assert said.code == 0
    assert (
        "LIVE LINKS: whoever reads the mail of me@acme.example can sign in as p1@people.example, p3@people.example; "
        in said.err
    )
    assert [is_live(token) for token in tokens(server)] == [True, True]
    claims = [jwt.decode(token, SECRET, algorithms=["HS256"])["sub"] for token in tokens(server)]
    assert [claim.partition(":")[0] for claim in claims] == ["p1@people.example", "p3@people.example"]


def test_without_live_links_no_secret_is_needed(
    command: Command, small: SmallCampaign, smtp_server: StartServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CAMPAIGN_LINK__SECRET")
    small.load(smtp_server().port)
    assert command("send", small.path, "--test-to", "me@acme.example").code == 0
    said = command("send", small.path, "--test-to", "me@acme.example", "--live-links")
    assert said.code == 2
    assert_three_parts(said)


def test_a_window_that_is_over_is_no_reason_not_to_try(
    command: Command, small: SmallCampaign, smtp_server: StartServer
) -> None:
    small.settings = {"window": {"closes": "2020-01-01T09:00"}}
    server = smtp_server()
    small.load(server.port)
    assert command("send", small.path, "--test-to", "me@acme.example", "--live-links").code == 0
    assert [is_live(token) for token in tokens(server)] == [True] * 3


def test_a_row_without_a_message_is_told_and_the_others_go(
    command: Command, small: SmallCampaign, smtp_server: StartServer
) -> None:
    small.contacts([("a@people.example", "Ada"), ("b@people.example", ""), ("nonsense", "C")])
    server = smtp_server()
    small.load(server.port)
    said = command("send", small.path, "--test-to", "me@acme.example", "--rows", "1-3", "--json")
    found = json.loads(said.out)
    assert said.code == found["exit_code"] == 1
    assert [one["accepted"] for one in found["messages"]] == [True, False, False]
    assert found["accepted"] == 1 and found["live_links"] is False
    assert "name is empty" in found["messages"][1]["detail"]
    assert len(server.accepted) == 1


@pytest.mark.parametrize(
    ("name", "reply", "code", "words"),
    [
        ("rcpt_5xx", "550 5.1.1 no such user", 1, "it makes the row `rejected`"),
        ("rcpt_4xx", "450 4.2.1 Mailbox busy", 1, "a run would try the row again later"),
        ("mail_4xx", "451 4.7.0 Too many messages, slow down", 1, "a run would slow down"),
        ("mail_5xx", "550 5.1.8 Sender rejected", 2, "set message.from and message.return_path"),
        ("body_5xx", "554 5.7.1 spam", 1, "it makes the row `rejected`"),
    ],
)
def test_a_refusal_is_told_with_what_a_run_would_make_of_it(
    command: Command, small: SmallCampaign, smtp_server: StartServer, name: str, reply: str, code: int, words: str
) -> None:
    server = smtp_server(CATALOGUE[name](reply=f"{reply}\r\n".encode()))
    small.load(server.port)
    before = files(small.folder)
    said = command("send", small.path, "--test-to", "me@acme.example", "--json")
    assert said.code == code
    first, *others = json.loads(said.out)["messages"]
    assert first["accepted"] is False and first["smtp_code"] == int(reply[:3])
    assert words in first["fix"] and reply.rpartition("  ")[2][10:] in first["detail"]
    assert all(one["detail"] == ("not tried" if code == 2 else first["detail"]) for one in others)
    assert files(small.folder) == before


def test_a_server_that_falls_silent_leaves_it_open_whether_the_message_arrives(
    command: Command, small: SmallCampaign, smtp_server: StartServer
) -> None:
    server = smtp_server(CATALOGUE["body_accepted_cut"](times=1))
    small.load(server.port)
    said = command("send", small.path, "--test-to", "me@acme.example", "--json")
    assert said.code == 1
    assert [one["accepted"] for one in json.loads(said.out)["messages"]] == [None, True, True]


def test_no_session_is_exit_code_2_with_what_to_do(command: Command, small: SmallCampaign) -> None:
    small.load(1)
    said = command("send", small.path, "--test-to", "me@acme.example")
    assert said.code == 2
    assert_three_parts(said)


def test_several_testers_get_each_row_once(command: Command, small: SmallCampaign, smtp_server: StartServer) -> None:
    server = smtp_server(CATALOGUE["rcpt_5xx"](match=lambda now: now.addresses == ("you@acme.example",)))
    small.load(server.port)
    words = ("--test-to", "me@acme.example", "--test-to", "you@acme.example", "--test-to", "me@ACME.example")
    said = command("send", small.path, *words, "--rows", "2")
    assert said.code == 1
    assert [one.recipients for one in server.accepted] == [("me@acme.example",)]
    assert "row 2, p1@people.example, to you@acme.example: refused at RCPT: 550" in said.err


@pytest.mark.parametrize(
    "words",
    [
        ("--test-to", "me@"),
        ("--test-to", ""),
        ("--test-to", "me@acme.example", "--rows", "6"),
        ("--test-to", "me@acme.example", "--rows", "x"),
        ("--test-to", "me@acme.example", "--rows", "1-101"),
    ],
    ids=" ".join,
)
def test_a_slip_sends_nothing(
    command: Command, small: SmallCampaign, smtp_server: StartServer, words: tuple[str, ...]
) -> None:
    server = smtp_server()
    small.load(server.port)
    said = command("send", small.path, *words)
    assert said.code == 2
    assert_three_parts(said)
    assert server.connections == []
    assert not small.ledger.exists()


def test_in_the_sandbox_the_messages_land_in_its_folder_under_their_rows(
    command: Command, small: SmallCampaign
) -> None:
    template(small, body_txt="{{ link.url }}\n")
    small.load(25)
    said = command("send", small.path, "--test-to", "me@acme.example", "--rows", "2,4", "--sandbox")
    assert said.code == 0
    folder = small.folder / f"{small.name}-sandbox"
    assert sorted(path.name for path in folder.glob("*.eml")) == ["0002-me.eml", "0004-me.eml"]
    assert f"what arrived: {folder / 'index.html'}\n" in said.err
    assert not list(small.folder.glob("*.ledger"))
