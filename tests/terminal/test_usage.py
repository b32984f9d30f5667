"""Wrong usage: an option that would do nothing is refused, and whoever names a wrong one is told where it belongs."""

from pathlib import Path
from typing import Any

import pytest
import typer.main
from typer.testing import CliRunner

from campaign.cli import app
from tests.campaigns import SECRET, SmallCampaign
from tests.conftest import StartServer

VALUES = {
    "--output": "x.csv", "--limit": "1", "--opens": "2026-11-23T09:00", "--closes": "2099-11-23T09:00",
    "--lasts": "8h", "--host": "localhost", "--port": "25", "--connections": "2", "--rate": "3", "--processes": "1",
    "--folder": "folder", "--from": "x.csv", "--include": "rejected", "--to": "x.html", "--campaign": "campaign.toml",
    "--nameserver": "127.0.0.1", "--log-format": "text", "--metrics": "x.prom", "--every": "2s",
    "--suppress": "stop.csv", "--test-to": "me@acme.example", "--rows": "1-3", "--cluster": "local", "--workers": "2",
}  # fmt: skip
FLAGS = {
    "--wait", "--no-wait", "--sandbox", "--dry-run", "--yes", "--profile", "--json", "--offline",
    "--spam", "--strict", "--watch", "--log-addresses",
    "--fresh", "--allow-empty", "--live-links",
}  # fmt: skip

# What each option does in a dry run, and in the sandbox: nothing, where it stands here.
NOTHING_IN_A_DRY_RUN = {
    "--output", "--wait", "--no-wait", "--sandbox", "--host", "--port", "--connections", "--rate", "--processes",
    "--profile", "--fresh", "--log-format", "--log-addresses", "--metrics", "--test-to", "--rows", "--live-links",
    "--cluster", "--workers",
}  # fmt: skip
NOTHING_IN_THE_SANDBOX = {
    "--host", "--port", "--dry-run", "--folder", "--log-addresses", "--rows", "--live-links", "--cluster", "--workers",
}  # fmt: skip
NOTHING_BY_ITSELF = {
    "send": {"--folder", "--fresh", "--log-addresses", "--rows", "--live-links", "--workers"},
    "resend": {"--log-addresses", "--workers"},
    "status": {"--every"},
}
"""They go with --dry-run, --sandbox, --test-to, --log-format, --cluster and --watch."""
NOTHING_IN_A_TEST = {
    "--output", "--fresh", "--dry-run", "--folder", "--limit", "--allow-empty", "--wait", "--no-wait", "--connections",
    "--rate", "--processes", "--profile", "--log-format", "--log-addresses", "--metrics", "--cluster", "--workers",
}  # fmt: skip


def options_of(name: str) -> list[str]:
    commands: Any = typer.main.get_command(app)
    found = commands.commands[name].params
    every = [option for one in found for option in (*one.opts, *one.secondary_opts)]
    return [option for option in every if option.startswith("--") and option != "--help"]


def call(*words: object) -> tuple[int, str]:
    result = CliRunner().invoke(app, [str(word) for word in words])
    assert "Traceback" not in result.stdout + result.stderr
    return result.exit_code, result.stderr


def with_value(option: str) -> list[str]:
    assert option in FLAGS or option in VALUES, f"say in this table what {option} takes, and where it does nothing"
    return [option] if option in FLAGS else [option, VALUES[option]]


def is_refused(*words: str) -> bool:
    """Whether it is the combination that is refused: the campaign itself, which is not there, comes later."""
    code, said = call(*words[:1], "nowhere.toml", *words[1:])
    assert code == 2, said
    assert "  where: " in said and "  to do: " in said
    refused = "does nothing" in said
    assert refused or "there is no such settings file" in said, said
    return refused


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("option", options_of("send"))
def test_what_does_nothing_in_a_dry_run_is_refused_there(option: str) -> None:
    assert is_refused("send", "--dry-run", *with_value(option)) is (option in NOTHING_IN_A_DRY_RUN)
    assert is_refused("send", *with_value(option), "--dry-run") is (option in NOTHING_IN_A_DRY_RUN)


@pytest.mark.parametrize("command", ["send", "resend"])
def test_what_does_nothing_in_the_sandbox_is_refused_there(command: str) -> None:
    for option in options_of(command):
        assert is_refused(command, "--sandbox", *with_value(option)) is (option in NOTHING_IN_THE_SANDBOX), option


@pytest.mark.parametrize("option", options_of("send"))
def test_what_does_nothing_for_a_test_message_is_refused_there(option: str) -> None:
    assert is_refused("send", "--test-to", "me@acme.example", *with_value(option)) is (option in NOTHING_IN_A_TEST)


