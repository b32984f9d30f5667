"""How far a campaign is: what the ledger says, also while a run goes on. Nothing in it changes. Raises LedgerError."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from campaign.evidence import NOTHING_LATER, LaterWords
from campaign.ledger.interface import LedgerReader
from campaign.ledger.location import locate
from campaign.ledger.opening import open_for_reading
from campaign.ledger.values import RunningProcess
from campaign.ledger_place import Place
from campaign.message import MessageIds
from campaign.model import Status
from campaign.run.schedules import schedule_now
from campaign.run_now import RunNow
from campaign.settings import Settings, output_paths


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusNow:
    """A campaign at one moment."""

    campaign: str
    counts: Mapping[Status, int]
    """Rows of the contacts file by status, all statuses present."""
    results: Path
    """Where the results CSV is, or will be."""
    running: int | None
    """The process whose run goes on; None where none does. Which host it is on, and whether it is gone itself and its
    workers are left: `process`.
    """
    being_sent: int
    """Messages of that run without an outcome so far; they are `pending` in the counts."""
    read_whole: bool
    """Whether the contacts file has been read to its end; else there are more rows than the counts have."""
    opened: datetime | None
    """When the campaign's window opened, where its first run decided that; aware."""
    run: RunNow | None = None
    """What that process says of its run; None where it has not said anything for a while."""

    waits: str = ""
    """How things stand with the hours that pending rows go by; empty where there are none."""

    process: RunningProcess | None = None
    """The process that owns the run that goes on."""

    afterwards: LaterWords = NOTHING_LATER
    """What later evidence has shown."""

    @property
    def total(self) -> int:
        """All rows."""
        return sum(self.counts.values())

    @property
    def cautions(self) -> list[str]:
        """What has to be known about the numbers, in words."""
        waits = [f"the window {'is ' if self.waits.startswith('open') else ''}{self.waits}"] if self.waits else []
        if self.running is not None:
            sending = f"; {self.being_sent:,} being sent" if self.being_sent else ""
            return [f"a run is going on, {self.process or f'process {self.running}'}{sending}", *waits]
        if not self.read_whole:
            return [
                "the contacts file had not been read to its end when the run was cut off: there are more rows",
                *waits,
            ]
        return waits


def status_now(settings: Settings, *, output: Path | None = None, sandbox: bool = False) -> StatusNow:
    """Ask the ledger. `output`: where the results were sent to, if not to their usual place; `sandbox`: of the sandbox
    run. Raises LedgerError.
    """
    results, path = find_ledger(settings, output, sandbox=sandbox)
    with open_for_reading(path, settings.name, quick=True) as ledger:
        return status_of(ledger, settings, results, sandbox=sandbox)


def status_of(ledger: LedgerReader, settings: Settings, results: Path, *, sandbox: bool = False) -> StatusNow:
    """Ask a ledger that is open."""
    process = ledger.running_process()
    running = None if process is None else process.pid
    sending = ledger.being_sent() if running is not None else 0  # and not in doubt
    counts = ledger.counts()
    return StatusNow(
        campaign=settings.name,
        counts=counts,
        results=results,
        running=running,
        process=process,
        being_sent=sending,
        read_whole=ledger.read_whole(),
        opened=ledger.opened(),
        run=None if running is None else ledger.run_now(),
        waits=_waits(settings, ledger, sandbox=sandbox) if counts[Status.PENDING] else "",
        afterwards=ledger.later_words(),
    )


def _waits(settings: Settings, ledger: LedgerReader, *, sandbox: bool) -> str:
    window, now = schedule_now(settings, ledger, sandbox=sandbox), datetime.now(UTC)
    if window is None or not (window.restricted or window.zone_column) or window.is_over(now):
        return ""
    return window.describe(now)


def find_ledger(settings: Settings, output: Path | None, *, sandbox: bool) -> tuple[Path, Place]:
    """Where the results and the ledger are."""
    results, ledger, earlier = output_paths(settings, output, sandbox)
    return results, locate(ledger, earlier, settings.name)


def message_ids(settings: Settings, ledger: LedgerReader) -> Callable[[str], str]:
    """What gives a contact's Message-ID, by the domain and the secret that the campaign began with."""
    domain = ledger.message_id_domain() or settings.message.sender_domain
    return MessageIds(settings.name, domain, ledger.message_id_secret())
