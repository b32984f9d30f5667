"""`campaign preview`, and `send --dry-run`: everybody's message in a folder, nothing sent."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from campaign.console import Console
from campaign.ending import show_counts
from campaign.model import Status
from campaign.pipeline.rehearsal import preview
from campaign.settings import load_settings


def preview_campaign(
    campaign: Path,
    *,
    to: Path | None,
    limit: int | None,
    overrides: Mapping[str, object] = MappingProxyType({}),
) -> int:
    """Write everybody's message. Gives 1 where rows can't be mailed as they stand. Raises UsageError."""
    settings = load_settings(campaign, overrides=overrides)
    folder = to or settings.folder / f"{settings.name}-preview"
    console = Console(title=settings.name)
    seen = preview(settings, folder, limit=limit, reading=console.reading)
    ready = seen.counts[Status.PENDING]
    messages = "message" if ready == 1 else "messages"
    console.say(f"{settings.name}: {ready:,} {messages} written, none sent; the links in them sign nobody in")
    show_counts({status: seen.counts[status] for status in Status if status is not Status.PENDING}, console.say)
    for fault in seen.faults:
        console.say(f"  row {fault.row.contact.number}: {fault.detail}")
    console.say(f"look at: {folder / 'index.html'}")
    return int(seen.counts[Status.INVALID] > 0)
