"""Commands that are printed are pasted: they must come out of a shell as they were meant."""

import os
import shlex
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign.terminal.invocation import Invocation, program

PRINTABLE = st.text(st.characters(blacklist_categories=["Cs", "Cc"]), min_size=1)


@given(name=PRINTABLE, output=PRINTABLE, host=PRINTABLE)
def test_whatever_a_path_holds_the_shell_gives_it_back(name: str, output: str, host: str) -> None:
    invocation = Invocation(
        program="campaign",
        campaign=Path(f"x{name}"),
        output=Path(f"x{output}"),
        sandbox=True,
        settings={"--host": host, "--port": None, "--rate": 2.5},
    )
    words = shlex.split(invocation.line("resend", "--include", "in_doubt"))
    assert words == [
        *("campaign", "resend", str(Path(f"x{name}")), "--output", str(Path(f"x{output}")), "--sandbox"),
        *("--host", host, "--rate", "2.5", "--include", "in_doubt"),
    ]


def test_options_can_be_left_out() -> None:
    invocation = Invocation(
        program="campaign", campaign=Path("c.toml"), settings={"--closes": "2020-01-01T00:00", "--rate": 5.0}
    )
    assert invocation.line("send") == "campaign send c.toml --closes 2020-01-01T00:00 --rate 5"
    again = invocation.line("resend", "--lasts", "8h", without=["--closes"])
    assert again == "campaign resend c.toml --rate 5 --lasts 8h"


def test_only_what_sends_takes_the_settings() -> None:
    invocation = Invocation(program="campaign", campaign=Path("c.toml"), sandbox=True, settings={"--rate": 5.0})
    assert invocation.line("status") == "campaign status c.toml --sandbox"


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a program named campaign in it, which is not on the path."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", os.defpath)
    program = tmp_path / "my bin" / "campaign"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    return program


class TestProgram:
    def test_on_the_path_its_name_is_enough(self, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PATH", f"{place.parent}:{os.defpath}")
        monkeypatch.setattr(sys, "argv", [str(place)])
        assert program() == "campaign"

    def test_elsewhere_it_is_typed_by_its_path(self, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sys, "argv", [str(place)])
        assert program() == "'my bin/campaign'"
        monkeypatch.setattr(sys, "argv", [".venv/bin/campaign"])
        assert program() == ".venv/bin/campaign"
        monkeypatch.setattr(sys, "argv", ["campaign"])  # as `sh -c` in its own folder may call it
        assert program() == "./campaign"

    def test_as_a_module(self, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sys, "argv", ["/somewhere/campaign/__main__.py"])
        assert program() == shlex.join([sys.executable, "-m", "campaign"])

    def test_inside_of_another_program(self, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sys, "argv", ["/usr/bin/pytest"])
        assert program() == "campaign"
