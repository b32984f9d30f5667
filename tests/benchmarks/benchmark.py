"""The parts of the benchmark: which senders, which workloads, in which runs, and what is said of them."""

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from tests.benchmarks import table
from tests.benchmarks.forecast import forecast_table, forecast_targets, pairs
from tests.benchmarks.large_evidence import evidence_table, evidence_targets
from tests.benchmarks.large_evidence import measure as measure_evidence
from tests.benchmarks.large_ledger import FailedError, ledger_table, ledger_targets
from tests.benchmarks.large_ledger import measure as measure_ledger
from tests.benchmarks.large_report import measure as measure_report
from tests.benchmarks.large_report import report_table, report_targets
from tests.benchmarks.ours import Campaign
from tests.benchmarks.recovery import encounters, recovery_table, recovery_targets
from tests.benchmarks.rivals import SmtpSource, go_peer, nodemailer_peer, smtplib_peer
from tests.benchmarks.runs import Job, Run, interleaved
from tests.benchmarks.scaling import measure as measure_scaling
from tests.benchmarks.scaling_table import scaling_table, scaling_targets
from tests.benchmarks.senders import Sender
from tests.benchmarks.startup import SMALL, StartUp, measure
from tests.benchmarks.targets import Target, distant_targets, loopback_targets, memory_targets, startup_targets
from tests.benchmarks.verify import DifferentWorkloadError, verify
from tests.benchmarks.way import probe
from tests.benchmarks.workload import write

_Seen = TypeVar("_Seen")

