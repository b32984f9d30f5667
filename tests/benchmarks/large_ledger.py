"""A large ledger by the real command, which is killed twice: how long one waits for its figures, and what it takes.

    send ─▶ killed while it reads the contacts ─▶ send again ─▶ killed once it has read them ─▶ status, results, send

Takes a folder and the size; gives what was seen. Raises `FailedError` where a command does not do its part. Limits:
most rows are never sent, and a WAL is looked at only every few milliseconds.
"""

import contextlib
import os
import signal
import sqlite3
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from campaign.ledger.sqlite.files import wal_file
from tests.benchmarks.ours import Campaign
from tests.benchmarks.runs import execute
from tests.benchmarks.senders import Command, Task
from tests.benchmarks.sink import Sink, running_sink
from tests.benchmarks.table import MEGABYTE, markdown
from tests.benchmarks.targets import Target
from tests.benchmarks.workload import write

_INTERVAL = 0.005
_PATIENCE = 3_600.0
"""Seconds: between two looks, and for which there may be nothing to see."""
_SETTLED = 2.5
"""Seconds: a file that has just been changed is not remembered (`campaign.contacts.recollection`)."""
_MUCH = 0.6
"""Of the ledger's size: what it has when the first run is killed."""


class FailedError(Exception):
    """A command did not do its part; says which."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LargeLedger:
    """What was seen. Seconds and bytes."""

    rows: int
    row_bytes: int
    size: int
    """Of the ledger, when all is over."""
    reading: float
    """From the start of the run that goes on with the reading, to the reading's end."""
    first_message_reading: float
    first_message: float
    """From the command's start after a kill, while the contacts were read and behind that."""
    status_running: float
    """While a run goes on that reads."""
    status: float
    results: float
    results_peak: int
    """Resident memory."""
    longest_wal: int
    final_wal: int


def measure(scratch: Path, *, rows: int, row_bytes: int) -> LargeLedger:
    """Make it, and see."""
    with tempfile.TemporaryDirectory(dir=scratch) as name, running_sink(Path(name)) as sink:
        folder = Path(name) / "run"
        folder.mkdir()
        workload = write(Path(name) / "workload", rows, row_bytes=row_bytes)
        send = Campaign().prepare(Task(workload=workload, messages=rows, port=sink.port, connections=50, folder=folder))
        (workload / "contacts.csv").unlink()  # it was copied
        time.sleep(_SETTLED)
        ledger = folder / "benchmark.ledger"
        with _watching(wal_file(ledger)) as longest_wal:
            with _running(send):
                _await(lambda: _size(ledger) > _MUCH * rows * row_bytes, "the ledger to grow")
            with _running(send) as began:
                first_message_reading = _first_message(sink, began)
                status_running = _asked(send, "status")
                _await(lambda: _is_read(ledger), "the contacts to be read", every=0.2)
                reading = time.perf_counter() - began
            status = min(_asked(send, "status") for _ in range(3))
            results = execute(_command(send, "results"), _PATIENCE)
            if results.fault:
                raise FailedError(f"campaign results: {results.fault}")
            with _running(send, end=signal.SIGTERM) as began:
                first_message = _first_message(sink, began)
        return LargeLedger(
            rows=rows,
            row_bytes=row_bytes,
            size=_size(ledger),
            reading=reading,
            first_message_reading=first_message_reading,
            first_message=first_message,
            status_running=status_running,
            status=status,
            results=results.wall,
            results_peak=max(results.peaks),
            longest_wal=longest_wal[0],
            final_wal=_size(wal_file(ledger)),
        )


def ledger_table(seen: LargeLedger) -> str:
    """One row a figure."""
    return markdown(
        [f"{seen.rows:,} rows of {seen.row_bytes:,} bytes", ""],
        [
            ["`status`, s", f"{seen.status:.2f}"],
            ["`status` while a run reads the contacts, s", f"{seen.status_running:.2f}"],
            ["`results`, s", f"{seen.results:.1f}"],
            ["`results`, MB of memory", f"{seen.results_peak / MEGABYTE:.0f}"],
            ["killed while it read: first message of the next run, s", f"{seen.first_message_reading:.2f}"],
            ["killed while it read: the rest is read, s", f"{seen.reading:.1f}"],
            ["killed later: first message of the next run, s", f"{seen.first_message:.2f}"],
            ["the longest the WAL has been, MB", f"{seen.longest_wal / MEGABYTE:.0f}"],
            ["WAL at the end, MB", f"{seen.final_wal / MEGABYTE:.0f}"],
            ["ledger, MB", f"{seen.size / MEGABYTE:,.0f}"],
        ],
    )


def ledger_targets(seen: LargeLedger) -> list[Target]:
    """What must not grow with the ledger."""
    what = f"ledger of {seen.rows:,} rows"
    figures = (
        ("`status`, s", 1.0, seen.status),
        ("`status` while a run goes on, s", 1.0, seen.status_running),
        ("first message after a kill while it read, s", 3.0, seen.first_message_reading),
        ("first message after a kill, s", 3.0, seen.first_message),
        ("longest WAL, MiB", 128.0, seen.longest_wal / 2**20),
    )
    return [
        Target(what=f"{what}, {name}", bound=bound, at_least=False, measured=measured)
        for name, bound, measured in figures
    ]


def _command(send: Command, verb: str) -> Command:
    """The same campaign, asked for something else."""
    arguments = tuple(verb if word == "send" else word for word in send.arguments if word != "--yes")
    return Command(arguments=arguments, environment=send.environment, folder=send.folder)


def _asked(send: Command, verb: str) -> float:
    answered = execute(_command(send, verb), _PATIENCE)
    if answered.fault:
        raise FailedError(f"campaign {verb}: {answered.fault}")
    return answered.wall


@contextlib.contextmanager
def _running(send: Command, *, end: signal.Signals = signal.SIGKILL) -> Iterator[float]:
    """Run it for as long as the block lasts, then end all its processes. Gives the moment of its start."""
    began = time.perf_counter()
    process = subprocess.Popen(
        send.arguments, env=send.environment, cwd=send.folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    try:
        yield began
        if process.poll() is not None:
            raise FailedError(f"campaign send has ended by itself, with {process.returncode}")
        os.killpg(process.pid, end)
        process.wait(_PATIENCE)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _first_message(sink: Sink, began: float) -> float:
    time.sleep(_INTERVAL)
    known = sink.counted(0)
    _await(lambda: sink.counted(0) > known, "a message")
    return time.perf_counter() - began


def _is_read(ledger: Path) -> bool:
    with contextlib.closing(sqlite3.connect(f"{ledger.as_uri()}?mode=ro", uri=True)) as database:
        return database.execute("SELECT 1 FROM facts WHERE name = 'digest'").fetchone() is not None


def _await(happens: Callable[[], bool], what: str, *, every: float = _INTERVAL) -> None:
    deadline = time.monotonic() + _PATIENCE
    while not happens():
        if time.monotonic() > deadline:
            raise FailedError(f"waited in vain for {what}")
        time.sleep(every)


@contextlib.contextmanager
def _watching(path: Path) -> Iterator[list[int]]:
    """Gives the largest size of a file, kept up to date for as long as the block lasts."""
    largest = [0]
    over = threading.Event()

    def look() -> None:
        while not over.wait(_INTERVAL):
            largest[0] = max(largest[0], _size(path))

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield largest
    finally:
        over.set()
        thread.join()


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
