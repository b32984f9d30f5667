"""The processes of a run: one worker in this process, or several of their own.

A worker process gets its `Job` and the ledger's lock over a pipe, so nobody else can begin a run while it lives; it
sends `WorkerReport`s back, and drains when it is told to, when it gets SIGTERM, or when the pipe closes because its
parent is gone. It is forked where that is safe, which is before there are threads, an open ledger or pandas: it then
has all that it needs, and nothing else.
"""

import contextlib
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkProcess
from multiprocessing.reduction import recv_handle, send_handle

from campaign.core_dumps import switch_off_core_dumps
from campaign.run.fresh_process import FreshProcess
from campaign.run.shutdown import ShutdownSignals
from campaign.worker.job import Job
from campaign.worker.worker import Worker
from campaign.worker.worker_report import StopReason, WorkerReport

_DRAIN = "drain"


class WorkerPool:
    """The workers of a run. Made before the ledger is opened: SQLite forbids to carry an open one into a fork."""

    def __init__(self, processes: int, *, may_fork: bool = True, here: bool = True) -> None:
        """`processes` of 0: others elsewhere do it all. `may_fork`: this process holds nothing that a copy of it should
        not. `here`: where there is one worker, it is this process.
        """
        forks = may_fork and sys.platform == "linux" and threading.active_count() == 1
        self._alone = processes == 1 and here
        self._here: Worker | None = None
        self._members: list[WorkerProcess] = []
        for _ in range(0 if self._alone else processes):
            self._members.append(WorkerProcess([member.pipe for member in self._members], forks=forks))

    @property
    def apart(self) -> bool:
        """Whether this process is not itself a worker."""
        return not self._alone

    @property
    def processes(self) -> "list[ForkProcess | FreshProcess]":
        """Those of the workers."""
        return [member.process for member in self._members]

    def work(
        self,
        job: Job,
        lock: int | None,
        signals: ShutdownSignals,
        report: Callable[[Sequence[WorkerReport]], None],
        tick: Callable[[], None],
        *,
        stops_all: Callable[[StopReason], bool] = lambda _: True,
    ) -> None:
        """Do the job; `report` hears the latest report of every worker, `tick` is called about four times a second.

        `lock` is the descriptor that holds the ledger's lock, where one does. `stops_all` says whether the others stop,
        too, for the trouble of one.
        """
        if self._alone:
            self._work_here(job, signals, report, tick)
            return
        for member, share in zip(self._members, job.shares(len(self._members)), strict=True):
            member.begin(share, lock)
        signals.on_ask.append(self.drain)
        signals.on_insist.append(self._kill)
        if signals.asked:
            self.drain()
        latest = [WorkerReport(settled={}) for _ in self._members]
        next_tick = 0.0
        while any(not one.last for one in latest):
            for index, news in self._hear(latest):
                before = latest[index]
                latest[index] = replace(
                    news,
                    notices=before.notices + news.notices,
                    timeline=before.timeline + news.timeline,
                    events=before.events + news.events,
                )
                if news.trouble is not None and stops_all(news.trouble):
                    self.drain()
            now = time.monotonic()
            if now >= next_tick or all(one.last for one in latest):
                next_tick = now + 0.25
                report(latest)
                latest = [told(one) for one in latest]
                tick()

    def dismiss(self) -> None:
        """Let go of workers that were never given a job, and wait for the others to end."""
        for member in self._members:
            member.pipe.close()
        for member in self._members:
            member.process.join()

    def _work_here(
        self,
        job: Job,
        signals: ShutdownSignals,
        report: Callable[[Sequence[WorkerReport]], None],
        tick: Callable[[], None],
    ) -> None:
        def hear(news: WorkerReport) -> None:
            report([news])
            tick()

        self._here = worker = Worker(job, hear)
        signals.on_ask.append(worker.drain)
        if signals.asked:
            worker.drain()
        worker.run()

    def _hear(self, latest: Sequence[WorkerReport]) -> Iterator[tuple[int, WorkerReport]]:
        """The reports that have come; a worker that ended without its last one gets one that says so."""
        pipes = {member.pipe: index for index, member in enumerate(self._members) if not latest[index].last}
        for pipe in wait(list(pipes), timeout=0.25):
            assert isinstance(pipe, Connection)
            index = pipes[pipe]
            try:
                yield index, pipe.recv()
            except (EOFError, OSError):  # nothing more, or half a report
                process = self._members[index].process
                process.join()
                code = process.exitcode or 0
                how = f"by signal {-code}" if code < 0 else f"with code {code}"
                yield (
                    index,
                    WorkerReport(
                        settled=latest[index].settled,
                        trouble=StopReason(
                            what=f"a worker process ended {how}; what it had in flight is in doubt",
                            fix="look for the reason (out of memory?), then run the same command again",
                            reason="worker_died",
                        ),
                        last=True,
                    ),
                )

    def drain(self) -> None:
        """Let the workers begin no more messages."""
        if self._here is not None:
            self._here.drain()
        for member in self._members:
            member.drain()

    def _kill(self) -> None:
        for member in self._members:
            member.process.kill()


class WorkerProcess:
    """One worker process and the pipe to it. `others` are this process's pipes to those begun before it."""

    def __init__(self, others: Sequence[Connection], *, forks: bool) -> None:
        self.pipe, theirs = multiprocessing.Pipe()
        self.process: ForkProcess | FreshProcess
        if forks:
            context = multiprocessing.get_context("fork")
            self.process = context.Process(target=serve, args=(theirs, [*others, self.pipe]), daemon=True)
            self.process.start()
        else:
            self.process = FreshProcess(theirs, self.pipe)
        theirs.close()
        self._drained = False

    def begin(self, job: Job, lock: int | None) -> None:
        """Give it its job, and the descriptor that holds the ledger's lock."""
        with contextlib.suppress(OSError):  # it has died: reading from it will tell
            self.pipe.send((job, lock is not None))
            if lock is not None:
                send_handle(self.pipe, lock, self.process.pid)

    def drain(self) -> None:
        """Let it begin no more messages."""
        if not self._drained:
            self._drained = True
            with contextlib.suppress(OSError):
                self.pipe.send(_DRAIN)


def told(report: WorkerReport) -> WorkerReport:
    """The report without what needs to be said only once."""
    return replace(report, notices=(), timeline=(), events=())


def serve(pipe: Connection, inherited: Sequence[Connection] = ()) -> None:
    """A worker process. A pipe that a fork has copied into it would hide its parent's end: it closes them."""
    switch_off_core_dumps()  # one that was spawned inherits no more than the limit
    for number in (signal.SIGINT, signal.SIGHUP):  # a terminal sends them to us all; the parent decides
        signal.signal(number, signal.SIG_IGN)
    for copy in inherited:
        copy.close()
    try:
        job, locked = pipe.recv()
        lock = recv_handle(pipe) if locked else None
    except (EOFError, OSError):
        return
    assert isinstance(job, Job)

    def send(report: WorkerReport) -> None:
        with contextlib.suppress(OSError):  # the parent is gone: the ledger still has it all
            pipe.send(report)

    worker = Worker(job, send)
    signal.signal(signal.SIGTERM, lambda *_: worker.drain())
    worker.loop.watch(pipe.fileno(), worker.drain)
    worker.run()
    if lock is not None:
        os.close(lock)
