"""A run as JSON events: each line parses, has the fields that the guide documents and no others, and names nobody."""

import io
import json
import re
from collections.abc import Sequence
from datetime import datetime
from importlib.resources import files
from pathlib import Path

import pytest

from campaign.run.throttling import Throttle
from campaign.run_now import RunNow
from campaign.terminal.json_log import JsonLog
from campaign.worker.worker_report import Event
from tests.campaigns import SmallCampaign
from tests.command_line import Command, Said
from tests.conftest import StartServer
from tests.run_nows import AT, run_now
from tests.smtp_server import CATALOGUE, Misbehaviour, address

GUIDE = (files("campaign") / "guide" / "json.md").read_text("utf-8")


def named(cell: str) -> list[str]:
    """The fields that a cell of the guide names, but for what stands in parentheses, and after a colon."""
    return re.findall(r"`(\w+)`", re.sub(r"\([^)]*\)|: [^,|]*", "", cell))


def table(heading: str) -> dict[str, str]:
    """First cell → the last, of the table of the guide that has this heading."""
    lines = GUIDE[GUIDE.index(f"| {heading} |") :].split("\n\n")[0].splitlines()[2:]
    cells = [re.split(r"(?<!\\) \| ", line.strip("| ")) for line in lines]
    return {one[0]: one[-1] for one in cells}


def documented() -> dict[str, set[str]]:
    """Event → its fields."""
    of_contact = {field for cell in table("field of a contact") for field in named(cell)}
    of_progress = {field for cell in table("how far it is") for field in named(cell)}
    of_document = {field for cell in table("field") for field in named(cell)} - {"campaign"}
    found = {}
    for cell, words in table("`event`").items():
        fields = set(named(words))
        fields |= of_contact if "those of a contact" in words else set()
        fields |= of_progress if "those of how far it is" in words else set()
        fields |= of_document if "those of `--json`" in words else set()
        found[named(cell)[0]] = (fields - {"json"}) | {"reason", "error"} if named(cell)[0] == "stopped" else fields
    return found


def events_of(said: Said) -> list[dict[str, object]]:
    found = [json.loads(line) for line in said.err.splitlines()]
    for event in found:
        moment = datetime.fromisoformat(event["time"])
        assert moment.utcoffset() is not None and moment.utcoffset().total_seconds() == 0  # type: ignore[union-attr]
        fields = event.keys() - {"time", "event", "campaign"}
        assert fields - {"email"} == documented()[event["event"]] - {"email"}, event["event"]
        assert ("campaign" in event) is (event["event"] != "error")
    return found


def kinds(events: Sequence[dict[str, object]]) -> set[object]:
    return {event["event"] for event in events}


def test_the_guide_is_read_as_it_is_meant() -> None:
    known = documented()
    assert set(known) == {
        *("waiting", "started", "connected", "throttled", "recovered", "deferred", "refused", "in_doubt"),
        *("progress", "notice", "stopped", "finished", "error"),
    }
    assert known["connected"] == {"server"}
    assert {"key", "row", "tries", "enhanced", "until"} <= known["deferred"]
    assert {"exit_code", "counts", "sent_now", "reason", "results"} <= known["finished"]


def test_a_run_with_all_that_can_befall_it(command: Command, small: SmallCampaign, smtp_server: StartServer) -> None:
    small.settings["retry"] = {"tries": 2, "first_wait": "10ms", "longest_wait": "10ms"}
    small.people(20)
    server = smtp_server(
        CATALOGUE["rcpt_5xx"](match=address("p3@people.example"), reply=b"550 5.1.1 p3@people.example unknown\r\n"),
        CATALOGUE["rcpt_4xx"](match=address("p5@people.example"), reply=b"450 4.2.1 Mailbox of p5 busy\r\n"),
        CATALOGUE["body_cut"](match=address("p7@people.example")),
    )
    small.load(server.port)
    said = command("send", small.path, "--log-format", "json", "--json")
    assert said.code == 1
    events = events_of(said)
    assert {"started", "connected", "deferred", "refused", "in_doubt", "finished"} <= kinds(events)
    assert "people.example" not in said.err, "no address, not even in a server's words"
    by_status = {event["status"]: event for event in events if event["event"] in ("refused", "in_doubt", "deferred")}
    assert by_status["rejected"]["row"] == 4 and by_status["failed"]["row"] == 6 and by_status["in_doubt"]["row"] == 8
    assert by_status["failed"]["key"] == by_status["pending"]["key"], "the same on every try"
    assert by_status["failed"]["tries"] == 2
    document = json.loads(said.out)
    assert events[-1]["event"] == "finished"
    assert {name: events[-1][name] for name in document} == document


