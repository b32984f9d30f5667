"""The check of when a run would end."""

import json
from datetime import datetime, timedelta

import pytest

from tests.campaigns import SmallCampaign
from tests.clocks import noon
from tests.command_line import Command, command, small
from tests.conftest import StartServer
from tests.smtp_server import CATALOGUE

__all__ = ["command", "small"]


def test_it_says_when_a_run_would_end_and_what_that_rests_on(
    command: Command, small: SmallCampaign, smtp_server: StartServer
) -> None:
    small.settings = {"window": {"lasts": "8h"}, "smtp": {"rate": 0.1}}
    small.load(smtp_server().port)
    said = command("check", small.path, "--json")
    found = json.loads(said.out)
    told = found["forecast"]
    lasts = datetime.fromisoformat(told["ends_at"]) - datetime.fromisoformat(told["begins_at"])
    assert timedelta(seconds=50) <= lasts <= timedelta(seconds=58)
    assert (told["rows"], told["unsent"], told["set_by"]) == (5, 0, "rate")
    (server,) = told["servers"]
    assert server["name"] == "127.0.0.1" and server["round_trips"] == 1 and 0 < server["round_trip"] < 60
    (finding,) = (one for one in found["findings"] if one["rule"] == "forecast")
    assert finding["kind"] == "ok" and "inside the window; links live until" in finding["what"]
    assert "one for a message; 1 connection; what" in finding["details"][0]


def test_what_does_not_fit_is_noted_with_what_would_do(
    command: Command, small: SmallCampaign, smtp_server: StartServer
) -> None:
    small.settings = {"window": {"lasts": "20s"}, "smtp": {"rate": 0.1}}
    small.load(smtp_server().port)
    said = command("check", small.path, "--strict", "--json")
    assert said.code == 1
    found = json.loads(said.out)
    (finding,) = (one for one in found["findings"] if one["rule"] == "window_too_short")
    assert finding["kind"] == "note" and "a second would do (smtp.rate)" in finding["fix"]
    assert found["forecast"]["unsent"] >= 3


def test_who_was_mailed_already_does_not_count_and_what_was_sent_today_does(
    command: Command, small: SmallCampaign, smtp_server: StartServer
) -> None:
    small.settings = {"window": {"daily_limit": 3, "lasts": "10m", "timezone": noon()}}
    small.load(smtp_server().port)
    command("send", small.path, "--limit", "2")
    told = json.loads(command("check", small.path, "--json").out)["forecast"]
    assert (told["rows"], told["unsent"], told["day_limited"]) == (3, 2, True)


def test_what_earlier_messages_took_is_counted(
    command: Command, small: SmallCampaign, smtp_server: StartServer
) -> None:
    """A server that takes a tenth of a second to accept a message can't be mailed faster over one connection."""
    small.people(40).load(smtp_server(CATALOGUE["body_slow"](delay=0.1)).port)
    before = json.loads(command("check", small.path, "--json").out)["forecast"]
    assert before["accepting"] is None
    command("send", small.path, "--limit", "5")
    said = command("check", small.path, "--json")
    after = json.loads(said.out)["forecast"]
    assert after["accepting"] > 0.09 and after["rate"] < 11
    assert "so far, from when it left until it was accepted" in said.err


@pytest.mark.parametrize("rows", [0, 5])
def test_offline_and_without_a_limit_nothing_is_known(command: Command, small: SmallCampaign, rows: int) -> None:
    small.people(rows).load(25)
    said = command("check", small.path, "--offline", "--json")
    assert json.loads(said.out)["forecast"] is None
    assert "ends about" not in said.err
