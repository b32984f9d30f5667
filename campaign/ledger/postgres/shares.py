"""The rule by which workers share a whole number that they have together, such as connections to a server.

Everybody has a target: as fair as can be (nobody who wants more has less than another, but for what can't be divided),
and who has more than that keeps what nobody wants. A share is lowered to its target at once; it is raised only by what
nobody else holds. `held` is the most that a worker can have in use until it is heard of again; so what all hold
together is never more than there is, whoever asks in whatever order. What is free is reckoned in the
database (`budget`).
"""

from collections.abc import Mapping
from typing import NamedTuple


class Holder(NamedTuple):
    """One worker, as it was heard of last."""

    held: int
    wanted: int


def targets(most: int, holders: Mapping[int, Holder]) -> dict[int, int]:
    """Give each worker's target. All together are `most` at most."""
    target = dict.fromkeys(sorted(holders), 0)
    left, hungry = most, [worker for worker in target if holders[worker].wanted > 0]
    while left > 0 and hungry:
        part = max(1, left // len(hungry))
        for worker in hungry[:left]:  # the first have what can't be divided
            given = min(part, holders[worker].wanted - target[worker], left)
            target[worker] += given
            left -= given
        hungry = [worker for worker in hungry if target[worker] < holders[worker].wanted]
    for worker in target:
        kept = min(left, max(0, holders[worker].held - target[worker]))
        target[worker] += kept
        left -= kept
    return target