def test_addresses_where_they_were_asked_for(command: Command, small: SmallCampaign, smtp_server: StartServer) -> None:
    small.people(5)
    server = smtp_server(CATALOGUE["rcpt_5xx"](match=address("p3@people.example")))
    small.load(server.port)
    events = events_of(command("send", small.path, "--log-format", "json", "--log-addresses"))
    assert [event["email"] for event in events if event["event"] == "refused"] == ["p3@people.example"]


def test_a_run_that_stops_says_why(command: Command, small: SmallCampaign, smtp_server: StartServer) -> None:
    small.people(5)
    server = smtp_server(CATALOGUE["mail_5xx"](reply=b"550 5.7.1 Sender address rejected: not owned by user\r\n"))
    small.load(server.port)
    said = command("send", small.path, "--log-format", "json")
    assert said.code == 3
    stopped, finished = events_of(said)[-2:]
    assert (stopped["event"], stopped["reason"]) == ("stopped", "sender_refused")
    assert (finished["event"], finished["exit_code"]) == ("finished", 3)


@pytest.mark.parametrize(
    ("misbehaviour", "reason"),
    [
        (CATALOGUE["mail_5xx"](reply=b"550 5.7.1 Sender refused, says o'hara@people.example\r\n"), "sender_refused"),
        (CATALOGUE["rcpt_5xx"](reply=b"550 5.7.1 <p0@people.example>: relaying denied\r\n"), "relaying_refused"),
        (CATALOGUE["mail_421"](reply=b"421 4.7.0 Too many for p1@people.example\r\n", times=1), None),
    ],
    ids=["sender", "relaying", "notice"],
)
def test_what_a_server_says_of_all_names_nobody_either(
    command: Command, small: SmallCampaign, smtp_server: StartServer, misbehaviour: Misbehaviour, reason: str | None
) -> None:
    small.people(5).load(smtp_server(misbehaviour).port)
    said = command("send", small.path, "--log-format", "json")
    assert events_of(said)[-1]["reason"] == reason
    assert "(address)" in said.err and "people.example" not in said.err and "o'" not in said.err


def test_a_window_that_is_not_open_is_waited_for(command: Command, small: SmallCampaign) -> None:
    small.people(5).load(25)
    said = command("send", small.path, "--opens", "2099-01-01T00:00", "--no-wait", "--log-format", "json")
    assert said.code == 3
    assert [event["event"] for event in events_of(said)][-2:] == ["stopped", "finished"]


@pytest.mark.parametrize("words", [("nowhere.toml",), ("--nope",), ("--limit", "x")], ids=str)
def test_an_error_is_one_event(command: Command, words: tuple[str, ...]) -> None:
    said = command("send", *words, "--log-format", "json")
    assert said.code == 2
    (event,) = events_of(said)
    assert (event["event"], event["exit_code"]) == ("error", 2)
    assert said.out == ""


def log() -> tuple[JsonLog, io.StringIO]:
    stream = io.StringIO()
    return JsonLog("autumn", yes=True, stream=stream), stream


def test_what_has_an_event_of_its_own_is_no_notice_as_well() -> None:
    told, stream = log()
    change = Throttle(limit="rate", to=12.5, why="451 Slow down")
    told.throttled(change)
    told.notice(change.words())
    told.notice("something else")
    events = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [event["event"] for event in events] == ["throttled", "notice"]
    assert (events[0]["to"], events[0]["text"], events[1]["text"]) == (12.5, "451 Slow down", "something else")


def test_waiting_is_told_once_and_again_where_it_is_for_something_else() -> None:
    told, stream = log()
    for until in (AT + 60, AT + 60.2, AT + 90):
        told.now(RunNow(at=AT, pid=1, phase="waiting", waits_for="the window opens", waits_until=until))
    assert [json.loads(line)["event"] for line in stream.getvalue().splitlines()] == ["waiting", "waiting"]


def test_progress_comes_every_few_seconds() -> None:
    stream, now = io.StringIO(), [0.0]
    told = JsonLog("autumn", yes=True, stream=stream, clock=lambda: now[0])
    for second in range(31):
        now[0] = float(second)
        told.now(run_now(at=AT + second))
    events = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [event["event"] for event in events] == ["started", "progress", "progress", "progress"]
    assert events[1]["servers"][0]["slowed_by"] == "451 4.7.1 Try again later"


def test_no_terminal_obeys_what_is_in_an_event_and_a_stream_that_is_gone_is_no_matter(tmp_path: Path) -> None:
    told, stream = log()
    told.happened([Event("refused", AT, "mx", text="\x1b]0;x\x07\u202e\ud800\n{}")])
    assert stream.getvalue().isascii() and stream.getvalue().count("\n") == 1 and "\x1b" not in stream.getvalue()
    stream.close()
    told.notice("nobody reads it")
