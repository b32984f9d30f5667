"""How many rows a worker takes from the ledger at a time: about what it begins in a fraction of a second.

So whoever is slow, by its server or its rate, holds few rows that others could send. Towards the end of a run blocks
become smaller, so that all workers end at about the same time. Moments are monotonic seconds; raises nothing.
"""

LARGEST_BLOCK = 128
"""Rows taken at a time, at most: that many are a hundredth of a second for a fast worker."""
_FIRST_BLOCK = 4
_SHARES = 4
"""Of the rows that are left nobody takes more than one of so many shares, or `_FIRST_BLOCK`: no worker has a block of
rows left while another has nothing to do.
"""
_QUICK, _SLOW = 0.1, 0.4
"""Seconds in which a block is used up: under the first, the next is twice as large; over the second, half as large."""


class BlockSize:
    """One worker's."""

    def __init__(self) -> None:
        self._rows = _FIRST_BLOCK
        self._taken_at = float("nan")  # of the first block nobody knows how long it lasted

    def next(self, now: float, left: int | None) -> int:
        """Give how many rows are to be taken, where the last block is used up, and so many are `left`, as far as is
        known.
        """
        lasted = now - self._taken_at
        if lasted < _QUICK:
            self._rows = min(2 * self._rows, LARGEST_BLOCK)
        elif lasted > _SLOW:
            self._rows = max(1, self._rows // 2)
        return self._rows if left is None else min(self._rows, max(_FIRST_BLOCK, left // _SHARES))

    def taken(self, now: float) -> None:
        """Hear that a block was taken."""
        self._taken_at = now
