"""No command writes over a file that it did not make, whatever the option that names it; what was changed is kept."""

import csv
from pathlib import Path

import pytest
from typer.testing import CliRunner

from campaign.cli import app
from tests.campaigns import SECRET, SmallCampaign
from tests.conftest import StartServer
from tests.smtp_server import CATALOGUE


def call(*words: object) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, [str(word) for word in words])
    assert "Traceback" not in result.stdout + result.stderr
    return result.exit_code, result.stdout, result.stderr


@pytest.fixture
def sent(tmp_path: Path, smtp_server: StartServer, monkeypatch: pytest.MonkeyPatch) -> SmallCampaign:
    """A campaign that was sent, but for one who was rejected."""
    monkeypatch.setenv("CAMPAIGN_LINK__SECRET", SECRET)
    small = SmallCampaign(tmp_path / "small").people(3)
    server = smtp_server(CATALOGUE["rcpt_5xx"](match=lambda now: now.addresses == ("p1@people.example",)))
    small.load(server.port)
    assert call("send", small.path)[0] == 1
    (small.folder / "mine.csv").write_text("email,name\nada@engine.example,Ada\n")
    (small.folder / "notes.html").write_text("<!DOCTYPE html>\n<p>mine</p>\n")
    (small.folder / "link.html").symlink_to("contacts.csv")
    (small.folder / "link.csv").symlink_to("mine.csv")
    (small.folder / "folder").mkdir()
    assert call("preview", small.path)[0] == 0
    return small


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


FOREIGN = [
    "contacts.csv", "campaign.toml", "template/body.html", "small.ledger", "mine.csv", "notes.html",
    "link.html", "link.csv", "folder", "small-preview/index.html",
]  # fmt: skip


@pytest.mark.parametrize("name", [*FOREIGN, "small-results.csv"])
def test_the_report_takes_the_place_of_nothing_but_a_report(sent: SmallCampaign, name: str) -> None:
    before = contents(sent.folder)
    code, out, err = call("report", sent.path, "--to", sent.folder / name)
    assert (code, out) == (2, "")
    assert err.startswith("error: ") and str(sent.folder / name) in err and "  to do: " in err
    assert contents(sent.folder) == before


@pytest.mark.parametrize("name", FOREIGN)
@pytest.mark.parametrize("command", ["send", "resend", "results", "check"])
def test_results_take_the_place_of_nothing_but_results(sent: SmallCampaign, command: str, name: str) -> None:
    before = contents(sent.folder)
    options = ["--offline"] if command == "check" else []
    code, out, err = call(command, sent.path, "--output", sent.folder / name, *options)
    assert code == 2, err
    assert "  to do: " in err + out
    assert contents(sent.folder) == before


@pytest.mark.parametrize("name", ["contacts.csv", "notes.html", "template", ".", "small.ledger"])
def test_a_preview_takes_no_other_file_or_folder(sent: SmallCampaign, name: str) -> None:
    before = contents(sent.folder)
    assert call("preview", sent.path, "--folder", sent.folder / name)[0] == 2
    assert contents(sent.folder) == before


def test_a_report_takes_the_place_of_an_earlier_one_also_through_a_link(sent: SmallCampaign) -> None:
    page, link = sent.folder / "page.html", sent.folder / "latest.html"
    link.symlink_to("page.html")
    (sent.folder / "empty.html").touch()
    for name in ("page.html", "page.html", "latest.html", "empty.html"):
        assert call("report", sent.path, "--to", sent.folder / name)[0] == 0
    assert link.is_symlink()
    assert page.read_text("utf-8").startswith("<!DOCTYPE html>")
    assert (sent.folder / "empty.html").stat().st_size > 1000


def test_standard_output_is_called_minus(sent: SmallCampaign) -> None:
    code, page, _ = call("report", sent.path, "--to", "-")
    assert code == 0
    assert page.startswith("<!DOCTYPE html>") and page.endswith("</html>\n")
    code, table, _ = call("results", sent.path, "--output", "-")
    assert code == 0
    assert table == (sent.folder / "small-results.csv").read_text("utf-8")
    for words in (("send",), ("resend",), ("status",), ("report",), ("check", "--offline")):
        code, out, err = call(words[0], sent.path, "--output", "-", *words[1:])
        assert code == 2, words
        assert "results --output -" in out + err
    assert not Path("-").exists()


