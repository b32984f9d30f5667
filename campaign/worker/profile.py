"""Where a process's time goes, by stage: seconds, of which `--profile` makes microseconds a message.

`mint`, `render`, `compose` and `ledger` are measured around the work, and so is `sign` where messages are signed;
`send` is all the rest of the process's CPU.
"""

import time
from collections import defaultdict


class Profile:
    """What has been spent so far. Where none is wanted, it stays empty."""

    def __init__(self, *, wanted: bool) -> None:
        self.wanted = wanted
        self._seconds: defaultdict[str, float] = defaultdict(float)
        self._cpu_before = 0.0

    def begin(self) -> None:
        """Count the process's CPU from now on."""
        self._cpu_before = time.process_time()

    def spent(self, stage: str, seconds: float) -> None:
        """Add to a stage."""
        self._seconds[stage] += seconds

    def so_far(self) -> dict[str, float]:
        """Give the seconds by stage; nothing where no profile is wanted."""
        if not self.wanted or not self._seconds:
            return {}
        known = dict(self._seconds)
        known["send"] = max(0.0, time.process_time() - self._cpu_before - sum(known.values()))
        return known
