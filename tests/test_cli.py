"""The command line as a person or a script meets it: exit codes, errors in three parts, what goes to which stream."""

import json
import os
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import jwt
import pytest
from typer.testing import CliRunner

from campaign import __version__
from campaign.cli import app
from campaign.ledger.store import Ledger
from campaign.ledger.tally import recount
from campaign.starter import make_campaign
from tests.campaigns import SECRET, SmallCampaign
from tests.conftest import StartServer
from tests.smtp_server import CATALOGUE, local_part

HEAVY = {
    "pandas",
    "numpy",
    "pydantic",
    "pydantic_settings",
    "jinja2",
    "jwt",
    "lxml",
    "tenacity",
    "aiosmtpd",
    "scramp",
    "sqlite3",
}


@dataclass(frozen=True)
class Said:
    code: int
    out: str
    err: str


Command = Callable[..., Said]


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Command:
    """Runs a command in this process, in an empty folder, with a secret and without a password."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CAMPAIGN_LINK__SECRET", SECRET)

    def run(*words: object, stdin: str = "") -> Said:
        result = CliRunner().invoke(app, [str(word) for word in words], input=stdin)
        said = Said(code=result.exit_code, out=result.stdout, err=result.stderr)
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        assert "Traceback" not in said.out + said.err
        assert SECRET not in said.out + said.err
        return said

    return run


@pytest.fixture
def small(tmp_path: Path) -> SmallCampaign:
    return SmallCampaign(tmp_path / "small").people(5)


def assert_three_parts(said: Said) -> None:
    """What is wrong, where, and what to do."""
    first, *more = said.err[said.err.index("error: ") :].splitlines()
    assert len(first) > len("error: ")
    assert any(line.startswith("  where: ") for line in more), said.err
    assert any(line.startswith("  to do: ") for line in more), said.err


def test_help_is_there_at_once() -> None:
    # Not by the clock, which other processes slow down, but by what makes it slow.
    script = (
        "import sys\nfrom campaign.cli import app\ntry:\n    app(['--help'])\nexcept SystemExit:\n    pass\n"
        f"print(*sorted(set(sys.modules) & {HEAVY!r}), file=sys.stderr)"
    )
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert "Exit codes" in ended.stdout
    assert ended.stderr.strip() == ""


def test_version(command: Command) -> None:
    assert command("--version").out == f"campaign {__version__}\n"


def test_wrong_usage_has_exit_code_2(command: Command) -> None:
    assert command("frobnicate").code == 2
    assert command("send", "--nope").code == 2
    assert command("resend", "--include", "sent").code == 2
    assert command("send", "--limit", "0").code == 2


@pytest.mark.parametrize(
    "words",
    [
        ("send", "nowhere.toml"),
        ("send", "."),
        ("send",),
        ("check", "nowhere.toml"),
        ("send", "sample.toml", "--port", "99999"),
        ("send", "sample.toml", "--host", "no host"),
        ("send", "sample.toml", "--lasts", "soon"),
        ("send", "sample.toml", "--opens", "tomorrow"),
        ("send", "sample.toml", "--opens", "2026-11-23T09:00", "--closes", "2026-11-22T09:00", "--sandbox"),
        ("send", "sample.toml", "--closes", "2026-11-23T09:00", "--lasts", "8h"),
        ("send", "sample.toml", "--output", "no/such/folder.csv", "--sandbox"),
        ("send", "sample.toml", "--output", "contacts.csv", "--sandbox"),
        ("send", "sample.toml"),  # no password
        ("resend", "sample.toml", "--sandbox", "--from", "nothing.csv"),
        ("status", "sample.toml"),
        ("results", "sample.toml"),
        ("report", "sample.toml", "--to", "report.html"),
        ("preview", "sample.toml", "--folder", "templates"),
        ("init", "templates"),
        ("send", "no_column.toml", "--sandbox"),
        ("send", "no_contacts.toml", "--sandbox"),
        ("send", "no_template.toml", "--sandbox"),
        ("send", "unknown_key.toml", "--sandbox"),
        ("send", "secret_inside.toml", "--sandbox"),
        ("send", "no_toml.toml", "--sandbox"),
        ("link", "mint", "sample.toml", "nobody"),
        ("link", "mint", "sample.toml", "stranger@people.example"),
        ("link", "mint", "sample.toml", "ada.lovelace@engine.example", "--lasts", "soon"),
        ("link", "inspect", "x", "--campaign", "nowhere.toml"),
    ],
    ids=" ".join,
)
def test_mistakes_are_told_in_three_parts_before_anything_is_sent(
    command: Command, tmp_path: Path, words: tuple[str, ...]
) -> None:
    made = make_campaign(tmp_path / "made")
    for path in made.parent.iterdir():
        path.rename(tmp_path / path.name)
    sample = (tmp_path / "campaign.toml").read_text("utf-8")
    (tmp_path / "campaign.toml").unlink()
    for name, (old, new) in {
        "sample": ("", ""),
        "no_column": ('email_column = "email"', 'email_column = "emial"'),
        "no_contacts": ("contacts.csv", "contact.csv"),
        "no_template": ("templates/login_link", "templates/logon_link"),
        "unknown_key": ("port = 587", "prot = 587"),
        "secret_inside": ("port = 587", f'port = 587\npassword = "{SECRET}"'),
        "no_toml": ("port = 587", "port = "),
    }.items():
        assert old in sample
        (tmp_path / f"{name}.toml").write_text(sample.replace(old, new), "utf-8")
    before = sorted(tmp_path.rglob("*results*"))
    said = command(*words)
    assert said.code == 2
    assert_three_parts(said)
    assert said.out == ""
    assert sorted(tmp_path.rglob("*results.csv")) == before


def test_a_missing_secret_is_named(command: Command, small: SmallCampaign, monkeypatch: pytest.MonkeyPatch) -> None:
    small.load(25)
    monkeypatch.delenv("CAMPAIGN_LINK__SECRET")
    said = command("send", small.path)
    assert said.code == 2
    assert "CAMPAIGN_LINK__SECRET_FILE" in said.err
    monkeypatch.setenv("CAMPAIGN_LINK__SECRET", "too short")
    said = command("send", small.path)
    assert said.code == 2
    assert "32" in said.err
    assert "too short" not in said.err


def test_send_and_its_exit_codes(command: Command, small: SmallCampaign, smtp_server: StartServer) -> None:
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


def test_no_wait_says_when_it_opens(command: Command, small: SmallCampaign, smtp_server: StartServer) -> None:
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


def test_results_and_report(command: Command, small: SmallCampaign, smtp_server: StartServer) -> None:
    small.load(smtp_server().port)
    command("send", small.path)
    results = small.folder / "small-results.csv"
    before = results.read_bytes()
    results.unlink()
    assert command("results", small.path).out.strip() == str(results)
    assert results.read_bytes() == before
    page = small.folder / "report.html"
    assert command("report", small.path, "--to", page).code == 0
    assert "All 5 messages were accepted by the mail server." in page.read_text("utf-8")
    files = {path.name for path in small.folder.iterdir()}
    beside = small.folder / "small-report.html"
    assert command("report", small.path).out.strip() == str(beside)
    assert {path.name for path in small.folder.iterdir()} == files | {"small-report.html"}
    assert beside.read_text("utf-8").count("accepted by the mail server") == page.read_text("utf-8").count(
        "accepted by the mail server"
    )
    said = command("report", small.path, "--to", small.folder / "no" / "report.html")
    assert said.code == 2
    assert_three_parts(said)


def test_a_report_lies_beside_the_results_wherever_they_are(
    command: Command, small: SmallCampaign, smtp_server: StartServer, tmp_path: Path
) -> None:
    small.load(smtp_server().port)
    (tmp_path / "elsewhere").mkdir()
    command("send", small.path, "--output", tmp_path / "elsewhere" / "week.csv")
    said = command("report", small.path, "--output", tmp_path / "elsewhere" / "week.csv")
    assert said.out.strip() == str(tmp_path / "elsewhere" / "small-report.html")
    command("send", small.path, "--sandbox", "--limit", 1)
    assert command("report", small.path, "--sandbox").out.strip() == str(small.folder / "small-sandbox-report.html")


def test_a_report_says_what_status_says(command: Command, small: SmallCampaign, smtp_server: StartServer) -> None:
    """Whether nothing was ever sent, a run was cut off while it read, or one goes on: no page calls that everybody."""
    small.load(smtp_server().port)
    status, report = command("status", small.path), command("report", small.path)
    assert report == status
    assert status.code == 2
    assert "nothing was ever sent" in status.err
    page = small.folder / "small-report.html"
    assert not page.exists()
    command("send", small.path)
    with Ledger.open(small.ledger, small.name) as ledger:
        ledger.forget("digest")
        assert command("report", small.path).code == 0
        going_on = page.read_text("utf-8")
        assert f"A run is going on, process {os.getpid()}" in going_on
    command("report", small.path)
    cut_off = page.read_text("utf-8")
    assert "the run was cut off: there are more rows" in command("status", small.path).out
    assert "the run was cut off: there are more rows" in cut_off
    for text in (going_on, cut_off):
        assert "So far, 5 of 5 messages were accepted by the mail server." in text
        assert "Nothing is left to do" not in text


def test_a_report_of_a_contacts_file_that_was_never_read_calls_it_not_empty(
    command: Command, small: SmallCampaign, smtp_server: StartServer
) -> None:
    small.load(smtp_server().port)
    Ledger.open(small.ledger, small.name).close()
    assert "there are more rows" in command("status", small.path).out
    assert command("report", small.path).code == 0
    page = (small.folder / "small-report.html").read_text("utf-8")
    assert "Nothing was sent so far." in page
    assert "there are more rows" in page
    assert "has no rows" not in page


def test_a_report_has_the_commands_that_status_has(
    command: Command, small: SmallCampaign, smtp_server: StartServer
) -> None:
    server = smtp_server(CATALOGUE["rcpt_5xx"](match=local_part("p3")))
    small.load(server.port)
    assert command("send", small.path, "--limit", 4).code == 3
    offered = [line.strip() for line in command("status", small.path).out.splitlines() if line.startswith("    ")]
    assert len(offered) == 2
    command("report", small.path)
    page = (small.folder / "small-report.html").read_text("utf-8")
    for line in offered:
        assert f"<pre>{line}</pre>" in page


def test_status_knows_a_run_that_goes_on_from_one_that_was_cut_off(command: Command, small: SmallCampaign) -> None:
    small.load(25)
    command("send", small.path, "--opens", "2099-01-01T00:00", "--no-wait")
    assert json.loads(command("status", small.path, "--json").out)["running"] is None
    with Ledger.open(small.ledger, small.name):
        said = command("status", small.path)
        assert f"a run is going on, process {os.getpid()}" in said.out
        assert "campaign send" not in said.out
        assert json.loads(command("status", small.path, "--json").out)["running"] == os.getpid()
        with closing(sqlite3.connect(small.ledger)) as database, database:
            database.execute("INSERT INTO delivery (contact, status) VALUES (1, 'sending')")
            recount(database)
        said = command("status", small.path)
        assert f"process {os.getpid()}; 1 being sent" in said.out and "in_doubt" not in said.out
        found = json.loads(command("status", small.path, "--json").out)
        assert (found["being_sent"], found["counts"]["in_doubt"]) == (1, 0)
        assert found["counts"]["pending"] == found["total"] - found["counts"]["invalid"]
        command("results", small.path)
        assert "in_doubt" not in small.statuses().values()
        busy = command("send", small.path)
        assert busy.code == 2
        assert f"process {os.getpid()}" in busy.err
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    with Ledger.open(small.ledger, small.name) as ledger:
        holder = {"pid": ended.pid, "host": socket.gethostname(), "since": 0}
        ledger.write_fact("holder", json.dumps(holder))
        assert "a run is going on" not in command("status", small.path).out


def test_preview_and_dry_run_are_the_same_and_leave_no_ledger(command: Command, small: SmallCampaign) -> None:
    small.load(25)
    assert command("preview", small.path).code == 0
    folder = small.folder / "small-preview"
    assert len(list(folder.glob("*.eml"))) == 5
    assert command("send", small.path, "--dry-run", "--folder", small.folder / "other", "--limit", "2").code == 0
    assert len(list((small.folder / "other").glob("*.eml"))) == 2
    assert not list(small.folder.rglob("*.ledger"))
    small.contacts([("p1@people.example", "A"), ("nobody", "B")])
    said = command("preview", small.path)
    assert said.code == 1
    assert "row 2: the address has no @-sign" in said.err


MANY = [(f"p{number}@people.example", "A") for number in range(10_001)]


@pytest.mark.parametrize("verb", [("preview",), ("send", "--dry-run")])
def test_more_than_ten_thousand_messages_are_not_written_unasked(
    command: Command, small: SmallCampaign, verb: tuple[str, ...]
) -> None:
    small.contacts(MANY).load(25)
    said = command(*verb, small.path)
    assert said.code == 2
    assert_three_parts(said)
    assert "10,001 messages" in said.err and "--limit 100" in said.err and "--yes" in said.err
    assert not (small.folder / "small-preview").exists()
    assert command(*verb, small.path, "--limit", "3").code == 0
    assert len(list((small.folder / "small-preview").glob("*.eml"))) == 3


def test_ten_thousand_rows_that_are_no_messages_are_no_matter(command: Command, small: SmallCampaign) -> None:
    small.contacts([*MANY[:2], *((f"nobody {number}", "B") for number in range(10_001))]).load(25)
    assert command("preview", small.path).code == 1


def test_with_a_yes_they_are_written(command: Command, small: SmallCampaign, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("campaign.commands.previewing._MANY", 4)  # 10,000 take a while
    small.load(25)
    assert command("preview", small.path).code == 2
    assert command("preview", small.path, "--yes").code == 0
    assert len(list((small.folder / "small-preview").glob("*.eml"))) == 5


class TestSandbox:
    @pytest.fixture(autouse=True)
    def _sandboxed(self, small: SmallCampaign) -> None:
        small.contacts(
            [("ann@people.example", "Ann"), ("nobody", "B"), ("ANN@people.example", "C"), ("dan@people.example", "Dan")]
        ).load(25)

    def rows(self, small: SmallCampaign) -> list[tuple[int, str]]:
        lines = (small.folder / "small-sandbox" / "rows.jsonl").read_text().split("\n")
        return sorted((row[0], row[1]) for row in map(json.loads, filter(None, lines)))

    def test_a_second_run_says_how_to_begin_anew(self, command: Command, small: SmallCampaign) -> None:
        first = command("send", small.path, "--sandbox")
        assert "--fresh" not in first.err
        again = command("send", small.path, "--sandbox")
        assert "nothing was sent: nobody was left to send to" in again.err
        assert "to begin the sandbox anew:\n    campaign send" in again.err
        assert again.err.rstrip().endswith(f"send {small.path} --sandbox --fresh")
        fresh = command("send", small.path, "--sandbox", "--fresh")
        assert "sent 2 in" in fresh.err and fresh.code == first.code
        assert len(list((small.folder / "small-sandbox").glob("*.eml"))) == 2

    def test_its_rows_are_the_files(self, command: Command, small: SmallCampaign) -> None:
        command("send", small.path, "--sandbox")
        assert self.rows(small) == [(1, "ann@people.example"), (4, "dan@people.example")]
        assert (small.folder / "small-sandbox" / "0004-dan.eml").exists()

    def test_to_begin_anew_takes_nothing_but_the_sandboxs_own(
        self, command: Command, small: SmallCampaign, smtp_server: StartServer
    ) -> None:
        small.load(smtp_server().port)
        command("send", small.path)
        command("send", small.path, "--sandbox")
        mine = small.folder / "small-sandbox" / "my notes.txt"
        mine.write_text("mine")
        sandboxs = {"small-sandbox-results.csv", "small-sandbox.ledger", "small-sandbox"}
        before = {path: path.read_bytes() for path in small.folder.iterdir() if path.is_file()}
        assert sandboxs <= {path.name for path in small.folder.iterdir()}
        command("send", small.path, "--sandbox", "--fresh")
        for path, content in before.items():
            assert path.read_bytes() == content or path.name in sandboxs, path.name
        assert mine.read_text() == "mine"

    def test_results_that_may_be_the_real_runs_are_left_alone(
        self, command: Command, small: SmallCampaign, smtp_server: StartServer
    ) -> None:
        small.load(smtp_server().port)
        results = small.folder / "r.csv"
        command("send", small.path, "--output", results)
        before = results.read_bytes()
        said = command("send", small.path, "--output", results, "--sandbox", "--fresh")
        assert said.code == 2 and results.read_bytes() == before
        assert_three_parts(said)

    def test_not_while_a_run_goes_on(self, command: Command, small: SmallCampaign) -> None:
        command("send", small.path, "--sandbox")
        with Ledger.open(small.folder / "small-sandbox.ledger", "small"):
            assert command("send", small.path, "--sandbox", "--fresh").code == 2
        assert (small.folder / "small-sandbox-results.csv").exists()

    @pytest.mark.parametrize("more", [(), ("--dry-run",), ("--dry-run", "--sandbox")])
    def test_elsewhere_it_is_refused(self, command: Command, small: SmallCampaign, more: tuple[str, ...]) -> None:
        said = command("send", small.path, "--fresh", *more)
        assert said.code == 2
        assert_three_parts(said)


class TestCheck:
    def test_all_is_well(self, command: Command, small: SmallCampaign, smtp_server: StartServer) -> None:
        server = smtp_server()
        small.load(server.port)
        said = command("check", small.path)
        assert said.code == 0
        assert "WRONG" not in said.out
        assert "ready to send\n" in said.out
        assert "5 can be mailed" in said.out
        assert server.accepted == []
        assert not small.ledger.exists()

    def test_it_goes_on_past_what_is_wrong(
        self, command: Command, small: SmallCampaign, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        small.contacts([("p1@people.example", "A"), ("nobody", "B")])
        small.settings = {
            "window": {"opens": "2020-01-01T08:00", "closes": "2020-01-01T09:00"},
            "smtp": {"host": "127.0.0.1", "timeout": "200ms"},
        }
        small.load(1)  # nobody listens there
        monkeypatch.delenv("CAMPAIGN_LINK__SECRET")
        said = command("check", small.path, "--output", small.folder / "no" / "x.csv")
        assert said.code == 2
        assert said.out.count("WRONG") == 4  # the secret, the window, the results' folder, the server
        assert "row 2: the address has no @-sign" in said.out
        assert "4 things to put right" in said.out

    def test_one_invalid_row_stops_nothing_unless_it_is_to(self, command: Command, small: SmallCampaign) -> None:
        small.contacts([("p1@people.example", "A"), ("nobody", "B")]).load(25)
        said = command("check", small.path, "--offline")
        assert said.code == 0
        assert "ready to send, but for 1 invalid row\n" in said.out
        assert command("check", small.path, "--offline", "--strict").code == 1

    def test_what_is_noted_is_exit_code_1_only_if_asked_for(self, command: Command, small: SmallCampaign) -> None:
        small.load(25)
        assert "note   message.unsubscribe_url is not set" in command("check", small.path, "--offline").out
        assert command("check", small.path, "--offline").code == 0
        assert command("check", small.path, "--offline", "--strict").code == 1
        small.settings = {"message": {"unsubscribe_url": "https://acme.example/u?e={{ contact.email | urlencode }}"}}
        small.load(25)
        assert command("check", small.path, "--offline", "--strict").code == 0

    @pytest.mark.parametrize("rows", [[("nobody", "B"), ("@", "C")], []])
    def test_where_nobody_can_be_mailed_it_is_not_ready(
        self, command: Command, small: SmallCampaign, rows: list[tuple[str, str]]
    ) -> None:
        small.contacts(rows).load(25)
        said = command("check", small.path, "--offline")
        assert said.code == 2
        assert "ready to send" not in said.out

    def test_a_fault_is_told_once(self, command: Command, small: SmallCampaign) -> None:
        small.settings = {"window": {"timezone": "Mars/Olympus"}}
        small.load(25)
        said = command("check", small.path, "--offline")
        assert said.code == 2
        assert said.out.count("WRONG") == 1
        assert "1 thing to put right" in said.out

    @pytest.mark.parametrize("name", ["mail_5xx", "connect_5xx", "mail_cut", "mail_hang"])
    def test_a_server_that_takes_nothing_from_us(
        self, command: Command, small: SmallCampaign, smtp_server: StartServer, name: str
    ) -> None:
        small.settings["smtp"] = {"timeout": "500ms"}
        small.load(smtp_server(CATALOGUE[name]()).port)
        said = command("check", small.path)
        assert said.code == 2
        assert said.out.count("WRONG") == 1

    def test_a_server_that_is_busy_is_only_noted(
        self, command: Command, small: SmallCampaign, smtp_server: StartServer
    ) -> None:
        small.load(smtp_server(CATALOGUE["mail_4xx"]()).port)
        said = command("check", small.path)
        assert said.code == 0
        assert "note   the server does not take our sender now: 451" in said.out

    @pytest.mark.parametrize(
        ("name", "reply", "words", "fix"),
        [
            (
                "rcpt_5xx",
                "553 5.7.1 Sender address rejected: not owned by user x",
                "our sender at RCPT",
                "message.from",
            ),
            ("rcpt_5xx", "554 5.7.1 Client host rejected: Access denied", "that we connect from", "smtp.username"),
            ("rcpt_4xx", "454 4.7.1 Relay access denied", "to relay for us at RCPT", "smtp.username"),
            (
                "rcpt_5xx",
                "504 5.5.2 <x>: Helo command rejected: need fully-qualified hostname",
                "greet it",
                "smtp.ehlo_name",
            ),
            ("rcpt_5xx", "550 Please authenticate first", "us without sign-in at RCPT", "smtp.username"),
            ("mail_5xx", "530 5.7.0 Authentication required", "us without sign-in at MAIL", "smtp.username"),
            ("rcpt_4xx", "450 4.7.1 Recipient address rejected: Quota Exceeded", "our quota for today", "tomorrow"),
        ],
    )
    def test_what_would_stop_the_run_is_wrong_before_it(
        self,
        command: Command,
        small: SmallCampaign,
        smtp_server: StartServer,
        name: str,
        reply: str,
        words: str,
        fix: str,
    ) -> None:
        small.load(smtp_server(CATALOGUE[name](reply=reply.encode() + b"\r\n")).port)
        said = command("check", small.path)
        assert said.code == 2
        (wrong,) = [line for line in said.out.splitlines() if line.startswith("WRONG")]
        assert words in wrong and reply[:3] in wrong
        assert fix in said.out.split("to do: ")[1]
        assert "1 thing to put right" in said.out and "ready to send" not in said.out

    def test_it_says_what_it_heard_at_each_step(
        self, command: Command, small: SmallCampaign, smtp_server: StartServer
    ) -> None:
        server = smtp_server()
        small.settings = {"message": {"return_path": "bounces@acme.example"}}
        small.load(server.port)
        said = command("check", small.path)
        assert said.code == 0
        steps = [line for line in said.out.splitlines() if "envelope:" in line]
        assert [step.partition(": ")[2][:43] for step in steps] == [
            "MAIL FROM:<bounces@acme.example>: 250 Sende",
            "RCPT TO:<hello@acme.example>: 250 Recipient",
        ]
        assert server.record.commands["DATA"] == 0

    @pytest.mark.parametrize(
        ("reply", "offers", "why"),
        [
            ("550 5.1.1 User unknown", "SIZE", "that may be as it should be"),
            ("554 5.7.1 Recipient address rejected: Access denied", "SIZE", "says so of everybody, the run stops"),
            ("554 5.7.1 Recipient address rejected: Access denied", "AUTH PLAIN", "smtp.username is not set"),
        ],
    )
    def test_a_server_that_does_not_take_our_own_address_is_noted(
        self,
        command: Command,
        small: SmallCampaign,
        smtp_server: StartServer,
        reply: str,
        offers: str,
        why: str,
    ) -> None:
        hello = CATALOGUE["ehlo_4xx"](reply=f"250-mx.example\r\n250 {offers}\r\n".encode(), accept=True)
        small.load(smtp_server(hello, CATALOGUE["rcpt_5xx"](reply=reply.encode() + b"\r\n")).port)
        said = command("check", small.path)
        assert "does not take mail for your own address hello@acme.example" in said.out
        assert why in said.out
        assert said.code == 0 and "ready to send" in said.out

    def test_a_message_too_large_for_the_server(
        self, command: Command, small: SmallCampaign, smtp_server: StartServer
    ) -> None:
        small.load(smtp_server(size=300).port)
        said = command("check", small.path)
        assert said.code == 2
        assert "300" in said.out

    def test_what_a_send_would_not_go_on_with_is_wrong(
        self, command: Command, small: SmallCampaign, smtp_server: StartServer
    ) -> None:
        """Other templates and other contacts under an old name; one of both is worth a note."""
        server = smtp_server()
        small.load(server.port)
        command("send", small.path)
        before = small.ledger.read_bytes()
        small.contacts([("p0@people.example", "Ann"), ("new@x.example", "Bob")])
        said = command("check", small.path)
        assert said.code == 0 and "1 of 2 sent, and not sent again; 1 left" in said.out
        assert "note   1 of 2 was mailed on " in said.out and "ready to send" in said.out
        (small.folder / "template" / "subject.txt").write_text("News for {{ contact.name }}")
        said = command("check", small.path)
        assert said.code == 2 and "ready to send" not in said.out
        wrong = "other templates and other contacts under a name that was used before: 1 of 2 was mailed on "
        assert f"WRONG  {wrong}" in said.out and "--yes" in said.out
        assert small.ledger.read_bytes() == before, "a check changes nothing"
        sent = command("send", small.path)
        assert sent.code == 2 and wrong in sent.err
        assert len(server.accepted) == 5
        small.people(5)
        said = command("check", small.path)
        assert said.code == 0 and "the templates have changed since" in said.out

    def test_earlier_runs_and_a_lost_ledger(
        self, command: Command, small: SmallCampaign, smtp_server: StartServer
    ) -> None:
        small.load(smtp_server().port)
        command("send", small.path, "--limit", "2")
        assert "2 of 5 sent, and not sent again; 3 left" in command("check", small.path, "--offline").out
        command("send", small.path)
        assert command("check", small.path, "--offline").out.endswith("nobody is left to send to\n")
        small.ledger.unlink()
        said = command("check", small.path, "--offline")
        assert said.code == 2
        assert "its ledger is gone" in said.out

    def test_a_window_too_short_for_the_rate_is_noted(self, command: Command, small: SmallCampaign) -> None:
        small.settings = {"window": {"lasts": "10s"}, "smtp": {"rate": 0.1}}
        small.load(25)
        said = command("check", small.path, "--offline")
        assert said.code == 0
        assert "longer than the window" in said.out


class TestLinks:
    def test_a_minted_link_stands_the_inspection(self, command: Command, small: SmallCampaign) -> None:
        small.settings = {"link": {"redirect_to": "https://acme.myclickfunnels.com/{{ contact.name | urlencode }}"}}
        small.load(25)
        minted = command("link", "mint", small.path, "P3@People.Example", "--lasts", "1h")
        link = minted.out.strip()
        assert minted.code == 0
        assert link.startswith("https://acme.myclickfunnels.com/sso?identifier=p3%40")
        assert "token" not in minted.err
        seen = command("link", "inspect", link, "--campaign", small.path)
        assert seen.code == 0
        assert "https://acme.myclickfunnels.com/Person%203" in seen.out
        assert "WRONG" not in seen.out
        assert link.rpartition("token=")[2] not in seen.out + seen.err
        assert command("link", "inspect", "-", "--campaign", small.path, stdin=f"<{link}>\n").code == 0

    def test_what_is_wrong_with_a_link_is_said(
        self, command: Command, small: SmallCampaign, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        small.load(25)
        link = command("link", "mint", small.path, "p3@people.example").out.strip()
        monkeypatch.setenv("CAMPAIGN_LINK__SECRET", SECRET[::-1])
        seen = command("link", "inspect", link, "--campaign", small.path)
        assert seen.code == 1
        assert "WRONG" in seen.out

    def test_a_link_needs_no_password_of_the_server(self, command: Command, small: SmallCampaign) -> None:
        small.settings = {"smtp": {"username": "us"}}
        small.load(25)
        assert command("link", "mint", small.path, "p3@people.example").code == 0

    def test_a_link_is_inspected_with_the_secret_of_the_environment(
        self, command: Command, small: SmallCampaign, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        small.load(25)
        link = command("link", "mint", small.path, "p3@people.example").out.strip()
        token = link.rpartition("token=")[2]
        pasted = f"Hello, your link is {link}, see you!"
        seen = command("link", "inspect", pasted)
        assert seen.code == 0
        assert "ok     secret: signed with the secret at hand" in seen.out
        assert token not in seen.out + seen.err
        monkeypatch.delenv("CAMPAIGN_LINK__SECRET")
        unknown = command("link", "inspect", pasted)
        assert unknown.code == 0
        assert "?      secret: no secret is at hand" in unknown.out
        (tmp_path / "secret").write_text(SECRET + "\n")
        monkeypatch.setenv("CAMPAIGN_LINK__SECRET_FILE", "secret")
        monkeypatch.setenv("CAMPAIGN_LINK__DOMAIN", "www.acme.example")
        by_file = command("link", "inspect", "-", stdin=f'<a href="{link.replace("&", "&amp;")}">in</a>')
        assert by_file.code == 1
        assert "ok     secret: signed with the secret at hand" in by_file.out
        assert "WRONG  domain: the link's host is 'acme.myclickfunnels.com', not link.domain" in by_file.out
        assert token not in by_file.out + by_file.err
        (tmp_path / "secret").unlink()
        missing = command("link", "inspect", link)
        assert missing.code == 2
        assert_three_parts(missing)

    def test_no_claim_upsets_the_terminal_or_shows_another_token(self, command: Command) -> None:
        other = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.c2ln"
        claims = {"sub": "a@x.example:acme.example", "redirect_to": f"https://acme.example/\x1b[2J?token={other}"}
        made = jwt.encode(claims, SECRET, algorithm="HS256")
        link = f"https://acme.example/sso?identifier=a%40x.example&strategy=email&token={made}"
        seen = command("link", "inspect", link)
        assert seen.code == 1
        assert "\x1b" not in seen.out
        assert "eyJ" not in seen.out
