"""`campaign guide`: the list of subjects, a page as it was written or laid out, and help for a subject there is not."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from campaign.cli import app
from campaign.commands.guide import ALIASES, SUBJECTS, page
from tests.terminals import run_on_a_terminal

ANSI = re.compile(r"\x1b\[[\d;]*m")


def call(*words: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, ["guide", *words])
    return result.exit_code, result.stdout, result.stderr


def on_a_terminal(*words: str, **environment: str) -> tuple[int, str]:
    """Run the real command on a terminal of its own, with what it finds there."""
    known = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "LESS", "MANPAGER")}
    known |= {"TERM": "xterm-256color", "PAGER": "cat", "COLUMNS": "80", **environment}
    code, said = run_on_a_terminal("guide", *words, environment=known)
    return code, said.decode().replace("\r\n", "\n")


def test_without_a_subject_every_page_is_listed_with_what_it_is_for() -> None:
    code, out, err = call()
    assert (code, err) == (0, "")
    listed = [line.split() for line in out.splitlines() if line.startswith("  ")]
    assert [words[0] for words in listed] == list(SUBJECTS)
    for words in listed:
        assert " ".join(words[1:]) == page(words[0]).splitlines()[2].replace("`", "")
    assert all(len(line) <= 80 for line in out.splitlines())


@pytest.mark.parametrize("subject", SUBJECTS)
def test_a_page_that_goes_elsewhere_than_to_a_terminal_is_the_file_as_it_is(subject: str) -> None:
    assert call(subject) == (0, page(subject), "")


@pytest.mark.parametrize("word", ["Settings", "settings.md"])
def test_a_subject_may_be_written_in_capitals_and_as_the_file_that_it_is(word: str) -> None:
    assert call(word) == (0, page("settings"), "")


@pytest.mark.parametrize(
    ("word", "subject"),
    [
        ("amazon", "ses"),
        ("Gmail", "google"),
        ("o365", "microsoft-365"),
        ("DMARC", "first-send"),
        ("twilio", "sendgrid"),
    ],
)
def test_a_page_is_found_by_other_words_that_people_have_for_it(word: str, subject: str) -> None:
    assert call(word) == (0, page(subject), "")


def test_every_other_word_leads_to_a_page_and_is_no_page_itself() -> None:
    assert set(ALIASES.values()) <= set(SUBJECTS)
    assert not set(ALIASES) & set(SUBJECTS)


@pytest.mark.parametrize(
    ("word", "fix"),
    [
        ("setings", "did you mean settings? Or see campaign guide for the list"),
        ("template", "did you mean templates? Or see campaign guide for the list"),
        ("suppress_lenient", "it stands in campaign guide settings"),
        ("quite-something-else", "see campaign guide for the list"),
        ("", "see campaign guide for the list"),
    ],
)
def test_a_subject_that_has_no_page_is_told_in_three_parts_with_where_to_look(word: str, fix: str) -> None:
    code, out, err = call(word)
    assert (code, out) == (2, "")
    assert err == f"error: the guide has no page {word!r}\n  where: campaign guide\n  to do: {fix}\n"


def test_whatever_is_named_the_error_stays_short_and_prints_no_control_characters() -> None:
    code, _, err = call("\x1b[2J" * 500)
    assert code == 2
    assert "\x1b" not in err
    assert len(err) < 400


def test_a_reader_that_leaves_early_is_no_failure() -> None:
    for words in ([], ["settings"]):
        ours, theirs = os.pipe()
        os.close(ours)
        command = [sys.executable, "-m", "campaign", "guide", *words]
        ended = subprocess.run(command, stdout=theirs, stderr=subprocess.PIPE, check=False)
        os.close(theirs)
        assert (ended.returncode, ended.stderr) == (0, b"")


def test_on_a_terminal_the_page_is_laid_out_and_goes_through_the_pager() -> None:
    code, said = on_a_terminal("settings", PAGER="sed s/^/through:/")
    assert code == 0
    lines = ANSI.sub("", said).splitlines()
    assert all(line.startswith("through:") for line in lines)
    assert all(len(line) <= len("through:") + 80 for line in lines)
    assert any(line.startswith("through: suppress_lenient  false ") for line in lines)
    assert "| --- |" not in said


def test_no_color_leaves_no_colour_and_a_dumb_terminal_gets_the_file() -> None:
    code, said = on_a_terminal("statuses", NO_COLOR="1")
    assert code == 0
    assert not re.search(r"\x1b\[[\d;]*\b(?:3[0-7]|4[0-7]|9[0-7])\b[\d;]*m", said)
    assert "in_doubt" in said
    assert on_a_terminal("statuses", TERM="dumb") == (0, page("statuses"))


def test_the_list_on_a_terminal_needs_no_pager() -> None:
    code, said = on_a_terminal(PAGER="false")
    assert code == 0
    assert said == call()[1]


def test_the_pages_are_found_from_any_folder(tmp_path: Path) -> None:
    found = subprocess.run(
        [sys.executable, "-m", "campaign", "guide", "json"],
        cwd=tmp_path, capture_output=True, text=True, check=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(map(os.path.abspath, filter(None, sys.path)))},
    )  # fmt: skip
    assert found.stdout == page("json")
