"""What programs are told: one document on stdout, its numbers the ledger's, its reason the right one, errors too."""

import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import campaign
from campaign.cli import app
from tests.campaigns import SECRET, SmallCampaign
from tests.conftest import StartServer
from tests.smtp_server import CATALOGUE

GUIDE = (Path(campaign.__file__).parent / "guide" / "json.md").read_text("utf-8")


def call(*words: object, stdin: str = "") -> tuple[int, dict[str, Any], str]:
    """Run it; stdout must be one document on one line."""
    result = CliRunner().invoke(app, [str(word) for word in words], input=stdin)
    assert "Traceback" not in result.stderr
    assert SECRET not in result.stdout + result.stderr
    assert result.stdout.count("\n") == 1
    found = json.loads(result.stdout)
    assert found["exit_code"] == result.exit_code
    return result.exit_code, found, result.stderr


def assert_in_the_guide(found: dict[str, Any]) -> None:
    for field in found:
        assert f"`{field}`" in GUIDE or f'"{field}"' in GUIDE, field


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SmallCampaign:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CAMPAIGN_LINK__SECRET", SECRET)
    return SmallCampaign(tmp_path / "small").people(5)


def of_the_ledger(small: SmallCampaign) -> Counter[str]:
    with sqlite3.connect(f"file:{small.ledger}?mode=ro", uri=True) as database:
        found = Counter(word for (word,) in database.execute("SELECT status FROM delivery"))
    database.close()
    return found


@pytest.mark.parametrize(
    "words",
    [
        ("send", "nowhere.toml", "--json"),
        ("resend", "nowhere.toml", "--json"),
        ("check", "nowhere.toml", "--json"),
        ("preview", "nowhere.toml", "--json"),
        ("status", "nowhere.toml", "--json"),
        ("report", "nowhere.toml", "--json"),
        ("report", "nowhere.toml", "--json", "--to", "-"),
        ("link", "inspect", "x", "--campaign", "nowhere.toml", "--json"),
        ("send", "--json", "--nope"),
        ("send", "--limit", "none", "--json"),
        ("send", "--json", "--dry-run", "--sandbox"),
        ("frobnicate", "--json"),
        ("link", "inspect", "--json"),
        ("results", "--json"),
    ],
    ids=" ".join,
)
def test_an_error_is_a_document_too_and_its_words_are_on_stderr(small: SmallCampaign, words: tuple[str, ...]) -> None:
    code, found, said = call(*words)
    assert code == 2
    assert set(found) == {"error", "exit_code"}
    assert set(found["error"]) == {"what", "where", "fix"} and all(found["error"].values())
    for part in ("what", "where", "fix"):
        assert found["error"][part] in said


def test_without_json_stdout_has_no_error(small: SmallCampaign) -> None:
    result = CliRunner().invoke(app, ["send", "nowhere.toml"])
    assert (result.exit_code, result.stdout) == (2, "")


@pytest.mark.parametrize(
    ("misbehaviour", "settings", "options", "reason", "code"),
    [
        (None, {}, (), None, 0),
        (None, {}, ("--limit", "2"), "limit", 3),
        (None, {"window": {"closes": "2020-01-01T09:00"}}, (), "window_over", 3),
        (None, {}, ("--opens", "2099-01-01T09:00", "--no-wait"), "not_open", 3),
        (("rcpt_5xx", "553 5.7.1 Sender address rejected: not owned by user x"), {}, (), "sender_refused", 3),
        (("mail_5xx", "530 5.7.0 Authentication required"), {}, (), "sign_in_wanted", 3),
        (("mail_5xx", "530 5.7.0 Must issue a STARTTLS command first"), {}, (), "tls_wanted", 3),
        (("rcpt_4xx", "454 4.7.1 Relay access denied"), {}, (), "relaying_refused", 3),
        (("rcpt_5xx", "554 5.7.1 Client host rejected: Access denied"), {}, (), "client_refused", 3),
        (("rcpt_5xx", "504 5.5.2 <x>: Helo command rejected: need fully-qualified"), {}, (), "greeting_refused", 3),
        (("mail_5xx", "550 5.4.5 Daily sending quota exceeded"), {}, (), "quota", 3),
        (("connect_5xx", "554 5.7.1 no mail from you"), {}, (), "server_refused", 3),
        (("rcpt_5xx", "550 5.1.1 User unknown"), {}, (), None, 1),
        (("rcpt_5xx", "554 5.7.1 Access denied"), {}, (), "nobody_got_through", 3),
        (("rcpt_5xx", "554 5.7.1 Access denied"), {"retry": {"stop_after": 2}}, (), "failures", 3),
    ],
)
def test_a_run_says_in_one_word_why_it_stopped(
    small: SmallCampaign,
    smtp_server: StartServer,
    misbehaviour: tuple[str, str] | None,
    settings: dict[str, dict[str, object]],
    options: tuple[str, ...],
    reason: str | None,
    code: int,
) -> None:
    small.settings = settings
    if misbehaviour is None:
        server = smtp_server()
    else:
        server = smtp_server(CATALOGUE[misbehaviour[0]](reply=misbehaviour[1].encode() + b"\r\n"))
    small.load(server.port)
    ended, found, said = call("send", small.path, "--json", *options)
    assert ended == code, said
    assert found["reason"] == reason
    assert (found["stopped"] is None) is (reason is None)
    assert found["stopped"] is None or found["stopped"] in said
    assert (found["error"] is not None) is ("error: " in said)
    assert found["total"] == sum(found["counts"].values()) == 5
    assert found["sent_now"] == found["counts"]["sent"] == of_the_ledger(small)["sent"] == len(server.accepted)
    assert reason is None or f"`{reason}`" in GUIDE
    assert_in_the_guide(found)
    _, status, _ = call("status", small.path, "--json")
    assert status["counts"] == found["counts"]


