"""Which workers are to be placed: so many slots, each with one worker at a time, placed again when it has died.

Takes the time as a number of seconds, and what became of each; gives names, and words for a person. No cluster, no
clock, no thread is in it. Raises nothing.

A slot whose workers end at once, again and again, is tried more and more seldom. Where that is so in all of them, and
nobody is at work, the run has nobody to send: `hopeless` says so.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass

_SOON = 60.0
"""Seconds that a worker has lived at least, for its end to be no fault of where it was placed."""
_PAUSE = 5.0
_LONGEST_PAUSE = 300.0
"""Seconds before a slot is filled again: the first time, and at most."""
_TRIES = 3
"""Ends in a row that were soon, for a slot to be one without hope."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerEnd:
    """How the worker of a slot ended."""

    what: str
    """In words that go after its name: "ended with exit code 2"."""
    fix: str = ""
    in_order: bool = False
    said: str = ""
    """What it said last, in one line."""


@dataclass(slots=True)
class _Slot:
    name: str
    placed_at: float | None = None
    """None: it has no worker of ours."""
    free_from: float = 0.0
    soon_ended: int = 0
    """Workers that ended soon, since the last one that did not."""
    last: WorkerEnd | None = None


class Slots:
    """All of them. Their workers are called `cluster-1`, `cluster-2` and so on."""

    def __init__(self, count: int, *, clock: Callable[[], float]) -> None:
        """`clock`: seconds, as `time.monotonic` gives them."""
        self._clock = clock
        self._slots = {f"cluster-{number}": _Slot(f"cluster-{number}") for number in range(1, count + 1)}

    def __len__(self) -> int:
        return len(self._slots)

    def to_place(self, at_work: Collection[str]) -> list[str]:
        """Give the names that want a worker now. `at_work`: those that have one, whoever has placed it: an owner before
        this one, perhaps.
        """
        now = self._clock()
        return [
            slot.name
            for slot in self._slots.values()
            if slot.placed_at is None and slot.free_from <= now and slot.name not in at_work
        ]

    def placed(self, name: str) -> None:
        """A worker of that name is being placed."""
        self._slots[name].placed_at = self._clock()

    def ended(self, name: str, end: WorkerEnd) -> str:
        """Give words about it for a person: "" where there is nothing to say."""
        slot, now = self._slots[name], self._clock()
        lived = now - (now if slot.placed_at is None else slot.placed_at)
        slot.placed_at = None
        slot.soon_ended = 0 if end.in_order or lived >= _SOON else slot.soon_ended + 1
        pause = min(_PAUSE * 2 ** max(0, slot.soon_ended - 1), _LONGEST_PAUSE)
        slot.free_from = now + pause
        if end.in_order:
            return ""
        same, slot.last = slot.last == end, end
        if same and slot.soon_ended > 1:  # it has been said
            return ""
        said = f", and had said: {end.said}" if end.said else ""
        advice = f"; {end.fix}" if end.fix else ""
        return f"worker {name} {end.what}{said}{advice}; it is placed again in {pause:.0f} seconds"

    def hopeless(self, at_work: Collection[str]) -> WorkerEnd | None:
        """Say how the last worker ended, where none is at work, and none of the slots holds out hope of one."""
        slots = self._slots.values()
        if at_work or any(slot.soon_ended < _TRIES for slot in slots):
            return None
        return max(slots, key=lambda slot: slot.free_from).last
