"""How often a misbehaviour has struck on one server, and whether it strikes now."""

from collections import Counter
from collections.abc import Callable

from tests.smtp_server.misbehaviours import Misbehaviour, Situation


class Trigger:
    """One misbehaviour on one server. Used from the server's thread only."""

    def __init__(self, misbehaviour: Misbehaviour, clock: Callable[[], float]) -> None:
        self.misbehaviour = misbehaviour
        self.struck = 0
        self._by_recipient: Counter[str] = Counter()
        self._clock = clock
        self._tokens = max(1.0, misbehaviour.above_rate or 0.0)
        self._filled_at = clock()

    def strikes(self, now: Situation) -> bool:
        """Whether it strikes here; counts it if so."""
        what = self.misbehaviour
        if not what.match(now) or (what.times is not None and self._spent(what.times, now)):
            return False
        if what.above_rate is not None and self._within(what.above_rate):
            return False
        self.struck += 1
        if what.per_recipient:
            self._by_recipient.update(address.lower() for address in now.addresses)
        return True

    def _spent(self, times: int, now: Situation) -> bool:
        if not self.misbehaviour.per_recipient:
            return self.struck >= times
        return all(self._by_recipient[address.lower()] >= times for address in now.addresses)

    def _within(self, rate: float) -> bool:
        moment = self._clock()
        self._tokens = min(max(1.0, rate), self._tokens + (moment - self._filled_at) * rate)
        self._filled_at = moment
        if self._tokens < 1.0:
            return False
        self._tokens -= 1.0
        return True
