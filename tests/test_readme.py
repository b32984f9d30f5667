"""README says what the program does: its commands, options, settings, statuses and exit codes are held against it."""

import re
import tomllib
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import typer.main
from pydantic import BaseModel

from campaign.cli import app
from campaign.durations import parse_duration
from campaign.model import Status
from campaign.results import COLUMNS
from campaign.settings import WANTED, Settings

README = (Path(__file__).parents[1] / "README.md").read_text("utf-8")
COMMANDS: dict[str, Any] = {}


def _collect(prefix: str, group: Any) -> None:
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            _collect(f"{prefix} {name}", command)
        else:
            COMMANDS[f"{prefix} {name}"] = command


_collect("campaign", typer.main.get_command(app))

OPTIONS = [
    (name, option)
    for name, command in COMMANDS.items()
    for parameter in command.params
    for option in [*parameter.opts, *parameter.secondary_opts]
    if option.startswith("-") and option != "--help"
]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_in_the_readme_and_has_help(name: str) -> None:
    assert f"`{name}" in README
    assert COMMANDS[name].help


@pytest.mark.parametrize("name", COMMANDS)
def test_every_argument_and_option_has_help(name: str) -> None:
    for parameter in COMMANDS[name].params:
        if "--help" not in parameter.opts:
            assert parameter.help, f"{name}: {parameter.name} lacks help"


@pytest.mark.parametrize(("name", "option"), OPTIONS)
def test_every_option_is_in_the_readme_where_its_command_is(name: str, option: str) -> None:
    row = next(line for line in README.splitlines() if line.startswith(f"| `{name}"))
    shared = README[README.index("`send` and `resend` take:") : README.index("## Licence")]
    assert f"`{option}" in row or (name in ("campaign send", "campaign resend") and f"`{option}" in shared)


def _settings_of_the_readme() -> dict[str, str]:
    """Setting by dotted name → its default, as README has it."""
    part = README[README.index("## campaign.toml") : README.index("## Templates")]
    found, section = {}, ""
    for line in part.splitlines():
        if line.startswith("### "):
            section = line.removeprefix("### ").strip("[]") + "."
        elif match := re.match(r"\| `(\w+)` \| ([^|]*) \|", line):
            found[section + match[1]] = match[2]
    return found


def _defaults() -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, field in Settings.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            for key, inner in field.annotation.model_fields.items():
                found[f"{name}.{inner.alias or key}"] = ... if inner.is_required() else inner.default
        elif name != "path":
            found[name] = ...
    return found


def test_every_setting_is_in_the_readme_and_no_other() -> None:
    assert set(_settings_of_the_readme()) == set(WANTED)


@pytest.mark.parametrize("key", WANTED)
def test_the_readme_knows_every_default(key: str) -> None:
    written, default = _settings_of_the_readme()[key], _defaults()[key]
    if default is ... or key == "link.secret":
        assert written == "required"
    elif default is None:
        assert written in {
            "none",
            "now",
            "never",
            "unlimited",
            "this machine's name",
            "the address of `from`",
            "half of `grace`",
            "`NAME.ledger`",
        }
    else:
        value = tomllib.loads(f"value = {written.strip('`')}")["value"]
        if isinstance(default, timedelta):
            value = parse_duration(value)
        assert value == (list(default) if isinstance(default, tuple) else default)


def test_the_readme_has_every_status_every_column_and_every_exit_code() -> None:
    for word in [*(status.value for status in Status), *COLUMNS]:
        assert f"`{word}`" in README
    for code in range(4):
        assert f"\n| {code} |" in README


def test_the_two_commands_stand_first() -> None:
    first, second = re.findall(r"^python3 -m venv .*$", README, re.MULTILINE)
    assert first.endswith("campaign send sample_data/campaign.toml --sandbox")
    assert second.endswith("pip install -q -e '.[test]' && .venv/bin/pytest")
