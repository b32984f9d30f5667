"""Folders that a command is told to write to. Raises UsageError for one that won't do."""

import os
from pathlib import Path

from campaign.errors import SettingsError, UsageError
from campaign.settings import STDOUT


def refuse_stdout(folder: Path | None) -> None:
    """Raise UsageError for a folder called -, which stands for standard output elsewhere."""
    if folder == STDOUT:
        raise UsageError("messages go to a folder, not to standard output", where="--folder -", fix="name a folder")


def require_folder(folder: Path) -> None:
    """Raise SettingsError where no results could be written into the folder."""
    if not folder.is_dir():
        raise SettingsError(
            "there is no such folder for the results", where=str(folder), fix="make it, or name another"
        )
    if not os.access(folder, os.W_OK | os.X_OK):
        raise SettingsError(
            "the results can't be written there",
            where=str(folder),
            fix="get the right to write there, or name a file elsewhere with --output",
        )
