"""The rows that a worker has read and not come to the end of, by contact, and the blocks that they are in.

So no row is handed out twice, and a block is known to be finished when the last of its rows is. Block 0: rows that
stood aside. Takes and gives plain values; whoever holds it lets one thread at a time in. Raises nothing.
"""

from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple

from campaign.model import DueRow


class _Outstanding(NamedTuple):
    row: int
    block: int
    queue: str


class OutstandingRows:
    """One worker's."""

    def __init__(self) -> None:
        self._rows: dict[int, _Outstanding] = {}
        self._open: Counter[int] = Counter()
        """How many of them each block has."""
        self.finished: list[int] = []
        """Blocks that nothing is left of."""
        self.finished_aside: list[tuple[str, int]] = []
        """Rows that stood aside and have come to their end, with their queues."""

    def __contains__(self, contact: int) -> bool:
        return contact in self._rows

    @property
    def rows(self) -> list[int]:
        """Their numbers."""
        return [one.row for one in self._rows.values()]

    @property
    def blocks(self) -> list[int]:
        """The blocks that are known, finished ones as well."""
        return [*self._open, *self.finished]

    @property
    def aside(self) -> list[int]:
        """Those that stood aside."""
        return [one.row for one in self._rows.values() if not one.block]

    def take(self, due: DueRow, block: int) -> None:
        """Have one more."""
        self._rows[due.id] = _Outstanding(due.contact.number, block, due.queue)
        if block:
            self._open[block] += 1

    def end(self, contact: int) -> None:
        """Hear that it has come to its end, or is another worker's."""
        one = self._rows.pop(contact, None)
        if one is not None and not one.block:
            self.finished_aside.append((one.queue, one.row))
        elif one is not None:
            self._leave(one.block)

    def set_aside(self, contact: int) -> None:
        """Hear that it stands aside from now on."""
        one = self._rows.pop(contact, None)
        if one is not None and one.block:
            self._leave(one.block)

    def move(self, blocks: Mapping[int, int]) -> None:
        """Hear in which blocks they stand now, by row; the others are not this worker's any more."""
        self._rows = {
            contact: one._replace(block=blocks.get(one.row, one.block)) for contact, one in self._rows.items()
        }
        self._open = Counter(one.block for one in self._rows.values() if one.block)

    def _leave(self, block: int) -> None:
        self._open[block] -= 1
        if self._open[block] <= 0:
            del self._open[block]
            self.finished.append(block)
