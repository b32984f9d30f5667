"""The workers of a run that a Dask cluster places: so many long-running tasks, looked after while the run goes on.

Takes an address and what each machine is to run; gives notices for a person, and says where no worker can be had. It
starts no thread of its own; Dask's client has one. Raises UsageError (`campaign.cluster.connection`), from the start
alone.

A task stays when its owner dies (`fire_and_forget`): the workers go on, and end with the run, as the ledger tells them.
"""

import contextlib
import time
import uuid
from collections.abc import Callable, Collection, Sequence
from typing import Any

from campaign import __version__
from campaign.cluster.connection import LOCAL, Connection, require_address
from campaign.cluster.protection import NAME, protection
from campaign.cluster.slots import Slots, WorkerEnd
from campaign.cluster.task import travelling

_PATIENCE = 15.0
"""Seconds after which it is said that workers wait for room on the cluster."""
_LAST_WAIT = 30.0
"""Seconds that workers have to end after their run has: they hear of it from the ledger."""


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
        self._futures: dict[str, Any] = {}
        self._since = clock()
        self._waiting_told = 0
        self._connection: Connection | None = None

    def __enter__(self) -> "ClusterWorkers":
        self._connection = Connection(self._address, workers=len(self._slots))
        self._work = travelling()
        with contextlib.suppress(Exception):  # a scheduler may refuse plugins, and does without
            self._connection.client.register_plugin(protection())
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def look(self, at_work: Collection[str]) -> list[str]:
        """Look how the workers are, and place those that are missing: to be called a few times a second. `at_work`: the
        names of those that the ledger has at work. Gives what is to be said.
        """
        said = [words for name in list(self._futures) if (words := self._look_at(name))]
        for name in self._slots.to_place(at_work):
            if (trouble := self._place(name)) is not None:
                said += filter(None, [self._slots.ended(name, trouble)])
        missing = len(self._slots) - len(at_work)
        if self._clock() - self._since >= _PATIENCE and missing != self._waiting_told:
            self._waiting_told = missing
            if missing > 0 and len(self._futures) >= missing:
                room = "this machine" if self._address == LOCAL else "the cluster"
                said.append(f"{missing} of {len(self._slots)} workers wait for room on {room}, or are starting")
        return said

    def hopeless(self, at_work: Collection[str]) -> WorkerEnd | None:
        """Say how the last worker ended, where nobody is at work, and nobody is likely to be."""
        return self._slots.hopeless(at_work)

    def close(self, *, patience: float = _LAST_WAIT) -> None:
        """Wait for the tasks to end by themselves, as they do with their run; cancel those that don't, whose workers
        then drain. `patience`: seconds.
        """
        connection, self._connection = self._connection, None
        if connection is None:
            return
        until = time.monotonic() + patience
        while time.monotonic() < until and any(future.status == "pending" for future in self._futures.values()):
            time.sleep(0.1)
        with contextlib.suppress(Exception):  # the scheduler is gone, and has told its workers to end
            connection.client.cancel(list(self._futures.values()), force=True)
        self._futures.clear()
        connection.close()

    def _place(self, name: str) -> WorkerEnd | None:
        """Submit a task for it. Gives what went wrong, if anything did."""
        assert self._connection is not None
        from distributed import fire_and_forget

        key = f"{NAME}-{uuid.uuid4().hex}"
        words = (*self._words, "--name", name)
        self._slots.placed(name)
        try:
            aloud = self._address != LOCAL  # where this terminal is the log of them all
            order = (self._module, words, __version__, key, aloud)
            future = self._connection.client.submit(self._work, *order, key=key, retries=0, pure=False)
            fire_and_forget(future)
        except Exception as error:
            return WorkerEnd(what=f"could not be placed: {_first_line(error)}")
        self._futures[name] = future
        return None

    def _look_at(self, name: str) -> str:
        """See whether its task is over. Gives what is to be said of it."""
        future = self._futures[name]
        if future.status == "pending":
            return ""
        try:
            end = _end_of(future)
        except TimeoutError:
            return ""  # next time
        del self._futures[name]
        future.release()
        return self._slots.ended(name, end)


def _end_of(future: Any) -> WorkerEnd:
    """What became of a task that is over. Raises TimeoutError."""
    if future.status == "error":
        error = future.exception()
        if type(error).__name__ == "KilledWorker":
            return WorkerEnd(what="was given up by the cluster: machines that ran it died again and again")
        return WorkerEnd(
            what=f"could not be run: {_first_line(error)}",
            fix="have the same Python and Dask on all machines of the cluster",
        )
    if future.status != "finished":
        return WorkerEnd(what="was lost by the cluster")
    try:
        kind, code, lines = future.result(timeout=5)
    except TimeoutError:
        raise
    except Exception as error:  # what it gave lay on a machine that is gone
        return WorkerEnd(what=f"was lost by the cluster: {_first_line(error)}")
    return _told(kind, code, lines)


def _told(kind: str, code: int, lines: Sequence[str]) -> WorkerEnd:
    """What the task itself says."""
    said = tuple(lines)
    if kind == "no_package":
        return WorkerEnd(
            what=f"could not be run: campaign is not installed for {said[0]} there",
            fix="install it on every machine of the cluster",
        )
    if kind == "other_version":
        return WorkerEnd(
            what=f"could not be run: its machine has campaign {said[0]}, and this one has {__version__}",
            fix="install the same version on every machine",
        )
    if code == 0:
        return WorkerEnd(what="ended", in_order=True)
    how = f"was ended by signal {-code}" if code < 0 else f"ended with exit code {code}"
    return WorkerEnd(what=how, lines=said)


def _first_line(error: Any) -> str:
    return f"{type(error).__name__}: {error}".strip().partition("\n")[0]
