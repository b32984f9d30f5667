"""The connections of one process that are open, and which of them have something to do.

Whoever serves them (`Pool`) moves them from one to the other. Raises nothing.
"""

from campaign.smtp.connection import Connection


class OpenConnections:
    """One process's, to one server."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        """How many may be open or opening."""
        self._open: set[Connection] = set()
        self._idle: set[Connection] = set()
        self._held_bodies: list[Connection] = []  # 354 has come, the handler has not let the body go

    @property
    def connections(self) -> int:
        """How many are open."""
        return len(self._open)

    @property
    def idle(self) -> int:
        """How many are open and have nothing to do."""
        return len(self._idle)

    @property
    def busy(self) -> int:
        """How many are open and have something to do."""
        return len(self._open) - len(self._idle)

    def cancel_waiting(self) -> None:
        """Give the handler back those attempts that no connection has begun: none, where each is asked for by one."""

    @property
    def holds_bodies(self) -> bool:
        """Whether there are connections that could send a body, and may not yet."""
        return bool(self._held_bodies)
