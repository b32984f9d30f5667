"""Colour: on a terminal and nowhere else, never with NO_COLOR, and the words are the same without it."""

import io
import re
from pathlib import Path

import pytest

from campaign.terminal.colour import coloured, shows_colour
from tests.campaigns import SECRET, SmallCampaign
from tests.terminals import run_on_a_terminal

ANSI = re.compile(r"\x1b\[[\d;]*m")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _a_usual_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)


LINES = [
    "ok     secrets: all there",
    "note   the password begins with a space",
    "WRONG  the window is over\n       where: window.closes",
    "error: no such option\n  where: campaign send",
    "note: finishing what is in flight",
    "?      secret: not known",
    "  sent             5,000  accepted by the SMTP server",
    "  in_doubt             1  left, but the server's reply never came",
]


@pytest.mark.parametrize("line", LINES)
def test_the_first_word_is_coloured_and_the_words_stay(line: str) -> None:
    painted = coloured(line, Terminal())
    assert painted != line
    assert ANSI.sub("", painted) == line
    assert painted.count("\x1b[0m") == 1 == len(ANSI.findall(painted)) - 1


@pytest.mark.parametrize("line", ["autumn: 3 of 5, 2/s", "okay", "noted", "results: /x/sent 5  y", "sent 5 in 2.0 s"])
def test_other_lines_are_left_alone(line: str) -> None:
    assert coloured(line, Terminal()) == line


@pytest.mark.parametrize(
    ("environ", "shown"),
    [
        ({}, True),
        ({"NO_COLOR": "1"}, False),
        ({"NO_COLOR": ""}, True),
        ({"TERM": "dumb"}, False),
        ({"TERM": ""}, False),
    ],
)
def test_who_wants_none_gets_none(monkeypatch: pytest.MonkeyPatch, environ: dict[str, str], shown: bool) -> None:
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    assert shows_colour(Terminal()) is shown
    assert shows_colour(io.StringIO()) is False


@pytest.mark.parametrize("wanted", [True, False])
def test_a_command_on_a_terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wanted: bool) -> None:
    monkeypatch.setenv("CAMPAIGN_LINK__SECRET", SECRET)
    if not wanted:
        monkeypatch.setenv("NO_COLOR", "1")
    small = SmallCampaign(tmp_path / "small").people(2)
    small.load(25)
    code, said = run_on_a_terminal("check", str(small.path), "--offline")
    assert code == 0
    assert (b"\x1b[32mok\x1b[0m     secrets" if wanted else b"ok     secrets") in said
    assert bool(ANSI.search(said.decode())) is wanted
    assert b"contacts read\x1b[K\r\x1b[K" in said, "the live line is taken away before the next words"
