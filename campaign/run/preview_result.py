"""What a preview has written, for whoever asked for it: frozen values."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from campaign.model import Status
from campaign.run.dry_run_findings import DryRun
from campaign.run.loading_notes import in_words
from campaign.run.message_sizes import Sizes


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewResult:
    """Everybody's message, in a folder."""

    campaign: str
    folder: Path
    counts: Mapping[Status, int]
    """Rows of the contacts file by status; `pending` are those with a message."""
    sizes: Sizes
    faults: tuple[str, ...]
    """Why rows can't be mailed, a line each: the first ones, and how many more there are."""
    suppression: tuple[str, ...]
    """What the suppression lists held, a line each."""
    clipped: str
    """What Gmail would do to messages with much HTML; "" where there are none."""
    declined: bool = False
    """Somebody said no to so many messages, and nothing was written."""

    @property
    def index(self) -> Path:
        """The page to open."""
        return self.folder / "index.html"

    @property
    def exit_code(self) -> int:
        """1 where rows can't be mailed as they stand; 3 where somebody said no."""
        return 3 if self.declined else int(self.counts[Status.INVALID] > 0)


def preview_result(campaign: str, folder: Path, seen: DryRun) -> PreviewResult:
    """Say what a dry run has shown."""
    return PreviewResult(
        campaign=campaign,
        folder=folder,
        counts={status: seen.counts[status] for status in Status},
        sizes=seen.sizes.told,
        faults=tuple(seen.fault_lines()),
        suppression=tuple(in_words(report) for report in seen.lists),
        clipped=seen.sizes.clipped_words(),
        declined=seen.declined,
    )