def test_a_refused_sign_in_and_a_server_that_is_not_there(
    small: SmallCampaign, smtp_server: StartServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    small.settings = {"smtp": {"username": "us", "timeout": "200ms"}}
    small.load(smtp_server(logins={"us": "right"}).port)
    monkeypatch.setenv("CAMPAIGN_SMTP__PASSWORD", "wrong-password")
    assert call("send", small.path, "--json")[1]["reason"] == "sign_in_refused"
    small.settings = {"smtp": {"timeout": "200ms"}, "retry": {"stop_after": 1}}
    small.load(1)
    monkeypatch.delenv("CAMPAIGN_SMTP__PASSWORD")
    assert call("send", small.path, "--json")[1]["reason"] == "server_unreachable"


def test_what_is_left_after_a_resend_of_some_was_not_chosen(small: SmallCampaign, smtp_server: StartServer) -> None:
    small.load(smtp_server().port)
    call("send", small.path, "--json", "--limit", "1")
    (small.folder / "some.csv").write_text("email,name\np2@people.example,Person 2\n")
    code, found, _ = call("resend", small.path, "--json", "--from", small.folder / "some.csv")
    assert (code, found["reason"], found["sent_now"], found["counts"]["sent"]) == (3, "not_chosen", 1, 2)


def test_a_signal_is_a_reason(small: SmallCampaign) -> None:
    small.load(25)
    command = [sys.executable, "-m", "campaign", "send", str(small.path), "--json", "--opens", "2099-01-01T00:00"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ)
    assert process.stderr is not None
    for line in process.stderr:
        if "waiting" in line:
            break
    process.send_signal(signal.SIGTERM)
    out, _ = process.communicate(timeout=30)
    found = json.loads(out)
    assert (process.returncode, found["exit_code"], found["reason"]) == (3, 3, "signal")


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("send", "--json"), 0),
        (("status", "--json"), 0),
        (("check", "--offline"), 0),
        (("check", "--offline", "--strict"), 1),
        (("check", "--offline", "--strict", "--json"), 1),
        (("report", "--json"), 0),
        (("results", "--output", "-"), 0),
        (("report", "--to", "-"), 0),
        (("send", "--json", "--nope"), 2),
    ],
    ids=str,
)
def test_a_reader_that_goes_away_changes_no_exit_code(
    small: SmallCampaign, smtp_server: StartServer, words: tuple[str, ...], code: int
) -> None:
    small.load(smtp_server().port)
    call("send", small.path, "--json")
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-m", "campaign", words[0], str(small.path), *words[1:]]
    ended = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, text=True, check=False)
    os.close(writer)
    assert ended.returncode == code, ended.stderr
    assert "Broken" not in ended.stderr and "Exception" not in ended.stderr


@pytest.mark.parametrize("closed", ["the reader of stdout", "both readers", "stdout itself"])
@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--help",), 0),
        (("send", "--help"), 0),
        (("--version",), 0),
        ((), 2),
        (("nope",), 2),
        (("status",), 2),
        (("status", "--json"), 2),
        (("preview", "--json", "--limit", "1"), 0),
        (("link", "inspect", "x"), 1),
        (("link", "inspect", "x", "--json"), 1),
        (("init", "new"), 0),
    ],
    ids=str,
)
def test_no_command_ends_otherwise_where_nobody_reads_it(
    small: SmallCampaign, words: tuple[str, ...], code: int, closed: str
) -> None:
    small.load(25)
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-m", "campaign", *words]
    if closed == "stdout itself":
        command = ["sh", "-c", 'exec "$@" >&-', "sh", *command]
    stderr = writer if closed == "both readers" else subprocess.PIPE
    ended = subprocess.run(
        command, stdout=writer, stderr=stderr, stdin=subprocess.DEVNULL, text=True, check=False, cwd=small.folder
    )
    os.close(writer)
    assert ended.returncode == code, ended.stderr
    assert "Traceback" not in (ended.stderr or "") and "Broken" not in (ended.stderr or "")


