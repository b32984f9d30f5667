"""When and whom a kill hits. Each function waits for its moment in a run that has just been started, and strikes.

It gives whether the run was there to be hit: one that had come to its end first does not count as a kill.
"""

import contextlib
import math
import os
import random
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.crashes.sender import Sender, wait_until


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What a moment can be told by."""

    sender: Sender
    chance: random.Random
    folder: Path
    ledger: Path
    accepted: Callable[[], int]
    """How many messages the server has accepted since this run began."""
    start_up: float
    """Seconds that a run takes to its first message, about."""

    def await_messages(self) -> None:
        """Wait for some messages, mostly few and sometimes hundreds, and some thousandths of a second."""
        wanted = int(math.exp(self.chance.uniform(0, math.log(400))))
        self._await(lambda: self.accepted() >= wanted)
        time.sleep(self.chance.uniform(0, 0.004))

    def await_ledger(self) -> None:
        """Wait until the run has opened the ledger, and so begun to read the contacts."""
        before = _touched(self.ledger)
        self._await(lambda: _touched(self.ledger) != before)

    def await_results(self) -> None:
        """Wait until the run is writing its results: they grow beside the file that they will replace."""
        before = unfinished_results(self.folder)
        self._await(lambda: bool(unfinished_results(self.folder) - before))

    def is_over(self) -> bool:
        """Whether the run has ended by itself."""
        return self.sender.poll() is not None

    def kill_all(self, *, asked_to_stop: bool = False) -> bool:
        """SIGKILL to every process at once."""
        over = self.is_over()
        expected = (0, 1, 3) if asked_to_stop else (0, 1)
        assert not over or self.sender.poll() in expected, f"it ended too soon:\n{self.sender.said[-3000:]}"
        self.sender.kill()
        return not over

    def _await(self, true: Callable[[], bool]) -> None:
        wait_until(lambda: true() or self.is_over(), otherwise=lambda: self.sender.said[-3000:])


def unfinished_results(folder: Path) -> set[Path]:
    """The results that are being written, or that a kill has left."""
    return set(folder.glob(".*results.csv*"))


def starting(scene: Scene) -> bool:
    """Anywhere from the first instruction to shortly after the first message."""
    time.sleep(scene.chance.uniform(0, 1.3 * scene.start_up))
    return scene.kill_all()


def enrolling(scene: Scene) -> bool:
    """While the contacts are read, or what follows upon that. (The siege has changed the file beforehand.)"""
    scene.await_ledger()
    time.sleep(scene.chance.uniform(0, 0.15))
    return scene.kill_all()


def sending(scene: Scene) -> bool:
    """In the middle of everything."""
    scene.await_messages()
    return scene.kill_all()


def writing_results(scene: Scene) -> bool:
    """After an orderly stop, while the results are written."""
    scene.await_messages()
    if not scene.is_over():
        scene.sender.signal(signal.SIGTERM)
        scene.await_results()
        time.sleep(scene.chance.uniform(0, 0.01))
    return scene.kill_all(asked_to_stop=True)


def one_worker(scene: Scene) -> bool:
    """A single worker: the other must stop in good order, and the run end by itself, with exit code 3."""
    scene.await_messages()
    workers = scene.sender.workers()
    if scene.is_over() or not workers:
        return scene.kill_all()
    with contextlib.suppress(ProcessLookupError):
        os.kill(scene.chance.choice(workers), signal.SIGKILL)
    assert scene.sender.wait() == 3, scene.sender.said[-3000:]
    scene.sender.wait_for_silence()
    return True


def only_the_parent(scene: Scene) -> bool:
    """The coordinator alone: its workers must notice, finish what is in flight, and go."""
    scene.await_messages()
    over = scene.is_over()
    if not over:
        scene.sender.signal(signal.SIGKILL)
    scene.sender.wait()
    scene.sender.wait_for_silence()
    return not over


def _touched(ledger: Path) -> tuple[int, ...]:
    """Something that changes as soon as a run writes into its ledger."""
    found = []
    for path in (ledger, Path(f"{ledger}-wal")):
        try:
            status = path.stat()
            found += [status.st_mtime_ns, status.st_size]
        except FileNotFoundError:
            found += [0, 0]
    return tuple(found)
