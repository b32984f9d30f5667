"""What a worker measures while it sends, for the pictures of the report: counts in buckets, never single messages.

It hears that a body leaves, that a message was accepted, that a row was put off; it gives a `Stretch` of what it has
heard since it was asked last. Moments are monotonic seconds, but for the stretch's own. Raises nothing.

Limits: a body is begun when it is handed to the kernel: what the network takes is in the time to accept. A stretch has
the time at which it is asked for, which is up to a quarter of a second late.
"""

import time
from collections import Counter
from collections.abc import Callable

from campaign.histogram import Stretch, bucket_of


class Measurements:
    """One worker's."""

    def __init__(self, *, clock: Callable[[], float], wall_clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._wall_clock = wall_clock
        self._left: dict[int, float] = {}
        """When the bodies left that have no reply, by contact."""
        self._accepted: Counter[int] = Counter()
        self._put_off: Counter[int] = Counter()

    def body_leaves(self, contact: int) -> None:
        """Hear that a contact's message goes now."""
        self._left[contact] = self._clock()

    def accepted(self, contact: int) -> None:
        """Hear that it was accepted."""
        left = self._left.pop(contact, None)
        if left is not None:
            self._accepted[bucket_of(self._clock() - left)] += 1

    def not_accepted(self, contact: int) -> None:
        """Hear that it was not, or that nobody knows."""
        self._left.pop(contact, None)

    def put_off(self, seconds: float) -> None:
        """Hear that a row is to wait for so long."""
        self._put_off[bucket_of(seconds)] += 1

    def take(self) -> tuple[Stretch, ...]:
        """Give what was heard since: nothing, or one stretch."""
        if not self._accepted and not self._put_off:
            return ()
        stretch = Stretch(begins=int(self._wall_clock()), accepted=dict(self._accepted), put_off=dict(self._put_off))
        self._accepted.clear()
        self._put_off.clear()
        return (stretch,)
