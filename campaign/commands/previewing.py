"""`campaign preview`, and `send --dry-run`: everybody's message in a folder, nothing sent."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from campaign.commands.documents import preview_document
from campaign.console import Console
from campaign.ending import show_counts
from campaign.errors import UsageError
from campaign.model import Status
from campaign.pipeline.rehearsal import preview
from campaign.settings import STDOUT, load_settings
from campaign.stdout import say_json


def refuse_stdout(folder: Path | None) -> None:
    """Raise UsageError for a folder called -, which stands for standard output elsewhere."""
    if folder == STDOUT:
        raise UsageError("messages go to a folder, not to standard output", where="--folder -", fix="name a folder")


def preview_campaign(
    campaign: Path,
    *,
    folder: Path | None,
    limit: int | None,
    overrides: Mapping[str, object] = MappingProxyType({}),
    json: bool = False,
) -> int:
    """Write everybody's message. Gives 1 where rows can't be mailed as they stand. Raises UsageError."""
    refuse_stdout(folder)
    settings = load_settings(campaign, overrides=overrides)
    folder = folder or settings.folder / f"{settings.name}-preview"
    console = Console(title=settings.name)
    seen = preview(settings, folder, limit=limit, reading=console.reading)
    ready = seen.counts[Status.PENDING]
    console.say(f"{settings.name}: {ready:,} messages written, none sent; their links sign nobody in")
    show_counts({status: seen.counts[status] for status in Status if status is not Status.PENDING}, console.say)
    for fault in seen.faults:
        console.say(f"  row {fault.row.contact.number}: {fault.detail}")
    console.say(f"look at: {folder / 'index.html'}")
    code = int(seen.counts[Status.INVALID] > 0)
    if json:
        say_json(preview_document(settings.name, seen.counts, folder, code))
    return code
