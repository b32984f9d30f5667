"""How far a run is, in words: how many of how many, how fast of late, what became of them, how long it may take, and
what holds it up. Raises nothing.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta

from campaign.durations import brief_duration
from campaign.run.live_state import RecentRate
from campaign.run.progress import Progress

MOST_OF_A_REPLY = 60
"""Characters."""


class ProgressWords:
    """One run's. Remembers the last seconds, for the rate."""

    def __init__(self, *, wall_clock: Callable[[], float] = time.time) -> None:
        self._recent = RecentRate()
        self._clock = wall_clock
        self.rate = 0.0
        """Contacts settled a second, of late."""

    def hear(self, progress: Progress) -> None:
        """Hear how far it is: later than what was heard before."""
        self.rate = self._recent.add(progress.seconds, sum(progress.settled.values()))

    def line(self, progress: Progress) -> str:
        """Give all of it, in one line."""
        done = sum(progress.settled.values())
        held_up = ", ".join(self.held_up(progress))
        parts = [f"{done:,} of {progress.total:,}", rate_words(self.rate), *count_words(progress.settled)]
        parts += [under_way(progress), held_up, self.left(progress)]
        return ", ".join(filter(None, parts))

    def left(self, progress: Progress) -> str:
        """How long the rest may take; empty where nobody knows."""
        return "stopping" if progress.stopping else time_left(progress, self.rate)

    def held_up(self, progress: Progress) -> Iterator[str]:
        """Give what has to wait, and what slows it down."""
        if progress.deferred:
            yield f"{progress.deferred:,} to be tried again{self._next(progress)}"
        for server in progress.servers:
            name = f"{server.name} " if len(progress.servers) > 1 else ""
            if server.out:
                yield f"{name}out{reply_words(server.out)}"
            if server.slowed_to is not None:
                yield f"{name}slowed to {rate_words(server.slowed_to)}{reply_words(server.slowed_by)}"
            if server.fewer_by:
                connections = f"{server.limit} connection{'' if server.limit == 1 else 's'}"
                yield f"{name}{connections} of {server.most}{reply_words(server.fewer_by)}"

    def _next(self, progress: Progress) -> str:
        """When the next of them is due, where that is worth waiting for."""
        if progress.next_try_at is None or (wait := round(progress.next_try_at - self._clock())) < 1:
            return ""
        return f" ({'' if progress.deferred == 1 else 'the next '}in {brief_duration(timedelta(seconds=wait))})"


def rate_words(rate: float) -> str:
    """Give so many a second; a slow rate is not rounded to nothing."""
    return f"{rate:,.0f}/s" if rate >= 10 or not rate else f"{rate:.1f}/s"


def count_words(settled: Mapping[str, int]) -> list[str]:
    """Give how many have which status."""
    return [f"{count:,} {word}" for word, count in settled.items() if count]


def under_way(progress: Progress) -> str:
    """Give how many have left and are not answered."""
    return f"{progress.under_way:,} being sent" if progress.under_way else ""


def time_left(progress: Progress, rate: float) -> str:
    """Give how long the rest takes at that rate."""
    left = progress.total - sum(progress.settled.values())
    return f"{brief_duration(timedelta(seconds=left / rate))} left" if rate > 0 and left > 0 else ""


def reply_words(text: str) -> str:
    """Give the beginning of what a server said, after a colon."""
    short = text if len(text) <= MOST_OF_A_REPLY else f"{text[: MOST_OF_A_REPLY - 1]}…"
    return f": {short}" if short else ""
