"""What a shell offers when Tab is pressed, asked as the shells' own scripts ask it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from campaign.cli import app
from campaign.commands.guide import SUBJECTS

SHELLS = ("bash", "zsh", "fish")
_PROGRAM = "import sys; sys.argv[0] = 'campaign'; from campaign.cli import app; app()"


@pytest.fixture(autouse=True)
def _in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("campaign.toml", "contacts.csv", "notes.txt", ".hidden.toml", "autumn/campaign.toml", "empty/x.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("")
    monkeypatch.chdir(tmp_path)


def offered(line: str, shell: str = "bash") -> list[str]:
    """What is offered behind this beginning of a command line."""
    words = line.split(" ")
    environ = {
        "_CAMPAIGN_COMPLETE": f"complete_{shell}",
        "COMP_WORDS": line,
        "COMP_CWORD": str(len(words) - 1),
        "_TYPER_COMPLETE_ARGS": line,
        "_TYPER_COMPLETE_FISH_ACTION": "get-args",
        "_TYPER_COMPLETE_WORD_TO_COMPLETE": words[-1],
    }
    result = CliRunner().invoke(app, [], prog_name="campaign", env=environ)
    assert result.exit_code == 0, result.stderr
    return result.stdout.split("\n")[:-1]


def test_commands() -> None:
    assert offered("campaign s") == ["send", "status", "settle", "sandbox"]
    assert offered("campaign link ") == ["mint", "inspect"]
    assert {"init", "erase", "guide"} <= set(offered("campaign "))


def test_options_and_their_values() -> None:
    assert offered("campaign send --conn") == ["--connections"]
    assert offered("campaign resend --include ") == ["rejected", "in_doubt", "bounced"]
    assert offered("campaign erase --older-than 9") == ["90d"]
    assert offered("campaign guide ") == list(SUBJECTS)
    assert offered("campaign guide gm") == ["gmail"]


@pytest.mark.parametrize(
    ("line", "paths"),
    [
        ("campaign send ", ["autumn/campaign.toml", "campaign.toml", "empty/"]),
        ("campaign send aut", ["autumn/campaign.toml"]),
        ("campaign send autumn/", ["autumn/campaign.toml"]),
        ("campaign send .h", [".hidden.toml"]),
        ("campaign erase cam", ["campaign.toml"]),
        ("campaign resend --from c", ["contacts.csv"]),
        ("campaign preview --folder ", ["autumn", "empty"]),
        ("campaign send nowhere/", []),
    ],
)
def test_files_by_what_the_argument_takes(line: str, paths: list[str]) -> None:
    assert [path for path in offered(line) if path] == paths


@pytest.mark.parametrize("shell", SHELLS)
def test_every_shell_hears_it(shell: str) -> None:
    assert any("resend" in one for one in offered("campaign res", shell))


@pytest.mark.parametrize("shell", SHELLS)
def test_the_script_that_switches_it_on_is_shown(shell: str) -> None:
    environ = {**os.environ, "_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"}
    words = [sys.executable, "-c", _PROGRAM, "--show-completion", shell]
    ended = subprocess.run(words, env=environ, capture_output=True, text=True, check=True)
    assert "_CAMPAIGN_COMPLETE" in ended.stdout
