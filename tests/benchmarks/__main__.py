"""The one command: measure, print the tables as Markdown, and keep the figures as JSON if asked.

Progress goes to stderr, tables to stdout. Exit code 1 if a run did not count, 2 if a program is missing. A target that
is missed is said in its table and is no error: a busy machine misses targets.
"""

import argparse
import json
import random
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

from tests.benchmarks.benchmark import PEERS, Benchmark
from tests.benchmarks.machine import describe
from tests.benchmarks.own_sink import cache_folder
from tests.benchmarks.parts import LONG, PARTS
from tests.benchmarks.sink import MissingProgramError, postfix_program
from tests.benchmarks.targets import target_table

_MESSAGES = 50_000
_OF_MESSAGES = f"in a loopback run ({_MESSAGES}); a share of it where a sender or the way is slow"


def _options() -> argparse.Namespace:
    options = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    options.add_argument("--messages", type=int, default=_MESSAGES, help=_OF_MESSAGES)
    options.add_argument("--runs", type=int, default=3, help="repetitions of each (3)")
    options.add_argument(
        "--only", action="append", choices=PARTS, help=f"may be given more than once (all but {', '.join(LONG)})"
    )
    options.add_argument("--verify", action="store_true", help="only see whether all senders send the same")
    options.add_argument(
        "--peers", nargs="*", choices=PEERS, default=list(PEERS), metavar="PEER", help=", ".join(PEERS)
    )
    options.add_argument("--without-ours", action="store_true", help="the peers alone")
    options.add_argument("--memory-contacts", type=int, default=100_000, help="and ten times as many (100000)")
    options.add_argument("--ledger-rows", type=int, default=200_000, help="of the large ledger (200000)")
    options.add_argument("--report-rows", type=int, default=5_000_000, help="of the large report (5000000)")
    options.add_argument("--log-lines", type=int, default=1_000_000, help="of the large mail log (1000000)")
    options.add_argument("--scaling-seconds", type=float, default=15.0, help="of each number of workers (15)")
    options.add_argument("--row-bytes", type=int, default=1_000, help="of each of them in the contacts file (1000)")
    options.add_argument("--seed", type=int, default=random.randrange(10**6), help="of the order of the runs")
    options.add_argument("--cache", type=Path, help="for what is built and fetched, and for the runs' folders")
    options.add_argument("--json", type=Path, help="write every run there, too")
    return options.parse_args()


def _measure(asked: list[str] | None, benchmark: Benchmark) -> None:
    """Measure what was asked for, or else all that this machine has the programs for."""
    for name in asked or [part for part in PARTS if part not in LONG]:
        try:
            PARTS[name](benchmark)
        except MissingProgramError as error:
            if asked:
                raise
            benchmark.report.sections.append(f"Without {name}: {error}.")


def main() -> int:
    """Measure; give the exit code."""
    options = _options()
    cache: Path = (options.cache or cache_folder()).resolve()
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache, prefix="runs-") as scratch:
        benchmark = Benchmark(options, cache, Path(scratch))
        report = benchmark.report
        try:
            postfix_program("smtp-source")
            benchmark.gather()
            print(f"order of the runs: --seed {options.seed}", file=sys.stderr)
            if options.verify:
                benchmark.verify()
            else:
                _measure(options.only, benchmark)
            machine = describe(cache, Path(scratch))
        except MissingProgramError as error:
            print(error, file=sys.stderr)
            return 2
    if report.targets:
        report.sections.append(f"### Targets\n\n{target_table(report.targets)}")
        if options.messages < _MESSAGES:
            weighs = "start-up and the first replies weigh more"
            report.sections.append(f"They are for --messages {_MESSAGES}; with {options.messages}, {weighs}.")
    print("\n\n".join([*report.sections, machine[0].upper() + machine[1:] + "."]))
    for fault in report.faults:
        print(f"does not count: {fault}", file=sys.stderr)
    if options.json:
        figures = {
            "machine": machine,
            "seed": options.seed,
            "runs": [asdict(run) for run in report.runs],
            "startup": asdict(report.startup) if report.startup else None,
            "targets": [asdict(target) | {"met": target.met} for target in report.targets],
        }
        options.json.write_text(json.dumps(figures, indent=1), encoding="utf-8")
    return 1 if report.faults else 0


if __name__ == "__main__":
    sys.exit(main())
