"""What a run tells while it goes on, and whom: `Progress` and notices, to a `RunObserver`."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from campaign.model import ResultRow
from campaign.window import SendWindow
from campaign.worker.job import Notice, ServerReport, WorkerReport

_TOLD_EVERY = 20_000
"""Rows of the results."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a run is."""

    total: int
    """Contacts this run set out to mail."""
    settled: dict[str, int]
    deferred: int
    connections: int
    rate: float | None
    """Messages a second that the server's throttling leaves; None: no limit."""
    seconds: float
    under_way: int = 0
    """Messages that are being sent: no reply to them has come yet."""
    stopping: bool = False
    """Whether no more are begun."""
    opens: tuple[int, str] | None = None
    """Where all that is left waits for its hours: when the first goes on, in Unix seconds and in words."""


def progress_of(reports: Sequence[WorkerReport], *, total: int, seconds: float, stopping: bool) -> Progress:
    """Put the workers' latest reports together."""
    settled: Counter[str] = Counter()
    for report in reports:
        settled.update(report.settled)
    rates = [report.rate for report in reports if report.rate is not None]
    return Progress(
        total=total,
        settled=dict(settled),
        deferred=sum(report.deferred for report in reports),
        connections=sum(report.connections for report in reports),
        rate=sum(rates) if rates else None,
        seconds=seconds,
        under_way=sum(report.under_way for report in reports),
        stopping=stopping,
        opens=_opens(reports),
    )


def _opens(reports: Sequence[WorkerReport]) -> tuple[int, str] | None:
    """When rows go on, where no worker has one that may go now."""
    at_work = [report.opens for report in reports if not report.last]
    known = [opens for opens in at_work if opens is not None]
    return min(known) if known and len(known) == len(at_work) else None


def in_words(notice: Notice, reports: Sequence[WorkerReport]) -> str:
    """Say a worker's notice with the number that the workers' reports make together."""
    match notice.ends_with:
        case "connections":
            connections = sum(report.limit for report in _of(notice.server, reports))
            return f"{notice.words} {connections} {'connection' if connections == 1 else 'connections'}"
        case "rate":
            rates = [report.rate for report in _of(notice.server, reports) if report.rate is not None]
            return f"{notice.words} {sum(rates):.1f} messages a second"
    return notice.words


def _of(server: str, reports: Sequence[WorkerReport]) -> Sequence[WorkerReport | ServerReport]:
    """The workers' reports, or what they report of one server."""
    return [report.servers[server] for report in reports if server in report.servers] if server else reports


class RunObserver(Protocol):
    """Whoever shows a run to a person."""

    def reading(self, rows: int) -> None:
        """Hear how many rows of the contacts file have been read."""

    @property
    def asks(self) -> bool:
        """Whether somebody will be asked before mail goes out, and wants to know to how many."""

    @property
    def can_confirm(self) -> bool:
        """Whether somebody has said yes beforehand, or can be asked."""

    def confirm(self, total: int | None, window: SendWindow) -> bool:
        """Say whether to go ahead and mail so many contacts (None: the file is still being read, nobody is asked)."""

    def waiting(self, window: SendWindow, seconds: float) -> None:
        """Hear how many seconds it is until the window opens."""

    def sending(self, progress: Progress) -> None:
        """Hear how far it is."""

    def writing(self, rows: int, total: int) -> None:
        """Hear how many rows of the results have been written."""

    def notice(self, words: str) -> None:
        """Hear what an operator would want to know."""


def reported(rows: Iterable[ResultRow], observer: RunObserver, total: int, *, aloud: bool) -> Iterator[ResultRow]:
    """Give all `total` rows on, while the observer hears how many were written; `aloud`: and that they are."""
    if aloud:
        observer.notice(f"writing the results, {total:,} row{'' if total == 1 else 's'}")
    for number, row in enumerate(rows):
        if not number % _TOLD_EVERY:
            observer.writing(number, total)
        yield row
