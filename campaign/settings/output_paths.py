"""Where a campaign keeps what it writes: one ledger for its name, wherever the results go: a file, or its own part of a
database. A sandbox run has a file in any case.

Takes settings and options; gives absolute paths, links resolved, so that one campaign reached by two ways is one.
Raises `SettingsError` where something that the campaign reads would be overwritten.
"""

from pathlib import Path
from typing import NamedTuple

from campaign.errors import SettingsError
from campaign.ledger_place import DatabasePlace, Place
from campaign.private_files import resolved
from campaign.settings.settings import Settings

STDOUT = Path("-")
"""What stands for standard output, in commands that can print what they make."""


class OutputPaths(NamedTuple):
    """Absolute paths, and perhaps a place in a database."""

    results: Path
    ledger: Place
    earlier: tuple[Path, ...]
    """Where the ledger may still be: at its usual place, before `[ledger] path` or `url` was set, or where versions
    before this one kept it: beside the results, by their name.
    """


def output_paths(settings: Settings, output: Path | None, sandbox: bool) -> OutputPaths:
    """Say where the results CSV and the ledger lie. `output`, relative to the working directory, moves the results
    alone. A sandbox run's ledger is never that of a real one. Raises `SettingsError`, `ResultsError`.
    """
    name = f"{settings.name}-sandbox" if sandbox else settings.name
    earlier = [settings.folder / f"{name}.ledger", settings.folder / f"{name}-results.ledger"]
    if output is None:
        results = settings.folder / f"{name}-results.csv"
    else:
        results = _chosen(output)
        stem = results.stem if results.suffix.lower() == ".csv" else results.name
        earlier.append(results.with_name(f"{stem}-sandbox.ledger" if sandbox else f"{stem}.ledger"))
    ledger = _ledger(settings, sandbox)
    for read in (settings.path, settings.contacts.file, *settings.contacts.suppress):
        if _same_file(results, read):
            fix = "name another output file, or another contacts file"
            raise SettingsError(f"the results would overwrite {read}", where=str(results), fix=fix)
        if isinstance(ledger, Path) and _same_file(ledger, read):
            fix = "keep the ledger elsewhere: set ledger.path, or change it"
            raise SettingsError(f"the ledger would overwrite {read}", where=str(ledger), fix=fix)
    if isinstance(ledger, DatabasePlace):
        return OutputPaths(results, ledger, tuple(dict.fromkeys(earlier)))
    if _same_file(results, ledger):
        raise SettingsError("the results would overwrite the ledger", where=str(results), fix="name another file")
    return OutputPaths(results, ledger, tuple(dict.fromkeys(path for path in earlier if not _same_file(path, ledger))))


def _ledger(settings: Settings, sandbox: bool) -> Place:
    given = settings.ledger
    if given.url is not None and not sandbox:
        password = None if given.password is None else given.password.get_secret_value()
        return DatabasePlace(url=given.url, campaign=settings.name, password=password)
    ledger = given.path or settings.folder / f"{settings.name}.ledger"
    if sandbox:
        ledger = ledger.with_name(f"{ledger.stem}-sandbox{ledger.suffix}")
    return resolved(ledger)  # SQLite seeks the -wal file beside what a link leads to


def _chosen(output: Path) -> Path:
    results, option = output.absolute(), "the option for the output"
    if output == STDOUT:
        fix = "name a file; `campaign results --output -` prints the results"
        raise SettingsError("the results of a run and its ledger must go to a file, not to -", where=option, fix=fix)
    if not results.name or _is_folder(results):
        raise SettingsError(f"{output} is a folder", where=option, fix="name a file in it: results.csv")
    if results.suffix.lower() == ".ledger":
        raise SettingsError(f"{output} is a ledger's name", where=option, fix="name a CSV: results.csv")
    return results


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:
        return False  # whoever opens it will say what is the matter


def _same_file(one: Path, other: Path) -> bool:
    if one == other:
        return True
    try:
        return one.samefile(other)
    except (OSError, ValueError):
        return False
