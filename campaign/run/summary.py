"""How a run ended: the counts of every row, what this run did, why it stopped, and the exit code that follows."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from campaign.model import Status
from campaign.window import SendWindow
from campaign.worker.worker_report import StopReason

_WANT_A_LOOK = (Status.BOUNCED, Status.REJECTED, Status.FAILED, Status.INVALID, Status.IN_DOUBT)
"""Somebody did not get the message, or may not have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSummary:
    """How a run ended."""

    counts: dict[Status, int]
    """Every row of the contacts file."""
    sent_now: int
    in_doubt_now: int = 0
    """Messages of this run that may have been delivered, and nobody can know."""
    tried_now: int = 0
    """Rows that this run took and came to an end with, whatever it was."""
    seconds: float
    results: Path
    results_written: bool = True
    """Not where the ledger was taken away."""
    window: SendWindow
    trouble: StopReason | None = None
    stopped: bool = False
    """By a signal, or by a "no"."""
    declined: bool = False
    """By a "no"."""
    taken_over: bool = False
    """It went on with a run whose owner was gone."""
    limited: bool = False
    """It was told how many to send at most."""
    ended_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    opens: tuple[int, str] | None = None
    """Where rows are left that wait for their hours: when the first go on, in Unix seconds and in words."""
    day_reached: int = 0
    """Today's number of messages, where that is why rows are left."""
    over: bool = False
    """Whether rows are left whose own window is over."""
    profile: dict[str, float] = field(default_factory=dict)
    """CPU seconds by stage, all processes together."""
    servers: dict[str, int] = field(default_factory=dict)
    """Where there are several: the messages of this run that each has taken, by its name."""

    @property
    def exit_code(self) -> int:
        """0 nothing left to do; 1 some rows need a look; 2 the templates' own fault, found before anybody was mailed; 3
        stopped before the end.
        """
        if self.trouble is not None and self.trouble.reason == "template" and not self.tried_now:
            return 2
        if self.counts[Status.PENDING] or self.trouble is not None:
            return 3
        return int(any(self.counts[word] for word in _WANT_A_LOOK))

    @property
    def reason(self) -> str:
        """Why it stopped before the end, as one word for a program ("" where it did not): those of `campaign guide
        json`.
        """
        return self._why()[0]

    @property
    def why(self) -> str:
        """The same as a sentence for people, without its full stop."""
        return self._why()[1]

    def _why(self) -> tuple[str, str]:
        now = self.ended_at
        if self.trouble is not None:
            return self.trouble.reason, self.trouble.what
        if not self.counts[Status.PENDING]:
            return "", ""
        if self.declined:
            return "declined", "stopped before the end: nobody said yes"
        if self.window.is_over(now):
            return "window_over", f"the window is over: it {self.window.describe(now)}"
        if not self.window.is_open(now):
            words = f"the window is not open yet: it {self.window.describe(now)}"
            return "signal" if self.stopped else "not_open", words
        if self.stopped:
            return "signal", "stopped before the end"
        if self.day_reached:
            goes_on = "the window closes before tomorrow" if self.opens is None else f"the rest goes on {self.opens[1]}"
            return "daily_limit", f"today's {self.day_reached:,} messages are sent; {goes_on}"
        if self.opens is not None:
            return "not_open", f"the rest waits for its hours; the first begin {self.opens[1]}"
        if self.over:
            return "window_over", "the rest stays: its window is over, on each contact's own clock"
        return "limit" if self.limited else "not_chosen", "there is more to send"
