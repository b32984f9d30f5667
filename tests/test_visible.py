"""What servers and contacts write is shown so that nobody is led astray: wherever a person sees it."""

import csv
import io
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from campaign.cli import app
from campaign.errors import UsageError
from campaign.preview import PreviewWriter
from campaign.result_rows import ResultRow
from campaign.results import write_results
from campaign.smtp.reply.parser import readable
from campaign.terminal.console import Console
from campaign.terminal.exit_codes import show_error
from campaign.terminal.stdout import say
from campaign.visible import visible, visible_lines
from tests.campaigns import SECRET, SmallCampaign
from tests.conftest import StartServer
from tests.smtp_server import CATALOGUE

DIRECTION = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c"
ZERO_WIDTH = "\u200b\u200c\u200d\u2060\ufeff\u00ad"
CONTROL = "".join(map(chr, [*range(0x20), *range(0x7F, 0xA0)]))
ODD = DIRECTION + ZERO_WIDTH + CONTROL + "\u2028\u2029\ud800"
HIDDEN = "a\u202eb\u200bc\x1b[2Jd\x9be\u2066f\u2028g"
"""What follows is read backwards, unseen, or obeyed by a terminal."""
SPELT = "a\\u202eb\\u200bc\\x1b[2Jd\\x9be\\u2066f"


@given(st.text(st.sampled_from(ODD) | st.characters(), max_size=40))
def test_nothing_that_is_shown_is_unseen_or_turns_the_rest(text: str) -> None:
    for shown, kept in ((visible(text), ""), (visible_lines(text), "\n\t")):
        assert not set(shown) & (set(ODD) - set(kept))
        shown.encode()


@pytest.mark.parametrize("text", ["", "été, 日本語, עברית, العربية", "two\xa0words", "1\u202f000", "👍", "O'Brien\\n"])
def test_plain_text_of_any_language_stays_as_it_is(text: str) -> None:
    assert visible(text) == visible_lines(text) == text


def test_lines_stay_lines_where_there_may_be_several() -> None:
    assert visible_lines("a\n\tb\rc") == "a\n\tb\\rc"
    assert visible("a\n\tb\rc") == "a\\n\\tb\\rc"


def test_a_reply_is_spelt_out_on_one_line() -> None:
    assert readable(f"5.1.1 {HIDDEN}\r\n".encode()) == f"5.1.1 {SPELT} g"
    assert not set(readable(b"550 " + ODD.encode("utf-8", "replace"))) & set(ODD)


def test_what_is_said_on_a_terminal_is_spelt_out(capsys: pytest.CaptureFixture[str]) -> None:
    stream = io.StringIO()
    console = Console(title="x", stream=stream)
    console.notice(HIDDEN)
    console.say(HIDDEN)
    say(HIDDEN)
    show_error(UsageError(HIDDEN, where=HIDDEN), 2, as_json=False)
    said = capsys.readouterr()
    for words in (stream.getvalue(), said.out, said.err):
        assert words.count(SPELT) in (1, 2)
        assert not set(words) & (set(ODD) - {"\n"})


@pytest.fixture
def sent(tmp_path: Path, smtp_server: StartServer, monkeypatch: pytest.MonkeyPatch) -> SmallCampaign:
    """One contact whose cells mislead, refused in words that mislead; one row that is invalid for what it says."""
    monkeypatch.setenv("CAMPAIGN_LINK__SECRET", SECRET)
    small = SmallCampaign(tmp_path / "small").contacts(
        [("a@x.example", "A", HIDDEN), (f"{HIDDEN} nobody", "B", "")], header=("email", "name", "note")
    )
    refusal = CATALOGUE["rcpt_5xx"](reply=f"550 5.1.1 {HIDDEN}\r\n".encode())
    small.load(smtp_server(refusal).port)
    CliRunner().invoke(app, ["send", str(small.path)])
    return small


@pytest.mark.parametrize(
    "words",
    [("status",), ("report", "--to", "-"), ("report", "--json"), ("check", "--offline"),
     ("check", "--offline", "--json"), ("preview",), ("preview", "--json"),
     ("resend", "--include", "rejected"), ("resend", "--json")],
    ids=" ".join,
)  # fmt: skip
def test_no_command_shows_what_leads_astray(sent: SmallCampaign, words: tuple[str, ...]) -> None:
    result = CliRunner().invoke(app, [words[0], str(sent.path), *words[1:]])
    assert result.exit_code in (0, 1)
    assert not set(result.stdout + result.stderr) & (set(ODD) - {"\n", "\r", "\t"})


def test_results_spell_out_what_the_server_said_and_leave_the_contacts_cells_alone(sent: SmallCampaign) -> None:
    with (sent.folder / "small-results.csv").open(newline="", encoding="utf-8") as file:
        first, second = csv.DictReader(file)
    assert first["note"] == HIDDEN
    assert SPELT in first["detail"]
    for row in (first, second):
        assert not set(row["detail"]) & set(ODD)


def test_a_detail_that_an_earlier_version_kept_is_spelt_out(tmp_path: Path) -> None:

    standing = ResultRow(json.dumps(["a@x.example"]), "a@x.example", "failed", 1, 450, None, HIDDEN, None, None, None)
    write_results(tmp_path / "r.csv", ["email"], [standing], lambda _: "<1@x>")
    assert f"{SPELT}\\u2028g" in (tmp_path / "r.csv").read_text("utf-8")


def test_a_preview_spells_out_all_but_the_message_itself(tmp_path: Path) -> None:
    with PreviewWriter(tmp_path / "p", campaign="x", note="") as writer:
        writer.add(
            number=1, email=HIDDEN, status="invalid", message=b"X: " + HIDDEN.encode() + b"\r\n\r\nx", subject="Hello",
            text="x", html="", detail=HIDDEN, expires_at=datetime.now(UTC),
        )  # fmt: skip
    (page,) = (tmp_path / "p").glob("0001*.html")
    for path in (page, tmp_path / "p" / "index.html"):
        words = path.read_text("utf-8")
        assert not set(words) & (set(ODD) - {"\n", "\r", "\t"})
    assert page.read_text("utf-8").count(SPELT) == 4
    rows = (tmp_path / "p" / "index.html").read_text("utf-8")
    assert rows.count(json.dumps(f"{SPELT}\\u2028g")) == 2
