"""Folders that a command is told to write to. Raises UsageError for one that won't do."""

from pathlib import Path

from campaign.errors import UsageError
from campaign.settings import STDOUT


def refuse_stdout(folder: Path | None) -> None:
    """Raise UsageError for a folder called -, which stands for standard output elsewhere."""
    if folder == STDOUT:
        raise UsageError("messages go to a folder, not to standard output", where="--folder -", fix="name a folder")
