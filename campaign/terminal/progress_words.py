"""How far a run is, in words: how many of how many, how fast of late, what became of them, and how long it may take."""

from collections import deque
from datetime import timedelta

from campaign.durations import brief_duration
from campaign.run.progress import Progress

_RECENT = 15.0
"""Seconds over which the rate is taken: long enough to be calm, short enough to follow a server that slows down."""


class ProgressWords:
    """Remembers the last seconds, for the rate."""

    def __init__(self) -> None:
        self._recent: deque[tuple[float, int]] = deque()

    def words(self, progress: Progress) -> str:
        """Give one line. What is given is later than what was given before."""
        done = sum(progress.settled.values())
        self._recent.append((progress.seconds, done))
        while self._recent[0][0] < progress.seconds - _RECENT and len(self._recent) > 2:
            self._recent.popleft()
        rate = self._rate(progress)
        parts = [f"{done:,} of {progress.total:,}", f"{rate:,.0f}/s" if rate >= 10 or not rate else f"{rate:.1f}/s"]
        parts += [f"{count:,} {word}" for word, count in progress.settled.items() if count]
        if progress.under_way:
            parts.append(f"{progress.under_way:,} being sent")
        if progress.deferred:
            parts.append(f"{progress.deferred:,} to be tried again")
        left = progress.total - done
        if progress.stopping:
            parts.append("stopping")
        elif rate > 0 and left > 0:
            parts.append(f"{brief_duration(timedelta(seconds=left / rate))} left")
        return ", ".join(parts)

    def _rate(self, progress: Progress) -> float:
        """Contacts settled a second, of late."""
        begun, before = self._recent[0] if len(self._recent) > 1 and progress.seconds > _RECENT else (0.0, 0)
        passed = progress.seconds - begun
        return (self._recent[-1][1] - before) / passed if passed > 0.2 else 0.0
