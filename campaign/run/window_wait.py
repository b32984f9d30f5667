"""The time before the window opens, while a run that is ready waits for it. Raises nothing."""

import time
from collections.abc import Callable
from datetime import UTC, datetime

from campaign.run.broadcast import Broadcast
from campaign.run.progress import RunObserver
from campaign.run.shutdown import ShutdownSignals
from campaign.window import SendWindow

_NAP = 0.5
"""Seconds."""


def wait_until_open(
    window: SendWindow,
    total: int,
    *,
    wait: bool,
    signals: ShutdownSignals,
    observer: RunObserver,
    broadcast: Broadcast,
    meanwhile: Callable[[], None],
) -> bool:
    """Say whether the run, of so many contacts, may begin: not where it was told to stop, or is not to `wait`."""
    while (seconds := window.seconds_until_open(datetime.now(UTC))) > 0:
        observer.waiting(window, seconds)
        if not wait or signals.asked:
            return False
        broadcast.waiting(window, words="the window opens", until=time.time() + seconds, total=total)
        meanwhile()
        time.sleep(min(seconds, _NAP))
    return not signals.asked