@pytest.mark.parametrize("command", ["send", "resend"])
def test_whoever_has_a_cluster_send_has_no_processes_of_their_own(command: str) -> None:
    assert is_refused(command, "--cluster", "local", "--workers", "2", "--processes", "2")


@pytest.mark.parametrize("command", ["send", "resend"])
@pytest.mark.parametrize("both", [("--wait", "--no-wait"), ("--no-wait", "--wait")])
def test_an_option_and_its_opposite_are_refused(command: str, both: tuple[str, str]) -> None:
    code, said = call(command, *both)
    assert code == 2
    assert said == (
        "error: --wait and --no-wait are opposites: only one of them would do anything\n"
        f"  where: campaign {command} --wait --no-wait\n"
        "  to do: take one of them out\n"
    )
    assert "opposites" not in call(command, both[0], "--", both[1])[1], "what stands after -- is no option"


@pytest.mark.parametrize("command", ["check", "preview", "send", "resend", "status", "results", "report"])
def test_every_option_does_something_by_itself(command: str) -> None:
    for option in options_of(command):
        alone = option in NOTHING_BY_ITSELF.get(command, ())
        assert is_refused(command, *with_value(option)) is alone, option


@pytest.mark.parametrize(
    "words",
    [
        ("send", "--to", "me@acme.example"),
        ("send", "--sandbox", "--to", "me@acme.example"),
        ("send", "--to=me@acme.example", "--yes"),
        ("send", "--folder", "me@acme.example", "--yes"),
        ("send", "--sandbox", "--folder", "elsewhere"),
        ("send", "--dry-run", "--sandbox"),
        ("resend", "--to", "me@acme.example"),
        ("send", "--test", "me@acme.example"),
    ],
    ids=" ".join,
)
def test_nobody_is_mailed_by_a_command_that_means_something_else(
    tmp_path: Path, smtp_server: StartServer, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    monkeypatch.setenv("CAMPAIGN_LINK__SECRET", SECRET)
    small = SmallCampaign(tmp_path / "small").people(3)
    server = smtp_server()
    small.load(server.port)
    code, said = call(words[0], small.path, *words[1:])
    assert code == 2
    assert said.startswith("error: ")
    assert server.accepted == []
    assert not small.ledger.exists()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("send", "--to", "x"), "--folder (for send, with --dry-run). Whom mail goes to stands in the contacts file"),
        (("preview", "--to", "x"), "--folder"),
        (("sandbox", "--to", "x"), "--folder"),
        (("send", "--offline"), "it is an option of campaign check"),
        (("status", "--limit", "3"), "it is an option of campaign preview, campaign send, campaign resend"),
        (("send", "--from", "x.csv"), "it is an option of campaign resend"),
        (("check", "--campaign", "x"), "it is an option of campaign work, campaign link inspect"),
        (("send", "--lmit", "3"), "did you mean --limit?"),
        (("report", "--frobnicate"), "see campaign report --help"),
        (("send", "--rate"), "see campaign send --help"),
        (("link", "mint", "--lasts"), "see campaign link mint --help"),
        (("preview", "--json=yes"), "see campaign preview --help"),
        (("preview", "--folder", "-"), "name a folder"),
        (("sandbox", "--folder", "-"), "name a folder"),
        (("send", "a.toml", "b.toml"), "see campaign send --help"),
        (("frobnicate",), "see campaign --help"),
        (("sned",), "did you mean campaign send? Or see campaign --help"),
        (("resume",), "did you mean campaign send?"),
        (("link", "insepct"), "did you mean campaign link inspect?"),
        (("resend", "--include", "rejcted"), "did you mean rejected?"),
        (("link", "frobnicate"), "see campaign link --help"),
    ],
    ids=str,
)
def test_whoever_is_wrong_is_told_what_would_be_right(words: tuple[str, ...], told: str) -> None:
    code, said = call(*words)
    assert code == 2
    first, where, fix = said.splitlines()
    assert first.startswith("error: ") and where.startswith("  where: campaign" if "-" not in words else "  where: -")
    assert told in fix


@pytest.mark.parametrize("command", [(), ("send",), ("check",), ("link",), ("link", "inspect"), ("sandbox",)], ids=str)
def test_h_is_help(command: tuple[str, ...]) -> None:
    short, long = CliRunner().invoke(app, [*command, "-h"]), CliRunner().invoke(app, [*command, "--help"])
    assert short.exit_code == 0
    assert short.stdout == long.stdout
    assert "Usage: " in short.stdout