def test_check_says_all_it_has_found(small: SmallCampaign) -> None:
    small.contacts([("p1@people.example", "A"), ("nobody", "B")]).load(25)
    code, found, said = call("check", small.path, "--offline", "--json")
    assert (code, found["ready"], found["wrong"], found["total"]) == (0, True, 0, 2)
    assert found["counts"]["pending"] == found["counts"]["invalid"] == 1
    assert found["notes"] == sum(one["kind"] == "note" for one in found["findings"]) > 0
    (messages,) = [one for one in found["findings"] if one.get("subject") == "messages"]
    assert any("row 2: " in line for line in messages["details"])
    assert "ok     secrets: all there" in said
    assert_in_the_guide(found)
    assert call("check", small.path, "--offline", "--json", "--strict")[0] == 1
    code, found, _ = call("check", small.path, "--offline", "--json", "--output", "no/such/folder.csv")
    assert (code, found["ready"], found["wrong"]) == (2, False, 1)
    (wrong,) = [one for one in found["findings"] if one["kind"] == "wrong"]
    assert wrong["what"] and wrong["where"] and wrong["fix"]


def test_check_says_what_is_wrong_where_nobody_can_be_mailed(small: SmallCampaign) -> None:
    small.contacts([("nobody", "A"), ("nobody either", "B")]).load(25)
    code, found, said = call("check", small.path, "--offline", "--json")
    assert (code, found["exit_code"], found["ready"], found["wrong"]) == (2, 2, False, 1)
    (wrong,) = [one for one in found["findings"] if one["kind"] == "wrong"]
    assert wrong["what"].startswith("nobody can be mailed") and wrong["where"].endswith("contacts.csv") and wrong["fix"]
    assert not any(one["kind"] == "ok" and "can be mailed" in one["words"] for one in found["findings"])
    assert any("row 1: " in line for one in found["findings"] for line in one.get("details", ()))
    assert "WRONG  nobody can be mailed" in said


def test_preview_and_dry_run_say_the_same(small: SmallCampaign) -> None:
    small.contacts([("p1@people.example", "A"), ("nobody", "B")]).load(25)
    code, found, _ = call("preview", small.path, "--json")
    assert (code, found["counts"]["pending"], found["counts"]["invalid"]) == (1, 1, 1)
    assert Path(found["folder"]) == small.folder / "small-preview"
    assert call("send", small.path, "--dry-run", "--json")[1] == found
    assert_in_the_guide(found)


def test_the_report_in_figures(small: SmallCampaign, smtp_server: StartServer) -> None:
    refusing = CATALOGUE["rcpt_5xx"](match=lambda now: now.addresses == ("p3@people.example",))
    small.load(smtp_server(refusing).port)
    call("send", small.path, "--json")
    code, found, _ = call("report", small.path, "--json")
    assert (code, found["total"], found["counts"]["sent"], found["counts"]["rejected"]) == (0, 5, 4, 1)
    assert [(one["status"], one["count"]) for one in found["reasons"]] == [("rejected", 1)]
    assert [(one["row"], one["email"]) for one in found["people"]] == [(4, "p3@people.example")]
    assert found["page"] is None and not (small.folder / "small-report.html").exists()
    page = small.folder / "page.html"
    assert call("report", small.path, "--json", "--to", page)[1]["page"] == str(page)
    assert page.is_file()
    assert_in_the_guide(found)


def test_a_link_inspected(small: SmallCampaign) -> None:
    small.load(25)
    link = CliRunner().invoke(app, ["link", "mint", str(small.path), "p3@people.example"]).stdout.strip()
    code, found, _ = call("link", "inspect", link, "--campaign", small.path, "--json")
    assert (code, found["trouble"]) == (0, None)
    assert found["claims"]["sub"] == "p3@people.example:acme.myclickfunnels.com"
    assert all(one["ok"] is not False for one in found["checks"])
    assert link.rpartition("token=")[2] not in json.dumps(found)
    assert_in_the_guide(found)
    code, found, _ = call("link", "inspect", "-", "--json", stdin="https://acme.myclickfunnels.com/sso?token=x")
    assert code == 1
    assert found["trouble"] in [one["words"] for one in found["checks"] if one["ok"] is False]


def test_every_reason_that_the_program_knows_is_in_the_guide() -> None:
    root = Path(campaign.__file__).parent
    words = set()
    for path in root.rglob("*.py"):
        words |= set(re.findall(r'\breason(?:: str)? = "(\w+)"|\breason="(\w+)"', path.read_text("utf-8")))
    found = {word for pair in words for word in pair if word}
    assert {"ledger", "quota", "failures", "worker_died"} <= found
    assert [word for word in sorted(found) if f"`{word}`" not in GUIDE] == []
