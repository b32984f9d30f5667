"""`campaign settle` as it is typed: what it takes, what it says, and its exit codes."""

import json
from pathlib import Path

import pytest

from campaign.commands.settle import read_words
from campaign.errors import UsageError
from tests.campaigns import SmallCampaign
from tests.command_line import Command, assert_three_parts
from tests.conftest import StartServer
from tests.evidence_files import bounce_mail, postfix_lines, write_log
from tests.smtp_server import CATALOGUE


@pytest.fixture
def sent(small: SmallCampaign, smtp_server: StartServer) -> SmallCampaign:
    small.people(3)
    small.send(smtp_server(CATALOGUE["body_accepted_cut"](times=1)).port)
    return small


def row(small: SmallCampaign, word: str) -> dict[str, str]:
    return next(row for row in small.results() if row["status"] == word)


def test_it_moves_rows_says_so_and_gives_0(sent: SmallCampaign, command: Command) -> None:
    doubtful, bounced = row(sent, "in_doubt"), row(sent, "sent")
    lines = postfix_lines(doubtful["message_id"], doubtful["email"], queue_id="4F2A1B")
    write_log(sent.folder / "mail.log", lines)
    (sent.folder / "1.eml").write_bytes(bounce_mail(bounced["message_id"], bounced["email"]))
    stop = sent.folder / "stop.csv"
    words = ("settle", sent.path, sent.folder / "mail.log", sent.folder / "1.eml", "--suppress", stop)
    would = command(*words, "--dry-run")
    assert would.code == 0 and "2 rows would be moved" in would.out
    ended = command(*words)
    assert ended.code == 0, ended.err
    assert "in_doubt → sent" in ended.out and "by Postfix log" in ended.out
    assert "sent → bounced" in ended.out and "by delivery report" in ended.out
    assert "nothing is in doubt" in ended.out
    assert sorted(sent.statuses().values()) == ["bounced", "sent", "sent"]
    assert bounced["email"] in stop.read_text() and "people.example" not in ended.out
    again = json.loads(command(*words, "--json").out)
    assert (again["moved"], again["exit_code"], again["suppress"]["added"]) == (0, 0, 0)


def test_what_could_not_be_read_gives_1(sent: SmallCampaign, command: Command) -> None:
    (sent.folder / "x.bin").write_bytes(b"\0\1\2")
    ended = command("settle", sent.path, sent.folder / "x.bin")
    assert ended.code == 1
    assert "not read: " in ended.out and "  where: x.bin" in ended.out and "  to do: " in ended.out


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("nowhere.log",),
        ("campaign.toml", "other.toml"),
        ("mail.log", "--suppress", "--dry-run"),
        ("mail.log", "--suppress", "-"),
        ("mail.log", "--suppress", "nowhere/stop.csv"),
        ("mail.log", "--suppress", "contacts.csv"),
    ],
    ids=" ".join,
)
def test_wrong_usage_gives_2_and_does_nothing(
    sent: SmallCampaign, command: Command, words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(sent.folder)
    doubtful = row(sent, "in_doubt")
    write_log(Path("mail.log"), postfix_lines(doubtful["message_id"], doubtful["email"], queue_id="4F2A1B"))
    ended = command("settle", *words)
    assert ended.code == 2
    assert_three_parts(ended)
    assert row(sent, "in_doubt") == doubtful


def test_a_campaign_that_was_never_sent_gives_2(small: SmallCampaign, command: Command) -> None:
    small.people(1).load(25)
    ended = command("settle", small.path, small.folder)
    assert ended.code == 2 and "nothing was ever sent" in ended.err
    assert_three_parts(ended)


def test_campaign_toml_may_stand_anywhere_and_only_once() -> None:
    assert read_words(["mail.log", "a.toml"]) == (Path("a.toml"), [Path("mail.log")])
    assert read_words(["-"]) == (Path("campaign.toml"), [Path("-")])
    with pytest.raises(UsageError, match="two campaigns"):
        read_words(["a.toml", "mail.log", "b.toml"])


def test_a_suppression_list_is_added_to_from_what_is_on_record_without_more_evidence(
    sent: SmallCampaign, command: Command
) -> None:
    bounced = row(sent, "sent")
    (sent.folder / "1.eml").write_bytes(bounce_mail(bounced["message_id"], bounced["email"]))
    offered = command("settle", sent.path, sent.folder / "1.eml").out
    assert f"settle {sent.path} --suppress stop.csv" in offered
    stop = sent.folder / "stop.csv"
    ended = command("settle", sent.path, "--suppress", stop)
    assert ended.code == 0 and bounced["email"] in stop.read_text()
    assert "--suppress stop.csv" not in ended.out
    assert 'names it: "stop.csv" in suppress = […]' in ended.out
