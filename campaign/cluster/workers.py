"""The workers of a run that a Dask cluster places: so many long-running tasks, looked after while the run goes on.

Takes an address and what each machine is to run; gives notices for a person, and says where no worker can be had. What
has to wait for the scheduler's answer is done by a thread beside, so that `look` takes no time. Raises UsageError
(`campaign.cluster.connection`), from the start alone.

A task stays when its owner dies (`fire_and_forget`): the workers go on, and end with the run, as the ledger tells them.
A task holds a thread of its machine for as long as it runs. So a cluster that scales by itself grows while tasks wait
for one, and closes no machine that has one: Dask takes away machines that do nothing, unless its `maximum` is lowered.
"""

import contextlib
import time
import uuid
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from campaign import __version__
from campaign.cluster.connection import LOCAL, Connection, require_address
from campaign.cluster.ends import end_of, first_line
from campaign.cluster.room import make_room
from campaign.cluster.slots import Slots, WorkerEnd
from campaign.cluster.task import travelling

NAME = "campaign-work"
"""What the keys of our tasks begin with: their name on Dask's dashboard."""
_PATIENCE = 15.0
"""Seconds after which it is said that workers wait for room on the cluster."""
_STUCK = 3.0
"""Seconds that a task may wait on a busy machine, before it is looked whether another is free."""
_LAST_WAIT = 10.0
"""Seconds that workers have to end after their run has: they hear of it from the ledger."""


@dataclass(slots=True, kw_only=True)
class _Placed:
    """A task on its way, or at work."""

    key: str
    future: Any
    since: float


@dataclass(slots=True, kw_only=True)
class _Moving:
    """Tasks for which room is being looked for."""

    names: frozenset[str]
    answer: Future[list[tuple[str, str]]]
    """Names of those that were taken back, each with a machine that is free."""


class ClusterWorkers:
    """A context: entered, it is connected; left, it has ended what it placed."""

    def __init__(
        self,
        address: str,
        *,
        workers: int,
        words: Sequence[str],
        module: str = "campaign",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`address`: `tcp://…`, `tls://…` or `local`. `words`: what is said to `python -m module` on each machine; each
        worker's `--name` follows.
        """
        require_address(address)
        self._address = address
        self._words = tuple(words)
        self._module = module
        self._clock = clock
        self._slots = Slots(workers, clock=clock)
        self._placed: dict[str, _Placed] = {}
        self._topic = f"{NAME}-{uuid.uuid4().hex}"
        self._started: set[str] = set()
        """The keys of tasks that have begun to run."""
        self._beside = ThreadPoolExecutor(1, "cluster")
        self._moving: _Moving | None = None
        self._since = clock()
        self._waiting_told = 0
        self._joined: set[str] = set()
        """Names of workers that have been at work, and may be yet."""
        self._connection: Connection | None = None

    def __enter__(self) -> "ClusterWorkers":
        self._connection = Connection(self._address, workers=len(self._slots))
        self._work = travelling()
        self._connection.client.subscribe_topic(self._topic, lambda event: self._started.add(event[1]))
        return self

    def __exit__(self, error: type[BaseException] | None, *_: object) -> None:
        self.close(patience=_LAST_WAIT if error is None else 0)

    def look(self, at_work: Collection[str], *, more: bool = True) -> list[str]:
        """Look how the workers are, and place those that are missing: to be called about once a second. `at_work`: the
        names of those that the ledger has at work; `more`: whether there is something to do for new ones. Gives what is
        to be said.
        """
        self._joined.update(at_work)
        said = [words for name in list(self._placed) if (words := self._look_at(name))]
        if not more:
            return said
        for name in self._slots.to_place(at_work):
            if (trouble := self._place(name)) is not None:
                said += filter(None, [self._slots.ended(name, trouble)])
        self._move_those_that_wait()
        missing = len(self._slots) - len(at_work)
        if self._clock() - self._since >= _PATIENCE and missing != self._waiting_told:
            self._waiting_told = missing
            if missing > 0 and len(self._placed) >= missing:
                room = "this machine" if self._address == LOCAL else "the cluster"
                said.append(f"{missing} of {len(self._slots)} workers wait for room on {room}, or are starting")
        return said

    def hopeless(self, at_work: Collection[str]) -> WorkerEnd | None:
        """Say how the last worker ended, where nobody is at work, and nobody is likely to be."""
        return self._slots.hopeless(at_work)

    def close(self, *, patience: float = _LAST_WAIT) -> None:
        """Wait for the tasks to end by themselves, as they do with their run; cancel those that don't, whose workers
        then drain, and those that never came so far as to join it. `patience`: seconds.
        """
        connection, self._connection = self._connection, None
        if connection is None:
            return
        until = time.monotonic() + patience
        joined = [placed.future for name, placed in self._placed.items() if name in self._joined]
        while time.monotonic() < until and any(future.status == "pending" for future in joined):
            time.sleep(0.1)
        self._beside.shutdown(wait=False, cancel_futures=True)
        with contextlib.suppress(Exception):  # the scheduler is gone, and has told its workers to end
            futures = [placed.future for placed in self._placed.values()]
            connection.client.sync(connection.client._cancel, futures, force=True, callback_timeout=10)
        self._placed.clear()
        connection.close()

    def _place(self, name: str, where: str | None = None) -> WorkerEnd | None:
        """Submit a task for it; `where`: the machine that should have it. Gives what went wrong, if anything did."""
        assert self._connection is not None
        from distributed import fire_and_forget

        key = f"{NAME}-{uuid.uuid4().hex}"
        aloud = self._address != LOCAL  # where this terminal is the log of them all
        order = (self._module, (*self._words, "--name", name), __version__, key, self._topic, aloud)
        there = {} if where is None else {"workers": [where], "allow_other_workers": True}
        self._slots.placed(name)
        self._joined.discard(name)
        try:
            future = self._connection.client.submit(self._work, *order, key=key, retries=0, pure=False, **there)
            fire_and_forget(future)
        except Exception as error:
            return WorkerEnd(what=f"could not be placed: {first_line(error)}")
        self._placed[name] = _Placed(key=key, future=future, since=self._clock())
        return None

    def _look_at(self, name: str) -> str:
        """See whether its task is over. Gives what is to be said of it."""
        placed = self._placed[name]
        if placed.future.status == "pending" or (self._moving is not None and name in self._moving.names):
            return ""
        try:
            end = end_of(placed.future)
        except TimeoutError:
            return ""  # next time
        del self._placed[name]
        self._started.discard(placed.key)
        placed.future.release()
        return self._slots.ended(name, end)

    def _move_those_that_wait(self) -> None:
        """Give a machine that is free to a task that waits behind others on a busy one, where Dask has put it."""
        assert self._connection is not None
        if (moving := self._moving) is not None:
            if moving.answer.done():
                self._moving = None
                for name, where in moving.answer.result() if moving.answer.exception() is None else ():
                    del self._placed[name]
                    if (trouble := self._place(name, where)) is not None:
                        self._slots.ended(name, trouble)
            return
        now = self._clock()
        waiting = {
            name: placed.future
            for name, placed in self._placed.items()
            if placed.key not in self._started and now - placed.since >= _STUCK
        }
        if waiting:
            answer = self._beside.submit(make_room, self._connection.client, waiting)
            self._moving = _Moving(names=frozenset(waiting), answer=answer)