def test_a_report_goes_beside_the_settings_unless_told_otherwise(sent: SmallCampaign) -> None:
    code, said, _ = call("report", sent.path)
    assert code == 0
    assert said == f"{sent.folder / 'small-report.html'}\n"
    real = (sent.folder / "small-report.html").read_bytes()
    assert call("send", sent.path, "--sandbox")[0] == 0
    assert call("report", sent.path, "--sandbox")[1] == f"{sent.folder / 'small-sandbox-report.html'}\n"
    assert (sent.folder / "small-report.html").read_bytes() == real


def changed(folder: Path) -> list[Path]:
    return sorted(folder.glob("small-results-changed-*.csv"))


def correct(path: Path, **how: str) -> bytes:
    """Correct an address in the file itself, as an operator does with an editor or a spreadsheet."""
    text = path.read_text("utf-8").replace("p1@people.example", "right@people.example")
    if how.get("delimiter"):
        rows = list(csv.reader(text.splitlines()))
        text = "\r\n".join(how["delimiter"].join(row) for row in rows) + "\r\n"
    path.write_bytes(text.encode(how.get("encoding", "utf-8")))
    return path.read_bytes()


@pytest.mark.parametrize(
    "how",
    [
        {},
        {"encoding": "utf-8-sig"},
        {"delimiter": ";", "encoding": "cp1252"},
        {"delimiter": "\t", "encoding": "utf-16"},
    ],
    ids=str,
)
@pytest.mark.parametrize("words", [("send",), ("resend",), ("results",)], ids=" ".join)
def test_what_was_changed_in_the_results_is_kept_and_said(
    sent: SmallCampaign, words: tuple[str, ...], how: dict[str, str]
) -> None:
    results = sent.folder / "small-results.csv"
    written = results.read_bytes()
    mine = correct(results, **how)
    _, _, said = call(words[0], sent.path, *words[1:])
    (kept,) = changed(sent.folder)
    assert kept.read_bytes() == mine
    assert f"note: small-results.csv had been changed; what stood in it is kept: {kept}" in said
    assert results.read_bytes() == written
    call(words[0], sent.path, *words[1:])
    assert changed(sent.folder) == [kept], "what we have written ourselves is no change"


def test_corrections_in_the_results_themselves_are_mailed_and_kept(sent: SmallCampaign) -> None:
    results = sent.folder / "small-results.csv"
    mine = correct(results)
    code, _, said = call("resend", sent.path, "--from", results)
    assert code == 0, said
    assert sent.statuses()["right@people.example"] == "sent"
    assert [kept.read_bytes() for kept in changed(sent.folder)] == [mine]


def test_each_change_is_kept_under_a_name_of_its_own(sent: SmallCampaign) -> None:
    results = sent.folder / "small-results.csv"
    own = results.read_bytes()
    for number in range(3):
        results.write_bytes(own + f"x{number}@people.example,,pending,0,,,,,,,\n".encode())
        assert call("results", sent.path)[0] == 0
    assert len(changed(sent.folder)) == 3


def test_results_of_ours_that_were_put_back_or_are_untouched_are_not_kept(sent: SmallCampaign) -> None:
    results = sent.folder / "small-results.csv"
    earlier = results.read_bytes()
    (sent.folder / "contacts.csv").write_text("email,name\np0@people.example,A\nnew@people.example,B\n")
    assert call("send", sent.path)[0] == 0
    assert results.read_bytes() != earlier
    results.write_bytes(earlier)
    assert call("send", sent.path)[0] == 0
    results.unlink()
    assert call("results", sent.path)[0] == 0
    assert changed(sent.folder) == []


def test_the_hints_name_copies(sent: SmallCampaign) -> None:
    said = call("status", sent.path)[1]
    assert "--from " in said
    assert f"--from {sent.folder / 'small-results-corrected.csv'}\n" in said
    assert f"--from {sent.folder / 'small-results.csv'}" not in said


def test_a_message_page_takes_no_other_files_name(sent: SmallCampaign) -> None:
    folder = sent.folder / "small-preview"
    (folder / "0004-p3.html").write_text("mine")
    sent.people(4)
    assert call("preview", sent.path)[0] == 0
    assert (folder / "0004-p3.html").read_text() == "mine"
    assert (folder / "0004-p3-2.eml").is_file()
