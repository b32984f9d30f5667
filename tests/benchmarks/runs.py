"""One measured run: a fresh server, a sender, the clock; and whether the run counts.

A run counts if the sender ended with exit code 0, the server counted exactly the messages asked for, and what the
sender left behind says the same. The clock runs from before the process is started until it has ended.
"""

import os
import random
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.processes import Watch, cpu_seconds, machine_busy_seconds
from tests.benchmarks.receivers import SMTP_SINK, Kind
from tests.benchmarks.senders import Command, Sender, Task
from tests.benchmarks.way import way_to

_LIMIT = 1800.0
"""Seconds after which a run is given up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What a sender is asked to do in a run; `round_trip` is in seconds, 0 for plain loopback."""

    sender: Sender
    workload: Path
    messages: int
    connections: int
    round_trip: float = 0.0
    receiver: Kind = SMTP_SINK
    encrypted: bool = False
    """Over TLS, by STARTTLS."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What came of it. Times are seconds, memory is bytes; `foreign` is how many cores somebody else kept busy."""

    sender: str
    repetition: int
    messages: int
    connections: int
    round_trip: float
    receiver: str
    encrypted: bool
    wall: float
    sending: float | None
    """From the first connection to the last byte, where the relay saw it: `wall` without start and end."""
    cpu: float
    peaks: tuple[int, ...]
    """Peak resident memory of each of the sender's processes, largest first."""
    receiver_cpu: float
    relay_cpu: float
    foreign: float
    fault: str | None
    """Why it does not count."""

    @property
    def rate(self) -> float:
        """Messages a second, start-up included."""
        return self.messages / self.wall

    @property
    def sending_rate(self) -> float:
        """Messages a second from the first connection to the last byte; `rate` where that was not seen."""
        return self.messages / (self.sending or self.wall)


def interleaved(
    jobs: Sequence[Job], repetitions: int, scratch: Path, seed: int, tell: Callable[[Run], None]
) -> list[Run]:
    """Do each job once in every repetition, in a fresh random order each time; `tell` hears of each run at once."""
    chance = random.Random(seed)
    done = []
    for repetition in range(1, repetitions + 1):
        for job in chance.sample(jobs, len(jobs)):
            done.append(run(job, repetition, scratch))
            tell(done[-1])
    return done


def run(job: Job, repetition: int, scratch: Path) -> Run:
    """Measure one run."""
    with (
        tempfile.TemporaryDirectory(dir=scratch) as aside,
        tempfile.TemporaryDirectory(dir=job.sender.scratch or scratch) as folder,
        job.receiver.start(Path(aside)) as receiver,
        way_to(receiver.port, job.round_trip) as way,
    ):
        task = Task(
            workload=job.workload,
            messages=job.messages,
            port=way.port,
            connections=job.connections,
            folder=Path(folder),
            certificate=receiver.certificate if job.encrypted else None,
        )
        command = job.sender.prepare(task)
        receiver_cpu, relay_cpu = receiver.cpu(), cpu_seconds(way.pid)
        busy, own = machine_busy_seconds(), time.process_time()
        finished = execute(command, _LIMIT)
        own, busy = time.process_time() - own, machine_busy_seconds() - busy
        receiver_cpu, relay_cpu = receiver.cpu() - receiver_cpu, cpu_seconds(way.pid) - relay_cpu
        counted = receiver.counted(0 if finished.fault else job.messages)
        carried = way.finish()
        fault = finished.fault
        if fault is None and counted != job.messages:
            fault = f"{job.receiver.name} counted {counted} messages"
        if fault is None:
            fault = job.sender.fault(task)
    return Run(
        sender=job.sender.name,
        repetition=repetition,
        messages=job.messages,
        connections=job.connections,
        round_trip=job.round_trip,
        receiver=job.receiver.name,
        encrypted=job.encrypted,
        wall=finished.wall,
        sending=carried,
        cpu=finished.cpu,
        peaks=finished.peaks,
        receiver_cpu=receiver_cpu,
        relay_cpu=relay_cpu,
        foreign=max(0.0, busy - own - finished.cpu - receiver_cpu - relay_cpu) / finished.wall,
        fault=fault,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """A command that has ended: seconds, bytes, and what went wrong."""

    wall: float
    cpu: float
    peaks: tuple[int, ...]
    fault: str | None


def execute(command: Command, limit: float) -> Finished:
    """Run a command to its end, or for `limit` seconds, and measure it."""
    with tempfile.TemporaryFile() as complaints:
        began = time.perf_counter()
        process = subprocess.Popen(
            command.arguments,
            env=command.environment,
            cwd=command.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=complaints,
        )
        with Watch(process.pid, limit=limit) as watch:
            # Unlike Popen.wait(), this tells what this child and its own children used, and nobody else's.
            _, status, usage = os.wait4(process.pid, 0)
            wall = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        complaints.seek(0)
        said = complaints.read().decode("utf-8", "replace").strip()
    fault = None
    if watch.expired:
        fault = f"it did not end within {limit:.0f} s"
    elif process.returncode:
        fault = f"exit code {process.returncode}: {said[-500:]}"
    used = watch.usage(usage.ru_utime + usage.ru_stime)
    return Finished(wall=wall, cpu=used.cpu, peaks=used.peaks, fault=fault)