PARTS = (
    "loopback",
    "rtt",
    "startup",
    "recovery",
    "memory",
    "ledger",
    "large_report",
    "evidence",
    "forecast",
    "scaling",
)
LONG = ("memory", "ledger", "large_report", "evidence", "forecast", "scaling")
"""Only where they are asked for."""
PEERS = ("smtp-source", "smtplib", "go", "nodemailer")
ROUND_TRIP = 0.040
_QUIET = 0.1
"""Cores that others may keep busy before a run is worth a word."""
IN_MEMORY = Path("/dev/shm")
"""A tmpfs on every Linux: a ledger there is never waited for."""


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
    """The parts of the benchmark, with what they share."""

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

    def loopback(self) -> None:
        """All senders, each with the connections that suit it best."""
        jobs = [
            self._job(sender, round(self.options.messages * sender.share), sender.best) for sender in self.senders()
        ]
        runs = self._run(jobs)
        self.report.sections.append(
            f"### Loopback, start-up included\n\n{table.loopback_table(runs, 'campaign')}\n\n{table.noise(runs)}"
        )
        if self.ours:
            self.report.targets += loopback_targets(runs, "campaign")

    def rtt(self) -> None:
        """All senders at ten and at a hundred connections; ours also with its ledger where nobody waits for a disk."""
        senders = self.senders()
        names = ["campaign"]
        if self.ours and IN_MEMORY.is_dir():
            names.append("campaign, ledger on a tmpfs")
            senders.append(Campaign(name=names[1], scratch=IN_MEMORY))
        jobs = [
            self._job(sender, round(messages * sender.distant_share), connections, ROUND_TRIP)
            for connections, messages in ((10, self.options.messages * 3 // 50), (100, self.options.messages * 2 // 5))
            for sender in senders
        ]
        typical, worst = probe(ROUND_TRIP, self.scratch)
        way = f"A NOOP by the relay took {1000 * typical:.1f} ms (median), {1000 * worst:.1f} ms (worst)."
        runs = self._run(jobs)
        self.report.sections.append(
            f"### 40 ms round trip\n\n{table.distant_table(runs, 'campaign')}\n\n{way} {table.noise(runs)}"
        )
        if self.ours:
            self.report.targets += distant_targets(runs, names)

    def memory(self) -> None:
        """Ours, once with some contacts and once with ten times as many."""
        if not self.ours:
            return
        fewest = self.options.memory_contacts
        runs = self._run([self._job(self.ours, count, self.ours.best) for count in (fewest, 10 * fewest)], once=True)
        runs.sort(key=lambda run: run.messages)
        self.report.sections.append(f"### Memory\n\n{table.memory_table(runs)}")
        self.report.targets += memory_targets(runs)

    def startup(self) -> None:
        """Ours: the help, and the first message of a small campaign."""
        if not self.ours:
            return
        times = measure(self.ours, self.scratch)
        self.report.startup = times
        if times.fault:
            self.report.faults.append(times.fault)
        self.report.sections.append(f"### Start-up\n\n{table.startup_table(times, SMALL)}")
        self.report.targets += startup_targets(times)

    def recovery(self) -> None:
        """Ours, against servers that throttle."""
        if not self.ours:
            return
        met = encounters(self.scratch, limit=100.0, messages=2_500)
        self.report.faults += [f"{one.name}: not everybody was sent" for one in met if one.accepted != one.messages]
        self.report.sections.append(f"### Throttling\n\n{recovery_table(met)}")
        self.report.targets += recovery_targets(met)

    def forecast(self) -> None:
        """Ours: what it says of a run, and the run."""
        if not self.ours:
            return
        seen = pairs(self.scratch)
        self.report.faults += [f"forecast, {pair.case.name}: no pair" for pair in seen if pair.ratio is None]
        self.report.sections.append(f"### Forecast and send\n\n{forecast_table(seen)}")
        self.report.targets += forecast_targets(seen)

    def ledger(self) -> None:
        """Ours, with a large ledger, killed twice."""
        rows, row_bytes = self.options.ledger_rows, self.options.row_bytes
        self._part(
            "A large ledger",
            lambda: measure_ledger(self.scratch, rows=rows, row_bytes=row_bytes),
            ledger_table,
            ledger_targets,
        )

    def large_report(self) -> None:
        """The page of a very large run."""
        rows = self.options.report_rows
        measured = self.scratch / "large-report"
        self._part("The report of a large run", lambda: measure_report(measured, rows), report_table, report_targets)

    def evidence(self) -> None:
        """A large mail log, and a large campaign that it settles."""
        lines = self.options.log_lines
        measured = self.scratch / "evidence"
        self._part("A large mail log", lambda: measure_evidence(measured, lines), evidence_table, evidence_targets)

    def scaling(self) -> None:
        """Ours, over a shared ledger, with ever more workers."""
        seconds = self.options.scaling_seconds
        stages = self._part(
            "Several workers, 40 ms round trip",
            lambda: measure_scaling(self.scratch, round_trip=ROUND_TRIP, seconds=seconds),
            scaling_table,
            scaling_targets,
        )
        self.report.faults += [f"{one.workers} workers, {one.ledger}: {one.fault}" for one in stages or () if one.fault]

    def _part(
        self,
        title: str,
        measured: Callable[[], _Seen],
        table_of: Callable[[_Seen], str],
        targets_of: Callable[[_Seen], list[Target]],
    ) -> _Seen | None:
        """Measure something of ours, and tell it; None where it failed, or ours is not asked for."""
        if not self.ours:
            return None
        try:
            seen = measured()
        except FailedError as error:
            self.report.faults.append(str(error))
            return None
        self.report.sections.append(f"### {title}\n\n{table_of(seen)}")
        self.report.targets += targets_of(seen)
        return seen

    def _job(self, sender: Sender, messages: int, connections: int, round_trip: float = 0.0) -> Job:
        messages = max(messages, 1)
        if messages not in self._workloads:
            self._workloads[messages] = write(self.scratch / f"workload-{messages}", messages)
        return Job(
            sender=sender,
            workload=self._workloads[messages],
            messages=messages,
            connections=connections,
            round_trip=round_trip,
        )

    def _run(self, jobs: Sequence[Job], *, once: bool = False) -> list[Run]:
        repetitions = 1 if once else self.options.runs
        runs = interleaved(jobs, repetitions, self.scratch, self.options.seed, _tell)
        self.report.add_runs(runs)
        return runs


def _tell(run: Run) -> None:
    word = f"DOES NOT COUNT: {run.fault}" if run.fault else f"{run.rate:,.1f}/s, {1000 * run.cpu / run.messages:.3f} ms"
    how = f"{run.messages} messages, {run.connections} connections, {1000 * run.round_trip:.0f} ms"
    noise = f"; others kept {run.foreign:.2f} cores busy" if run.foreign > _QUIET else ""
    print(f"{run.repetition} {run.sender}: {how}: {word}{noise}", file=sys.stderr, flush=True)
