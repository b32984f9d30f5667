"""How a run over a shared ledger grows with its workers, at a long round trip; and what it costs the database.

Each worker is a process of its own (`campaign send --processes 1`, and `campaign work` for all but the first) with ten
connections; SQLite, beside it, has as many processes of one `campaign send`. Measured is the steady state: after all
have their connections, over some seconds, by what the sink has counted, and by processor time.

Takes a folder; gives a `Stage` for each number of workers and kind of ledger. A stage counts only if the ledger's
`sent` are exactly what the sink counted, once all have stopped in order. Raises `FailedError`.

Limits: everything is on one machine, sink and relay included. Where `busy` comes near its cores, it is the machine that
is measured.
"""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from campaign.ledger_place import DatabasePlace
from tests.benchmarks.large_ledger import FailedError
from tests.benchmarks.ours import Campaign
from tests.benchmarks.processes import cpu_seconds, family, machine_busy_seconds
from tests.benchmarks.senders import Command, Task
from tests.benchmarks.sink import Sink, running_sink
from tests.benchmarks.way import way_to
from tests.benchmarks.workload import write
from tests.crashes.standing import read_standing as read_file
from tests.postgres.cluster import Cluster, cluster
from tests.postgres.standing import at_work
from tests.postgres.standing import read_standing as read_database

WORKERS = (1, 2, 4, 8)
CONNECTIONS = 10
"""A worker's."""
_PER_ROUND_TRIP = 1.3
"""Messages of one connection, at most: so many contacts are needed."""
_SETTLE = 5.0
"""Seconds after the first message until all connections are at work."""
_PATIENCE = 120.0
SQLITE, POSTGRES = "SQLite", "PostgreSQL"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """What came of one number of workers."""

    ledger: str
    workers: int
    rate: float
    """Messages a second."""
    database: float | None
    """Seconds of the database's processor time a message; None without one."""
    ours: float
    """The same of all of the campaign's own processes."""
    busy: float
    """Cores of the machine at work, by whomever."""
    fault: str | None
    """Why it does not count."""


def measure(scratch: Path, *, round_trip: float, seconds: float, workers: Sequence[int] = WORKERS) -> list[Stage]:
    """Measure each number of workers, over both ledgers, one after the other; each over so many seconds."""
    done = []
    with cluster("max_connections=200", "shared_buffers=256MB") as server:
        for number in workers:
            rows = round(number * CONNECTIONS * _PER_ROUND_TRIP / round_trip * (seconds + 3 * _SETTLE + number))
            workload = write(scratch / f"scaling-{number}", rows)
            for ledger in (SQLITE, POSTGRES):
                with tempfile.TemporaryDirectory(dir=scratch) as folder:
                    kind = _Shared(server, f"scaling_{number}") if ledger == POSTGRES else None
                    done.append(_stage(Path(folder), workload, number, round_trip, seconds, kind))
                    print(done[-1], file=sys.stderr, flush=True)
    return done


class _Shared:
    """A new database for one stage."""

    def __init__(self, server: Cluster, name: str) -> None:
        self.server = server
        self.url = server.url(name)
        self.place = DatabasePlace(url=self.url, campaign="benchmark")
        with psycopg.connect(server.url(), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())

    def cpu(self) -> float:
        """Processor time that the server's processes have used."""
        return sum(map(cpu_seconds, family(self.server.pid)))


def _stage(
    folder: Path, workload: Path, workers: int, round_trip: float, seconds: float, shared: _Shared | None
) -> Stage:
    with running_sink(folder) as sink, way_to(sink.port, round_trip) as way, ExitStack() as stack:
        messages = sum(1 for _ in (workload / "contacts.csv").open(encoding="utf-8")) - 1
        own = folder / "campaign"
        own.mkdir()
        task = Task(workload=workload, messages=messages, port=way.port, connections=workers * CONNECTIONS, folder=own)
        running = [_start(one, folder, stack) for one in _commands(Campaign().prepare(task), workers, shared)]
        _await(lambda: sink.counted(0) > 0, running, folder)
        if shared is not None:
            place = shared.place
            _await(lambda: len(at_work(place)) >= workers, running, folder)
        time.sleep(_SETTLE)
        began, before = time.monotonic(), _look(sink, running, shared)
        time.sleep(seconds)
        took, after = time.monotonic() - began, _look(sink, running, shared)
        if any(process.poll() is not None for process in running):
            raise FailedError(f"it ended too soon:\n{_said(folder)}")
        for process in running:
            process.send_signal(signal.SIGTERM)
        for process in running:
            process.wait(_PATIENCE)
        standing = read_database(shared.place) if shared else read_file(own / "benchmark.ledger")
        accepted = sink.counted(standing.counts["sent"])
    sent = after.sent - before.sent
    is_true = accepted == standing.counts["sent"] and not standing.doubtful
    return Stage(
        ledger=POSTGRES if shared else SQLITE,
        workers=workers,
        rate=sent / took,
        database=(after.database - before.database) / sent if shared else None,
        ours=(after.ours - before.ours) / sent,
        busy=(after.busy - before.busy) / took,
        fault=None if is_true else f"the sink counted {accepted}, the ledger says {dict(standing.counts)}",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Look:
    sent: int
    database: float
    ours: float
    busy: float


def _look(sink: Sink, running: Sequence["subprocess.Popen[bytes]"], shared: _Shared | None) -> _Look:
    return _Look(
        sent=sink.counted(0),
        database=shared.cpu() if shared else 0.0,
        ours=sum(cpu_seconds(pid) for process in running for pid in family(process.pid)),
        busy=machine_busy_seconds(),
    )


def _commands(send: Command, workers: int, shared: _Shared | None) -> Iterator[Command]:
    processes = workers if shared is None else 1
    arguments = (*send.arguments, "--processes", str(processes))
    yield Command(arguments=arguments, environment=send.environment, folder=send.folder)
    if shared is None:
        return
    with (send.folder / "campaign.toml").open("a", encoding="utf-8") as settings:
        settings.write(f'\n[ledger]\nurl = "{shared.url}"\n')
    joining = (*send.arguments[:3], "work", "--ledger", shared.url, "--campaign", "benchmark", "--wait", "5m")
    for _ in range(workers - 1):
        yield Command(arguments=joining, environment=send.environment, folder=send.folder)


def _start(command: Command, folder: Path, stack: ExitStack) -> "subprocess.Popen[bytes]":
    with (folder / f"said-{time.monotonic_ns()}.txt").open("wb") as said:
        process = subprocess.Popen(
            command.arguments,
            env=command.environment,
            cwd=command.folder,
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
            process_group=0,
        )
    stack.enter_context(_killed_at_the_end(process))
    return process


@contextmanager
def _killed_at_the_end(process: "subprocess.Popen[bytes]") -> Iterator[None]:
    try:
        yield
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _await(true: Callable[[], bool], running: Sequence["subprocess.Popen[bytes]"], folder: Path) -> None:
    end = time.monotonic() + _PATIENCE
    while not true():
        if time.monotonic() > end or any(process.poll() is not None for process in running):
            raise FailedError(f"it did not begin:\n{_said(folder)}")
        time.sleep(0.05)


def _said(folder: Path) -> str:
    return "\n".join(said.read_text("utf-8", "replace")[-1000:] for said in sorted(folder.glob("said-*.txt")))
