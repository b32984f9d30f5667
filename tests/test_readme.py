"""README and the guide say what the program does: commands, options, settings, statuses and exit codes are held against
it. README is a tour, and leads to every page of the guide.
"""

import re
import shlex
import tomllib
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, get_args

import pytest
import typer.main
from pydantic import BaseModel

import campaign
from campaign.cli import app
from campaign.commands.guide import SUBJECTS, page
from campaign.durations import parse_duration
from campaign.model import Status
from campaign.results import COLUMNS
from campaign.settings import SETTING_HELP, Settings

ROOT = Path(campaign.__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")
PAGES = {path.stem: path for path in sorted((ROOT / "campaign" / "guide").iterdir())}
TEXTS = {"README": ROOT / "README.md", **PAGES}
COMMANDS: dict[str, Any] = {}


def _collect(prefix: str, group: Any) -> None:
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            _collect(f"{prefix} {name}", command)
        else:
            COMMANDS[f"{prefix} {name}"] = command


_collect("campaign", typer.main.get_command(app))


def _options(command: Any) -> list[str]:
    every = [option for one in command.params for option in (*one.opts, *one.secondary_opts)]
    return [option for option in every if option.startswith("-") and option != "--help"]


OPTIONS = [(name, option) for name, command in COMMANDS.items() for option in _options(command)]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_in_the_guide_and_has_help(name: str) -> None:
    assert f"\n| `{name}" in page("commands")
    assert COMMANDS[name].help


@pytest.mark.parametrize("name", COMMANDS)
def test_every_argument_and_option_has_help(name: str) -> None:
    for parameter in COMMANDS[name].params:
        if "--help" not in parameter.opts:
            assert parameter.help, f"{name}: {parameter.name} lacks help"


@pytest.mark.parametrize(("name", "option"), OPTIONS)
def test_every_option_is_in_the_guide_where_its_command_is(name: str, option: str) -> None:
    text = page("commands")
    row = next(line for line in text.splitlines() if line.startswith(f"| `{name}"))
    shared = text[text.index("`send` and `resend` take:") :]
    assert f"`{option}" in row or (name in ("campaign send", "campaign resend") and f"`{option}" in shared)


def _commands_written(text: str) -> Iterator[str]:
    """Every command of ours in a Markdown text: in a line of a shell, or between backticks."""
    for block in re.findall(r"^```sh\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
        yield from (line.partition("  #")[0] for line in block.splitlines() if line.startswith("campaign "))
    yield from (span for span in re.findall(r"`(campaign [^`]+)`", re.sub(r"(?s)^```.*?^```", "", text)))


def _misspelt(line: str) -> str | None:
    """Say what of a command is none of the program's: the command itself, or an option."""
    words = shlex.split(line)
    name = next((name for name in COMMANDS if words[: len(name.split())] == name.split()), None)
    if name is None:
        return None if words[1:] in (["--help"], ["link"], ["--install-completion"]) else " ".join(words[:2])
    known = [*_options(COMMANDS[name]), "--help"]
    return next((word for word in words if word.startswith("-") and word != "-" and word not in known), None)


@pytest.mark.parametrize("name", TEXTS)
def test_every_command_that_is_written_down_can_be_typed(name: str) -> None:
    for line in _commands_written(TEXTS[name].read_text("utf-8")):
        assert _misspelt(line) is None, f"{name}: {line}"


def test_a_command_that_cannot_be_typed_is_noticed() -> None:
    text = "`campaign sent`\n\n```sh\ncampaign send --limits 3   # three\n```\n"
    assert [_misspelt(line) for line in _commands_written(text)] == ["--limits", "campaign sent"]


def test_the_tour_has_commands() -> None:
    assert len(list(_commands_written(README))) > 10


def _settings_of_the_guide() -> dict[str, str]:
    """Setting by dotted name → its default, as the guide has it."""
    found, section = {}, ""
    for line in page("settings").splitlines():
        if line.startswith("## "):
            section = line.removeprefix("## ").strip("[]") + "."
        elif match := re.match(r"\| `(\w+)` \| ([^|]*) \|", line):
            found[section + match[1]] = match[2]
    return found


def _defaults() -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, field in Settings.model_fields.items():
        # A section; or one that there may be several of, as a tuple of it.
        kinds = [kind for kind in (field.annotation, *get_args(field.annotation)) if isinstance(kind, type)]
        section = next((kind for kind in kinds if issubclass(kind, BaseModel)), None)
        if section is not None:
            for key, inner in section.model_fields.items():
                found[f"{field.alias or name}.{inner.alias or key}"] = ... if inner.is_required() else inner.default
        elif name != "path":
            found[name] = ...
    return found


def test_every_setting_is_in_the_guide_and_no_other() -> None:
    assert set(_settings_of_the_guide()) == set(SETTING_HELP)


@pytest.mark.parametrize("key", SETTING_HELP)
def test_the_guide_knows_every_default(key: str) -> None:
    written, default = _settings_of_the_guide()[key], _defaults()[key]
    if default is ... or key == "link.secret":
        assert written == "required"
    elif default in (None, ""):
        assert written in {
            "none",
            "now",
            "never",
            "unlimited",
            "its host",
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


@pytest.mark.parametrize("name", TEXTS)
def test_every_setting_that_is_named_exists(name: str) -> None:
    sections = {key.partition(".")[0] for key in SETTING_HELP if "." in key}
    others = {"link.url", "link.expires_at", "contacts.csv"}  # names in templates, and a file
    for section, key in re.findall(r"`([a-z]+)\.(\w+)(?![\w.-])", TEXTS[name].read_text("utf-8")):
        if section in sections:
            assert f"{section}.{key}" in {*SETTING_HELP, *others}, f"{name}: {section}.{key}"


def test_the_guide_has_every_status_every_column_and_every_exit_code() -> None:
    text = page("statuses")
    for word in [*(status.value for status in Status), *COLUMNS]:
        assert f"`{word}`" in text
    for code in range(4):
        assert f"\n| {code} |" in text


def test_the_two_commands_stand_first() -> None:
    first, second = re.findall(r"^python3 -m venv .*$", README, re.MULTILINE)
    assert first.endswith("campaign send sample_data/campaign.toml --sandbox")
    assert second.endswith("pip install -q -e '.[test]' && .venv/bin/pytest")


def test_readme_is_a_tour() -> None:
    assert len(README.splitlines()) < 120


def test_readme_has_the_speed_of_the_page_about_it() -> None:
    rows = [re.split(r" *\| *", line) for line in page("speed").splitlines() if line.startswith("| ")]
    (ours,) = [row for row in rows if row[1] == "**campaign**"]
    (standard,) = [row for row in rows if row[1].startswith("`smtplib`")]
    median = int(re.sub(r"\D", "", ours[3].partition("(")[0]))
    assert f"\n{round(median, -2):,} messages a second" in README
    assert f"{standard[4]} times `smtplib`" in README


@pytest.mark.parametrize("subject", PAGES)
def test_every_page_says_what_it_is_for_and_readme_leads_to_it_by_the_same_words(subject: str) -> None:
    title, blank, purpose, after = page(subject).split("\n")[:4]
    assert title.startswith("# ")
    assert (blank, after) == ("", "")
    assert purpose.endswith(".")
    assert re.search(r"\S\n\Z", page(subject)), "a prompt stands on a line of its own behind it"
    assert len(purpose.replace("`", "")) < 66, "the list of subjects fits into 80 columns"
    assert f"\n| [{subject}](campaign/guide/{subject}.md) | {purpose} |\n" in README


def test_the_command_shows_every_page_there_is() -> None:
    assert sorted(SUBJECTS) == sorted(PAGES)
    assert {path.suffix for path in PAGES.values()} == {".md"}


@pytest.mark.parametrize("name", TEXTS)
def test_every_link_to_a_file_leads_somewhere(name: str) -> None:
    path = TEXTS[name]
    text = path.read_text("utf-8")
    for target in re.findall(r"\]\((?!https?:)([^)\s]+)\)", text):
        file, _, heading = target.partition("#")
        assert (path.parent / file).is_file(), f"{name}: {target}"
        assert not heading, f"{name}: {target}: a link to a heading, which no test holds yet"
    for label, _ in re.findall(r"\[(\w+)\]\((\w+)\.md\)", text):
        assert label in PAGES, f"{name}: pages are called as their subjects are: {label}"


def test_every_file_that_the_page_of_the_house_names_exists() -> None:
    named = sorted(set(re.findall(r"(?:campaign|tests|\.ci)/[\w/]*\w(?:\.py|/)?", page("house"))))
    assert len(named) > 50
    assert [path for path in named if not (ROOT / path).exists()] == []


def test_the_picture_of_the_house_has_every_room_and_no_other() -> None:
    picture = page("house").split("```")[1]
    drawn = set(re.findall(r"(?<![\w/])(\w+(?:/|\.py))(?!\w)", picture))
    there = {path.name for path in (ROOT / "campaign").glob("*.py")} - {"__init__.py"}
    there |= {f"{path.name}/" for path in (ROOT / "campaign").iterdir() if list(path.glob("*.*"))} - {"__pycache__/"}
    assert drawn == there
