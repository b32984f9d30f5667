"""What one kind of server is able to, found out by one connection of a whole run and remembered for the others.

Takes the facts that are remembered (`server_memory`); says whether this process may make use of the ability, or find
out. Raises nothing.
"""

from collections.abc import Callable

from campaign.smtp.pipelining.server_memory import ServerMemory

_REFUSALS = 3
"""How many envelopes may be refused in trials, for whatever reason is given."""
_ASK_EVERY = 0.03
"""Seconds between two looks for another process's verdict."""


class Ability:
    """One kind of server's, for all connections of this process."""

    def __init__(
        self, server: str, name: str, memory: ServerMemory, clock: Callable[[], float], *, able: bool | None
    ) -> None:
        """`name`: a word for it; `able`: where it need not be found out."""
        self.able = able
        self.has_failed = False
        """Whether it was found out here that the server can't."""
        self._server = server
        self._name = name
        self._memory = memory
        self._clock = clock
        self._is_ours = False
        self._trying = False  # by a connection of ours
        self._ask_at = float("-inf")
        self._refusals = 0

    def allows(self) -> bool:
        """Whether a connection may make use of it, or find out, now."""
        if self.able is not None:
            return self.able
        if self._trying:
            return False
        return self._is_ours_to_try() or bool(self.able)

    def refused(self) -> None:
        """An envelope on trial was refused as any may be: so it can be for where it stood."""
        self._refusals += 1
        if self.able is None and self._refusals >= _REFUSALS:
            self.failed()

    def failed(self) -> None:
        """The server has shown that it can't."""
        self._trying = False
        self.learn(able=False)

    def learn(self, *, able: bool) -> None:
        """Remember it: for this run if it is able, for all runs of the campaign if it is not."""
        self.able = able
        self.has_failed = not able
        self._memory.learn(self._server, self._name, able=able)

    def forget(self) -> None:
        """Somebody is to find out again."""
        self.able, self._is_ours, self._ask_at = None, False, float("-inf")
        self._memory.forget(self._server, self._name)

    def _is_ours_to_try(self) -> bool:
        """Whether it is for this process to find out. What another has found out meanwhile is in `able`."""
        now = self._clock()
        if not self._is_ours and now >= self._ask_at:
            self._ask_at = now + _ASK_EVERY
            self.able = self._memory.look_up(self._server, self._name)
            self._is_ours = self.able is None and self._memory.begin_trial(self._server, self._name)
        return self._is_ours
