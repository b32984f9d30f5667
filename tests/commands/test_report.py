"""`campaign report` and `campaign results`: from the ledger, where the results are, in the words of `status`."""

import os
from pathlib import Path

from campaign.ledger.sqlite.store import SqliteRunLedger
from tests.campaigns import SmallCampaign
from tests.command_line import Command, assert_three_parts
from tests.conftest import StartServer
from tests.smtp_server import CATALOGUE, local_part


def test_results_and_a_report_are_made_anew_from_the_ledger(
    command: Command, small: SmallCampaign, smtp_server: StartServer
) -> None:
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
    with SqliteRunLedger.open(small.ledger, small.name) as ledger:
        ledger.database.execute("DELETE FROM facts WHERE name = 'digest'")
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
    SqliteRunLedger.open(small.ledger, small.name).close()
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
