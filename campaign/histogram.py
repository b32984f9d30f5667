"""Lengths of time counted in buckets, each a tenth wider than the one before: bounded, whatever there is to count.

Takes seconds, gives the number of a bucket (`bucket_of`); takes buckets with their counts, gives a percentile in
seconds (`percentile`). A percentile is the middle of its bucket: within 5 % of the true one, from a tenth of a
millisecond to a day. What is shorter, or longer, counts as that. (The idea is that of HdrHistogram: a relative error
that is everywhere alike.) A `Stretch` is a piece of time with what was counted in it. Raises nothing.
"""

import math
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field

_SHORTEST, _LONGEST = 0.0001, 86_400.0
_GROWTH = 1.1
_LAST = int(math.log(_LONGEST / _SHORTEST, _GROWTH))
_EDGES = tuple(_SHORTEST * _GROWTH**number for number in range(1, _LAST + 1))
"""Where the buckets from 1 on begin."""

Histogram = Mapping[int, int]
"""How many there are in each bucket, by its number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """What was measured in a stretch of time while mail went out."""

    begins: int
    """Unix seconds."""
    seconds: int = 1
    """How long it is."""
    accepted: Histogram = field(default_factory=dict)
    """How long the server took for the messages that it accepted, each from when its body began to leave to the 250."""
    put_off: Histogram = field(default_factory=dict)
    """How long the rows that were refused for the time being were to wait before their next try."""
    rate: float | None = None
    """The operator's rate, messages a second; the lowest, where it changed. None: there was none."""
    allowed: float | None = None
    """What throttling left, messages a second; the lowest. None: nothing was throttled."""


def bucket_of(seconds: float) -> int:
    """Give the number of the bucket that this length of time belongs to, from 0."""
    return bisect_right(_EDGES, seconds)


def seconds_of(bucket: int) -> float:
    """Give the middle of a bucket."""
    return float(_SHORTEST * _GROWTH ** (bucket + 0.5))


def percentile(found: Histogram, share: float) -> float | None:
    """Give the seconds that `share` (0 to 1) of what was counted did not exceed; None where nothing was counted."""
    total = sum(found.values())
    wanted = max(1, math.ceil(share * total))
    for bucket in sorted(found):
        wanted -= found[bucket]
        if wanted <= 0:
            return seconds_of(bucket)
    return None


def merged(one: Histogram, other: Histogram) -> Histogram:
    """Give what both have counted."""
    both = dict(one)
    for bucket, count in other.items():
        both[bucket] = both.get(bucket, 0) + count
    return both
