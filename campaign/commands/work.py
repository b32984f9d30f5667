"""`campaign work`: one more worker for a run that goes on elsewhere, as plain lines on stderr.

Gives 0 where it ended in order, with the run or by a signal; 3 where it stopped before, or no run began. Raises
SettingsError where it is not said whose run to join, and whatever of it does not fit this machine.
"""

from pathlib import Path

from campaign.durations import parse_duration
from campaign.errors import SettingsError, UsageError
from campaign.ledger_place import DatabasePlace
from campaign.run.work import WorkOrder, work
from campaign.settings import joined_ledger, load_settings, output_paths
from campaign.terminal.stderr import say_aside
from campaign.terminal.work_lines import WorkLines, last_words

_TOML = Path("campaign.toml")


def work_for_campaign(
    path: Path | None, *, ledger: str | None, campaign: str | None, name: str, wait: str, files: Path | None
) -> int:
    """Work for it, and say how it ended. Gives the exit code."""
    try:
        seconds = parse_duration(wait).total_seconds()
    except UsageError as error:
        raise UsageError(error.what, where="--wait", fix=error.fix) from None
    if not name.isprintable() or len(name) > 100:
        raise UsageError("a worker's name is a short word on one line", where="--name", fix="write it like web-1")
    if files is not None and not files.is_dir():
        raise UsageError("there is no such folder", where=f"--files {files}", fix="check the path")
    place = _place(path, ledger, campaign)
    ended = work(
        place,
        WorkOrder(name=name, wait=seconds, files=None if files is None else files.absolute()),
        WorkLines(place, say_aside),
    )
    for words in last_words(ended, place):
        say_aside(words)
    return ended.exit_code


def _place(path: Path | None, ledger: str | None, campaign: str | None) -> DatabasePlace:
    if path is not None and (ledger is not None or campaign is not None):
        raise UsageError(
            "the run is named twice: by a campaign.toml, and by options",
            where=f"{path}, {'--ledger' if ledger is not None else '--campaign'}",
            fix="leave one of the two out",
        )
    named = ledger is not None or campaign is not None
    if path is None and (named or not _TOML.exists()):  # what the environment has, campaign.toml's settings know, too
        place = joined_ledger(ledger, campaign)
        if place is None:
            raise SettingsError(
                "it is not said whose run to work for",
                where="CAMPAIGN_LEDGER__URL, CAMPAIGN_NAME",
                fix="set both, or give --ledger URL and --campaign NAME, or name a campaign.toml",
            )
        return place
    settings = load_settings(path or _TOML)
    found = output_paths(settings, None, False).ledger
    if not isinstance(found, DatabasePlace):
        raise SettingsError(
            "its ledger is a file on one machine, which nobody elsewhere can work by",
            where=f"{settings.path}, ledger.path",
            fix="set ledger.url to a PostgreSQL database that all machines reach: campaign guide machines",
        )
    return found
