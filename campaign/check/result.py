"""What a check has found: frozen values, for whoever asked for it."""

from collections.abc import Mapping
from dataclasses import dataclass

from campaign.deliverability import Finding, Severity
from campaign.model import Status
from campaign.run.message_sizes import Sizes
from campaign.run.run_forecast import RunForecast


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """What is known before the first message."""

    campaign: str
    findings: tuple[Finding, ...]
    """In the order in which they were found."""
    counts: Mapping[Status, int]
    """Rows of the contacts file by status, as a run would find them; `pending` are those with a message."""
    sizes: Sizes
    left: int | None = None
    """Contacts whom earlier runs have left to mail; None where there was no earlier run."""
    forecast: RunForecast | None = None
    """When a run that is begun now would end; None where nothing can be said of that."""

    @property
    def ready(self) -> bool:
        """Whether nothing is wrong that would keep a run from beginning."""
        return not self.wrong

    @property
    def clean(self) -> bool:
        """Whether, besides, every row can be mailed, and nothing is worth a look."""
        return self.ready and not (self.notes or self.counts[Status.INVALID])

    @property
    def wrong(self) -> int:
        """How many things are wrong."""
        return sum(one.severity is Severity.WRONG for one in self.findings)

    @property
    def notes(self) -> int:
        """How many things are worth a look."""
        return sum(one.severity is Severity.NOTE for one in self.findings)
