"""What a process remembers of the addresses of its servers, for a while: which is dead, and how far away one is.

Takes what befell each (`record_failure`, `record_success`); gives the addresses of a name in the order to try them.
Raises nothing. Limits: one process's own; ten minutes.
"""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import chain, zip_longest
from typing import Any

_DEAD_FOR = 600.0
"""Seconds for which a dead address is tried last. RFC 8305 section 4 has history count, and asks that it end."""
_DELAY = 0.25
"""Seconds before the next attempt begins: RFC 8305 section 5."""
_LONGEST_DELAY = 2.0
"""The same, where the address is known to be far away."""


@dataclass(frozen=True, slots=True)
class Address:
    """One of a name's, as `socket.getaddrinfo` gives it."""

    family: int
    kind: int
    protocol: int
    at: tuple[Any, ...]

    def __str__(self) -> str:
        return str(self.at[0])


class AddressHistory:
    """What is known of addresses, for a while. Moments and lengths of time are in seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._dead: dict[tuple[Any, ...], float] = {}  # each step is one of a dict's own: threads share it
        self._took: dict[tuple[Any, ...], float] = {}

    def in_order(self, addresses: Iterable[Address]) -> list[Address]:
        """Give them as they are to be tried: families by turns (RFC 8305 section 4), the dead last. Where all are dead,
        that is forgotten.
        """
        by_family: dict[int, list[Address]] = {}
        for address in dict.fromkeys(addresses):
            by_family.setdefault(address.family, []).append(address)
        turns = [one for one in chain.from_iterable(zip_longest(*by_family.values())) if one is not None]
        now = self._clock()
        dead = [one for one in turns if self._dead.get(one.at, now) > now]
        if len(dead) == len(turns):
            for one in dead:
                self._dead.pop(one.at, None)
            return turns
        return [one for one in turns if one not in dead] + dead

    def record_failure(self, at: tuple[Any, ...]) -> None:
        """Hear that an address did not answer, or not as soon as another."""
        self._dead[at] = self._clock() + _DEAD_FOR

    def record_success(self, at: tuple[Any, ...], took: float) -> None:
        """Hear that one took a connection, and after how many seconds."""
        self._dead.pop(at, None)
        self._took[at] = took

    def delay(self, at: tuple[Any, ...]) -> float:
        """How long an address is waited for before another is tried as well."""
        return min(max(_DELAY, 2 * self._took.get(at, 0.0)), _LONGEST_DELAY)


HISTORY = AddressHistory()
"""This process's."""
