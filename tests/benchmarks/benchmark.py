"""What the parts of the benchmark share: the senders, the workloads, the runs, and the report that grows."""

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from tests.benchmarks import table
from tests.benchmarks.ours import Campaign
from tests.benchmarks.own_sink import build, running_own_sink
from tests.benchmarks.receivers import SMTP_SINK, Kind
from tests.benchmarks.rivals import SmtpSource, go_peer, nodemailer_peer, smtplib_peer
from tests.benchmarks.runs import Job, Run, interleaved
from tests.benchmarks.senders import Sender
from tests.benchmarks.startup import StartUp
from tests.benchmarks.targets import Target
from tests.benchmarks.verify import DifferentWorkloadError, verify
from tests.benchmarks.workload import write

PEERS = ("smtp-source", "smtplib", "go", "nodemailer")
ROUND_TRIP = 0.040
OURS = "campaign"
_QUIET = 0.1
"""Cores that others may keep busy before a run is worth a word."""


@dataclass(slots=True, kw_only=True)
class Report:
    """What has been measured so far."""

    sections: list[str] = field(default_factory=list)
    targets: list[Target] = field(default_factory=list)
    runs: list[Run] = field(default_factory=list)
    startup: StartUp | None = None
    faults: list[str] = field(default_factory=list)

    def add_runs(self, runs: Sequence[Run]) -> None:
        """Take runs, and note those that do not count."""
        self.runs += runs
        self.faults += [f"{run.sender}, {run.connections} connections: {run.fault}" for run in runs if run.fault]


class Benchmark:
    """One command's options, senders, workloads and report."""

    def __init__(self, options: argparse.Namespace, cache: Path, scratch: Path) -> None:
        self.options = options
        self.scratch = scratch
        self.report = Report()
        self.ours: Sender | None = None if options.without_ours else Campaign()
        self.peers: list[Sender] = []
        self._cache = cache
        self._workloads: dict[int, Path] = {}

    def gather(self) -> None:
        """Build and fetch the peers that were asked for."""
        makers: dict[str, Callable[[], Sender | str]] = {
            "smtp-source": SmtpSource,
            "smtplib": smtplib_peer,
            "go": lambda: go_peer(self._cache),
            "nodemailer": lambda: nodemailer_peer(self._cache),
        }
        for name in self.options.peers:
            made = makers[name]()
            if isinstance(made, str):
                self.report.sections.append(f"Without {name}: {made}.")
            else:
                self.peers.append(made)

    def senders(self) -> list[Sender]:
        """Ours first."""
        return [*([self.ours] if self.ours else []), *self.peers]

    def verify(self) -> None:
        """See that all send the same."""
        rows = []
        for sender in self.senders():
            if not sender.personal:
                continue
            try:
                sizes = verify(sender, self.scratch)
            except DifferentWorkloadError as error:
                self.report.faults.append(str(error))
                continue
            figures = (sizes.wire, sizes.text, sizes.html)
            rows.append([sizes.sender, *(f"{figure:,.0f}" for figure in figures), sizes.encodings])
        self.report.sections.append(
            "### The same workload\n\n"
            + table.markdown(["sender", "bytes on the wire", "text", "HTML", "encodings"], rows)
        )

    def own_sink(self) -> Kind:
        """Our own sink, built if need be. Raises MissingProgramError where it can't be."""
        return Kind(name="own sink", start=partial(running_own_sink, build(self._cache)))

    def job(
        self,
        sender: Sender,
        messages: float,
        connections: int,
        round_trip: float = 0.0,
        *,
        receiver: Kind = SMTP_SINK,
        encrypted: bool = False,
    ) -> Job:
        """Say what a sender is to do in a run, and write its workload."""
        count = max(round(messages), 1)
        if count not in self._workloads:
            self._workloads[count] = write(self.scratch / f"workload-{count}", count)
        return Job(
            sender=sender,
            workload=self._workloads[count],
            messages=count,
            connections=connections,
            round_trip=round_trip,
            receiver=receiver,
            encrypted=encrypted,
        )

    def run(self, jobs: Sequence[Job], *, once: bool = False) -> list[Run]:
        """Do the jobs, interleaved, as often as was asked for; the report gets the runs."""
        repetitions = 1 if once else self.options.runs
        runs = interleaved(jobs, repetitions, self.scratch, self.options.seed, _tell)
        self.report.add_runs(runs)
        return runs


def _tell(run: Run) -> None:
    word = f"DOES NOT COUNT: {run.fault}" if run.fault else f"{run.rate:,.1f}/s, {1000 * run.cpu / run.messages:.3f} ms"
    way = f"{1000 * run.round_trip:.0f} ms, {run.receiver}{' over TLS' if run.encrypted else ''}"
    how = f"{run.messages} messages, {run.connections} connections, {way}"
    noise = f"; others kept {run.foreign:.2f} cores busy" if run.foreign > _QUIET else ""
    print(f"{run.repetition} {run.sender}: {how}: {word}{noise}", file=sys.stderr, flush=True)
