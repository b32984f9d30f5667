"""Room for tasks that wait behind others on a busy machine while another is free.

Dask gives a machine a few tasks more than it has threads (`distributed.scheduler.worker-saturation`), so that it need
not wait for the next; and takes them back when others are idle, by how long it reckons that tasks run. Ours run for as
long as the run, so that whoever waits behind one may wait for ever. Asks the scheduler, and waits for its answer: for a
thread of its own. Raises what Dask raises.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any


def make_room(client: Any, waiting: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Take tasks back that wait where they are, and could run elsewhere at once. `waiting`: futures of tasks that have
    not begun, by name. Gives the names of those that have been taken back, each with the address of a free machine.
    """
    names = {future.key: name for name, future in waiting.items()}
    moves = better_places(client.nthreads(), client.processing(), names)
    if moves:
        client.cancel([waiting[names[key]] for key, _ in moves], force=True)
    return [(names[key], where) for key, where in moves]


def better_places(
    threads: Mapping[str, int], processing: Mapping[str, Sequence[str]], waiting: Collection[str]
) -> list[tuple[str, str]]:
    """Say which of the waiting tasks could run elsewhere, and where: address → threads, address → keys there."""
    free = [
        where
        for where, count in sorted(threads.items(), key=lambda item: len(processing.get(item[0], ())) - item[1])
        for _ in range(count - len(processing.get(where, ())))
    ]
    stuck = [
        key
        for where, keys in processing.items()
        for key in [key for key in keys if key in waiting][: max(0, len(keys) - threads.get(where, 0))]
    ]
    return list(zip(stuck, free, strict=False))
