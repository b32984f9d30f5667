"""`--help`: commands in the order of use, every option in a group where there are many, an example for each command."""

from typing import Any

import pytest
import typer.main
from typer.testing import CliRunner

from campaign.cli import app
from campaign.terminal.help_text import EXAMPLES, GROUPS, ORDER

PROGRAM: Any = typer.main.get_command(app)
NAMES = [*PROGRAM.commands, *(f"link {name}" for name in PROGRAM.commands["link"].commands)]


def said(*words: str) -> str:
    return CliRunner().invoke(app, [*words, "--help"], terminal_width=80).stdout


def test_the_commands_stand_in_the_order_of_use() -> None:
    assert sorted(PROGRAM.commands) == sorted(ORDER), "say where a new command stands"
    listed = said().partition("Commands:\n")[2].splitlines()
    listed = listed[: len(ORDER)]
    assert [line.split()[0] for line in listed if line.startswith("  ")] == list(ORDER)
    assert not any("..." in line for line in listed), "what a command is for fits on its line"


@pytest.mark.parametrize("name", NAMES)
def test_every_command_has_an_example_of_itself(name: str) -> None:
    line, meaning = EXAMPLES[name]
    assert line.startswith(f"campaign {name}")
    assert f"\nExample:\n  {line}\n    {meaning}" in said(*name.split())


def test_there_is_no_example_of_what_there_is_not() -> None:
    assert sorted(EXAMPLES) == sorted(["", *NAMES])


@pytest.mark.parametrize("name", ["send", "resend"])
def test_many_options_stand_in_groups(name: str) -> None:
    grouped = {option for names in GROUPS.values() for option in names}
    for parameter in PROGRAM.commands[name].params:
        if parameter.param_type_name == "option":
            assert grouped & {*parameter.opts}, f"{parameter.opts[0]}: say in which group it stands"
    text = said(name)
    assert text.index("To try it:") < text.index("Which contacts:") < text.index("When:") < text.index("Example:")
    assert "\nOptions:" not in text


def test_few_options_stand_together() -> None:
    assert "\nOptions:" in said("status") and "When:" not in said("status")
