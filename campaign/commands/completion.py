"""What a shell may offer for a value on the command line: files by their ending, folders, subjects, lengths of time.

Each function takes what was typed so far and gives what it may become. A folder comes with the files in it, so that the
shell does not take the folder's name for the whole word. Raises nothing. Imports little: `campaign --help` reads it.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

Complete = Callable[[str], list[str]]
"""From the beginning of a word to the words that it may be."""


def files(*endings: str) -> Complete:
    """Give what completes the names of files with one of these endings."""

    def complete(incomplete: str) -> list[str]:
        found = []
        for name, is_folder in _listed(incomplete):
            if not is_folder:
                found += [name] if name.endswith(endings) else []
                continue
            inside = [inner for inner, _ in _listed(f"{name}/") if inner.endswith(endings)]
            found += inside or [f"{name}/"]
        return found

    return complete


def folders(incomplete: str) -> list[str]:
    """Give the folders."""
    return [name for name, is_folder in _listed(incomplete) if is_folder]


def lengths(*examples: str) -> Complete:
    """Give what completes a length of time, by example."""

    def complete(incomplete: str) -> list[str]:
        return [one for one in examples if one.startswith(incomplete)]

    return complete


def subjects(incomplete: str) -> list[str]:
    """Give the pages of the guide, and other words for them once somebody has begun one."""
    from campaign.commands.guide import ALIASES, SUBJECTS

    words = [*SUBJECTS, *(ALIASES if incomplete else ())]
    return [word for word in words if word.startswith(incomplete.lower())]


def _listed(incomplete: str) -> Iterator[tuple[str, bool]]:
    """The paths that begin so, and whether each is a folder; hidden ones only where that was typed."""
    folder, slash, beginning = incomplete.rpartition("/")
    try:
        listed = sorted((path.name, path.is_dir()) for path in Path(f"{folder}{slash}" or ".").expanduser().iterdir())
    except (OSError, ValueError, RuntimeError):  # the last: no such user, or no home
        return
    for name, is_folder in listed:
        if name.startswith(beginning) and (beginning.startswith(".") or not name.startswith(".")):
            yield f"{folder}{slash}{name}", is_folder
