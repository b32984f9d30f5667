"""What a run tells while it goes on, and whom: `Progress` and notices, to a `RunObserver`."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

from campaign.result_rows import ResultRow
from campaign.run_now import RunNow, ServerNow
from campaign.window import SendWindow

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
    next_try_at: float | None = None
    """When the first of the deferred is due: Unix seconds."""
    servers: tuple[ServerNow, ...] = ()
    """Each with its connections, and what it takes less of."""
    day_reached: int = 0
    """Today's number of messages, where it is reached, and all that is left waits for another day."""
    opens: tuple[int, str] | None = None
    """Where all that is left waits for its hours, or another day: when the first goes on, in Unix seconds and in words.
    """


def progress_of(now: RunNow, *, seconds: float) -> Progress:
    """Give it as an observer hears it, `seconds` after sending began."""
    return Progress(
        total=now.total,
        settled=dict(now.settled),
        deferred=now.deferred,
        connections=now.connections,
        rate=now.slowed_to,
        seconds=seconds,
        under_way=now.under_way,
        stopping=now.phase == "stopping",
        next_try_at=now.next_try_at,
        servers=now.servers,
        day_reached=now.day_reached,
        opens=now.opens,
    )


def what_is_waited_for(day_reached: int, opens: str) -> str:
    """Say what all that is left waits for, and when the first goes on."""
    if day_reached:
        return f"today's {day_reached:,} messages are sent; the rest goes on {opens}"
    return f"all that is left waits for its hours; the next begin {opens}"


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
