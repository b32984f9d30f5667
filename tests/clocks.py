"""Clocks for tests in which a server falls silent, or is fast: no timeout is waited for, and none ends by chance; and
a zone for those that must not run into another day.

With a short timeout in real time, a busy machine now and then makes an honest reply too late. So timeouts are long
here, and this clock leaps over them, but only when the server hangs and has had nothing else to do for a while.
"""

import time
from datetime import UTC, datetime

from tests.smtp_server import FaultServer

_QUIET = 0.4
_LEAP = 10_000.0
"""Seconds: after so many without anything at the server, so many go by at once."""


class LeapingClock:
    """In place of `time.monotonic` for whoever sends to the server."""

    def __init__(self, server: FaultServer) -> None:
        self._server = server
        self._ahead = 0.0
        self._seen = self._count()
        self._since = time.monotonic()

    def __call__(self) -> float:
        now, seen = time.monotonic(), self._count()
        if seen != self._seen:
            self._seen, self._since = seen, now
        elif now - self._since > _QUIET and self._hangs():
            self._ahead += _LEAP
            self._since = now
        return now + self._ahead

    def _count(self) -> tuple[int, ...]:
        """What changes with whatever happens at the server."""
        record = self._server.record
        ended = sum(one.action is not None for one in record.connections)
        return len(record.connections), ended, record.commands.total(), record.unfinished, len(record.accepted)

    def _hangs(self) -> bool:
        return any(one.silent for one in self._server.record.connections)


class HurriedClock:
    """For a server with a rate limit: the first so many messages come in no time, however slow the machine is."""

    def __init__(self, messages: int) -> None:
        self._left = messages
        self._behind = 0.0
        self._last = time.monotonic()

    def __call__(self) -> float:
        now = time.monotonic()
        if self._left:
            self._left -= 1
            self._behind += now - self._last
        self._last = now
        return now - self._behind


def noon() -> str:
    """A zone in which it is about noon, so that no test runs into another day."""
    hours = datetime.now(UTC).hour - 12
    return f"Etc/GMT{hours:+d}" if hours else "UTC"
