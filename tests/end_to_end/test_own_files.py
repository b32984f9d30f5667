"""What a campaign's commands leave in its folder is among the files that no message may carry."""

import os
from pathlib import Path

from campaign.settings import load_settings, own_files
from tests.campaigns import SmallCampaign
from tests.command_line import Command
from tests.conftest import StartServer


def contents(folder: Path) -> set[Path]:
    """All files and folders in it, the hidden ones apart, which are refused anyway."""
    return {path for path in folder.iterdir() if not path.name.startswith(".")}


def test_whatever_commands_leave_is_the_campaigns_own(
    command: Command, small: SmallCampaign, smtp_server: StartServer
) -> None:
    small.load(smtp_server().port)
    before = contents(small.folder)
    for words in (("preview",), ("send", "--sandbox"), ("send", "--yes"), ("results",), ("results", "--sandbox")):
        assert command(words[0], small.path, *words[1:]).code in (0, 1), words
    for words in (("report",), ("report", "--sandbox"), ("check", "--offline")):
        assert command(words[0], small.path, *words[1:]).code == 0, words
    left = contents(small.folder) - before
    names = {path.name.removeprefix("small") for path in left}
    assert {".ledger", "-results.csv", "-report.html", "-preview", "-sandbox", "-sandbox.ledger"} <= names
    own = {os.path.realpath(path) for path in own_files(load_settings(small.path))}
    assert {path.name for path in left if os.path.realpath(path) not in own} == set()
