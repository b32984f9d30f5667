"""How many messages a connection may have in flight: more while its replies keep up, fewer when the server slows down.

A message alone in flight shows how long an answer takes. While answers take hardly longer than that with more in
flight, the wait is the way's, and one more is worth its while; when they take much longer, the messages wait at the
server, where another connection could serve them sooner. The server's "later" (4xx) halves the number, its "good bye"
(421) makes it one. Raises nothing; times are seconds.
"""

_IN_STEP, _BEHIND = 1.5, 3.0
"""Times of the least that an answer took: up to this one more, beyond that one fewer."""
_SLACK = 0.02
"""Seconds that are no sign of anything: a server's disk, our own turn."""


class Depth:
    """One connection's. `most`: what the operator allows."""

    def __init__(self, most: int) -> None:
        self.most = most
        self._allowed = 1.0
        self._least = float("inf")

    @property
    def allowed(self) -> int:
        """How many may be in flight."""
        return min(int(self._allowed), self.most)

    def answered(self, seconds: float, *, alone: bool) -> None:
        """Hear that the server has taken a message, so long after it was begun. `alone`: behind no other."""
        now_alone = alone and self._allowed < 2.0  # with room for more, others may have followed in the same write
        least = self._least = seconds if now_alone else min(self._least, seconds)
        if seconds <= _IN_STEP * least + _SLACK:
            self._allowed = min(self._allowed + 1.0, float(self.most))
        elif seconds > _BEHIND * least + _SLACK:
            self._allowed = max(1.0, self._allowed - 1.0 / self._allowed)  # one for as many as were in flight

    def put_off(self, code: int) -> None:
        """Hear that the server wants a message later."""
        self._allowed = 1.0 if code == 421 else max(1.0, self._allowed / 2)
