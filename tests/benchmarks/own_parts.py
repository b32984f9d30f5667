"""The parts of the benchmark that look at ours alone: memory, start-up, throttling, large ledgers, many workers.

Each takes the `Benchmark` and adds to its report; nothing where ours is not asked for.
"""

from collections.abc import Callable
from typing import TypeVar

from tests.benchmarks import table
from tests.benchmarks.benchmark import ROUND_TRIP, Benchmark
from tests.benchmarks.forecast import forecast_table, forecast_targets, pairs
from tests.benchmarks.large_evidence import evidence_table, evidence_targets
from tests.benchmarks.large_evidence import measure as measure_evidence
from tests.benchmarks.large_ledger import FailedError, ledger_table, ledger_targets
from tests.benchmarks.large_ledger import measure as measure_ledger
from tests.benchmarks.large_report import measure as measure_report
from tests.benchmarks.large_report import report_table, report_targets
from tests.benchmarks.recovery import encounters, recovery_table, recovery_targets
from tests.benchmarks.scaling import measure as measure_scaling
from tests.benchmarks.scaling_table import scaling_table, scaling_targets
from tests.benchmarks.startup import SMALL, measure
from tests.benchmarks.targets import Target, memory_targets, startup_targets

_Seen = TypeVar("_Seen")


def memory(benchmark: Benchmark) -> None:
    """Ours, once with some contacts and once with ten times as many."""
    if not benchmark.ours:
        return
    fewest = benchmark.options.memory_contacts
    runs = benchmark.run(
        [benchmark.job(benchmark.ours, count, benchmark.ours.best) for count in (fewest, 10 * fewest)], once=True
    )
    runs.sort(key=lambda run: run.messages)
    benchmark.report.sections.append(f"### Memory\n\n{table.memory_table(runs)}")
    benchmark.report.targets += memory_targets(runs)


def startup(benchmark: Benchmark) -> None:
    """Ours: the help, and the first message of a small campaign."""
    if not benchmark.ours:
        return
    times = measure(benchmark.ours, benchmark.scratch)
    benchmark.report.startup = times
    if times.fault:
        benchmark.report.faults.append(times.fault)
    benchmark.report.sections.append(f"### Start-up\n\n{table.startup_table(times, SMALL)}")
    benchmark.report.targets += startup_targets(times)


def recovery(benchmark: Benchmark) -> None:
    """Ours, against servers that throttle."""
    if not benchmark.ours:
        return
    met = encounters(benchmark.scratch, limit=100.0, messages=2_500)
    benchmark.report.faults += [f"{one.name}: not everybody was sent" for one in met if one.accepted != one.messages]
    benchmark.report.sections.append(f"### Throttling\n\n{recovery_table(met)}")
    benchmark.report.targets += recovery_targets(met)


def forecast(benchmark: Benchmark) -> None:
    """Ours: what it says of a run, and the run."""
    if not benchmark.ours:
        return
    seen = pairs(benchmark.scratch)
    benchmark.report.faults += [f"forecast, {pair.case.name}: no pair" for pair in seen if pair.ratio is None]
    benchmark.report.sections.append(f"### Forecast and send\n\n{forecast_table(seen)}")
    benchmark.report.targets += forecast_targets(seen)


def ledger(benchmark: Benchmark) -> None:
    """Ours, with a large ledger, killed twice."""
    rows, row_bytes = benchmark.options.ledger_rows, benchmark.options.row_bytes
    _part(
        benchmark,
        "A large ledger",
        lambda: measure_ledger(benchmark.scratch, rows=rows, row_bytes=row_bytes),
        ledger_table,
        ledger_targets,
    )


def large_report(benchmark: Benchmark) -> None:
    """The page of a very large run."""
    rows = benchmark.options.report_rows
    measured = benchmark.scratch / "large-report"
    _part(benchmark, "The report of a large run", lambda: measure_report(measured, rows), report_table, report_targets)


def evidence(benchmark: Benchmark) -> None:
    """A large mail log, and a large campaign that it settles."""
    lines = benchmark.options.log_lines
    measured = benchmark.scratch / "evidence"
    _part(benchmark, "A large mail log", lambda: measure_evidence(measured, lines), evidence_table, evidence_targets)


def scaling(benchmark: Benchmark) -> None:
    """Ours, over a shared ledger, with ever more workers."""
    seconds = benchmark.options.scaling_seconds
    stages = _part(
        benchmark,
        "Several workers, 40 ms round trip",
        lambda: measure_scaling(benchmark.scratch, round_trip=ROUND_TRIP, seconds=seconds),
        scaling_table,
        scaling_targets,
    )
    benchmark.report.faults += [
        f"{one.workers} workers, {one.ledger}: {one.fault}" for one in stages or () if one.fault
    ]


def _part(
    benchmark: Benchmark,
    title: str,
    measured: Callable[[], _Seen],
    table_of: Callable[[_Seen], str],
    targets_of: Callable[[_Seen], list[Target]],
) -> _Seen | None:
    """Measure something of ours, and tell it; None where it failed, or ours is not asked for."""
    if not benchmark.ours:
        return None
    try:
        seen = measured()
    except FailedError as error:
        benchmark.report.faults.append(str(error))
        return None
    benchmark.report.sections.append(f"### {title}\n\n{table_of(seen)}")
    benchmark.report.targets += targets_of(seen)
    return seen
