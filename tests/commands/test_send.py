"""`campaign send`: its exit codes, what it says at the end, and what stdout gets."""

import json
from pathlib import Path

import pytest

from tests.campaigns import SmallCampaign
from tests.command_line import Command, assert_three_parts
from tests.conftest import StartServer
from tests.smtp_server import CATALOGUE


def test_the_exit_code_says_whether_rows_are_left_or_were_refused(
    command: Command, small: SmallCampaign, smtp_server: StartServer
) -> None:
    refusing = CATALOGUE["rcpt_5xx"](match=lambda now: now.addresses == ("p3@people.example",))
    small.load(smtp_server(refusing).port)
    first = command("send", small.path, "--limit", "2")
    assert first.code == 3
    assert "sent 2 in " in first.err
    assert f"    campaign send {small.path}\n" in first.err
    second = command("send", small.path)
    assert second.code == 1
    assert "sent 2 in " in second.err
    assert first.out == second.out == ""
    third = command("send", small.path)
    assert third.code == 1
    assert "nobody was left to send to" in third.err
    assert small.statuses()["p3@people.example"] == "rejected"


def test_a_run_in_which_everybody_was_refused_says_how_many_were_tried(
    command: Command, small: SmallCampaign, smtp_server: StartServer
) -> None:
    server = smtp_server(CATALOGUE["rcpt_5xx"](reply=b"550 5.1.1 no such user\r\n"))
    small.people(1).load(server.port)
    for words in (("send",), ("resend", "--include", "rejected")):
        said = command(words[0], small.path, *words[1:], "--yes")
        assert said.code == 1
        assert "nothing was sent: of 1 tried, 0 were accepted\n" in said.err and "nobody" not in said.err
    assert "nothing was sent: nobody was left to send to" in command("send", small.path).err


def test_a_file_of_invalid_rows_is_said_to_be_one(
    command: Command, small: SmallCampaign, smtp_server: StartServer
) -> None:
    small.contacts([("nonsense", "Ada"), ("more nonsense", "Bob")]).load(smtp_server().port)
    said = command("send", small.path)
    assert said.code == 1 and "nothing was sent: no row can be mailed as it stands\n" in said.err
    small.contacts([("ada@engine.example", ""), ("bob@lagos.example", "")])
    said = command("send", small.path)
    assert said.code == 1 and "nothing was sent: of 2 tried, 0 were accepted\n" in said.err


def test_all_sent_is_exit_code_0_and_json_is_all_that_stdout_gets(
    command: Command, small: SmallCampaign, smtp_server: StartServer
) -> None:
    small.load(smtp_server().port)
    said = command("send", small.path, "--json")
    outcome = json.loads(said.out)
    assert said.code == outcome["exit_code"] == 0
    assert outcome["counts"]["sent"] == outcome["sent_now"] == outcome["total"] == 5
    assert outcome["stopped"] is None
    assert Path(outcome["results"]).is_file()
    status = command("status", small.path, "--json")
    assert status.code == 0
    assert json.loads(status.out)["counts"] == outcome["counts"]


def test_a_refused_sign_in_stops_with_exit_code_3(
    command: Command, small: SmallCampaign, smtp_server: StartServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    small.settings = {"smtp": {"username": "us"}}
    small.load(smtp_server(logins={"us": "right"}).port)
    monkeypatch.setenv("CAMPAIGN_SMTP__PASSWORD", "wrong-password")
    said = command("send", small.path, "--json")
    assert said.code == 3
    assert "sign-in" in json.loads(said.out)["stopped"]
    assert_three_parts(said)
    assert "wrong-password" not in said.out + said.err
    assert set(small.statuses().values()) == {"pending"}


def test_without_waiting_it_says_when_the_window_opens(
    command: Command, small: SmallCampaign, smtp_server: StartServer
) -> None:
    server = smtp_server()
    small.load(server.port)
    said = command("send", small.path, "--opens", "2099-01-01T09:00", "--no-wait")
    assert said.code == 3
    assert "opens Thu 1 Jan 2099 09:00 UTC" in said.err
    assert "--opens 2099-01-01T09:00" in said.err
    assert server.accepted == []


def test_an_option_beats_the_file_whichever_of_the_two_it_says(
    command: Command, small: SmallCampaign, smtp_server: StartServer
) -> None:
    small.settings = {"window": {"closes": "2020-01-01T09:00"}}
    server = smtp_server()
    small.load(server.port)
    over = command("send", small.path)
    assert over.code == 3
    assert "--lasts 8h" in over.err  # the command that works
    said = command("resend", small.path, "--lasts", "8h")
    assert said.code == 0
    assert len(server.accepted) == 5
