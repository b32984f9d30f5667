"""Whoever mistypes a word, or calls a thing as others do, is told what was meant."""

import pytest

from campaign.cli import app
from campaign.terminal.suggestions import SYNONYMS, command_meant, nearest


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("sned", "campaign send"),
        ("Reprot", "campaign report"),
        ("retry", "campaign resend"),
        ("HELP", "campaign guide"),
        ("gdpr", "campaign erase"),
        ("inspect", "campaign link inspect"),
        ("xyzzy", ""),
        ("s" * 100_000, ""),
    ],
)
def test_commands(word: str, meant: str) -> None:
    names = [command.name or str(getattr(command.callback, "__name__", "")) for command in app.registered_commands]
    assert command_meant(word, "campaign", [name.rstrip("_") for name in names]) == meant


def test_what_is_not_near_is_not_named() -> None:
    assert nearest("in-doubt", ["rejected", "in_doubt"]) == "in_doubt"
    assert nearest("everything", ["rejected", "in_doubt"]) == ""


def test_no_other_word_is_a_command_itself() -> None:
    assert not {*SYNONYMS} & {"init", "preview", "check", "send", "status", "resend", "results", "report", "erase"}
