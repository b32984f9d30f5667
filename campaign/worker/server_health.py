"""Whether one server of several gets mail: in use, out for a while, or on trial again.

    in use ──▶ out until a moment ──▶ on trial: one connection, one message at a time
      ▲                 ▲                 │
      └── it takes one ─┼─────────────────┤
                        └── it fails again, for twice as long

Takes what happens to the server, and moments in monotonic seconds. No clock, no sleep. Raises nothing.
"""

_FIRST_PAUSE, _LONGEST_PAUSE = 30.0, 600.0
"""Of the units that a server in trouble is given."""
_LONG_GOOD = 10 * _FIRST_PAUSE
"""Units in use after which what was before is forgotten."""
_PATIENCE = 30.0
"""Units for which a server may take nothing of what it is given, while it is slow or silent."""


class ServerHealth:
    """One server's, as one worker sees it. `unit`: seconds, those of `Job.backoff`."""

    def __init__(self, unit: float) -> None:
        self.why = ""
        """Why it is out, in words; "" where it is in use."""
        self._unit = unit
        self._pause = _FIRST_PAUSE * unit
        self._until = float("-inf")
        self._back_since = float("-inf")
        self._struggling_since: float | None = None
        self._under_way: set[int] = set()
        """The contacts whose messages it has and has not answered."""
        self._is_slow = False

    @property
    def in_use(self) -> bool:
        """Whether it gets its share."""
        return not self.why

    def may_try(self, now: float) -> bool:
        """Whether it is out, and it is time for a message on trial, of which there is one at a time."""
        return bool(self.why) and now >= self._until and not self._under_way

    def seconds_out(self, now: float) -> float:
        """Seconds until it is tried again; 0 where it is."""
        return max(0.0, self._until - now)

    def go_out(self, why: str, now: float, *, wait: float | None = None, stalled: bool = False) -> bool:
        """Take it out of use for `wait` seconds; None: for a while that grows. Gives whether it was in use. What is
        heard of it while it is out, and not on trial, is about what had begun before. `stalled`: it is slow, no more.
        """
        self._is_slow = stalled
        self._struggling_since = None
        if self.why and now < self._until and wait is None:
            return False
        was_in_use = self.in_use
        if wait is None:
            if was_in_use and now - self._back_since > _LONG_GOOD * self._unit:
                self._pause = _FIRST_PAUSE * self._unit
            wait = self._pause
            self._pause = min(2 * self._pause, _LONGEST_PAUSE * self._unit)
        self.why = why
        self._until = max(self._until, now + wait) if not was_in_use else now + wait
        return was_in_use

    def forgive_slowness(self) -> None:
        """Use it again, where it was only slow: better than none."""
        if self.why and self._is_slow:
            self.why = ""

    def message_begun(self, contact: int, now: float) -> None:
        """Hear that it was given a contact's message."""
        self._under_way.add(contact)
        if self._struggling_since is None:
            self._struggling_since = now

    def has_answered(self, contact: int, now: float, *, slow: bool) -> None:
        """Hear that a contact's message came to an end there; `slow`: by a "slow down", or without a word."""
        self._under_way.discard(contact)
        if not slow:
            self._struggling_since = now if self._under_way else None

    def has_accepted(self, now: float) -> bool:
        """Hear that it has taken a message. Gives whether that brings it back."""
        if not self.why:
            return False
        self.why = ""
        self._back_since = now
        return True

    def seconds_struggling(self, now: float) -> float:
        """Seconds since it was given the first of the messages that it has not taken."""
        return 0.0 if self._struggling_since is None else now - self._struggling_since

    def struggles(self, now: float) -> bool:
        """Whether it has taken nothing of what it was given for a long time."""
        return self.seconds_struggling(now) >= _PATIENCE * self._unit
