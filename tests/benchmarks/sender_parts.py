"""The parts of the benchmark that set senders beside each other, ours among them: each a workload, a server, runs.

Each takes the `Benchmark` and adds to its report. Raises MissingProgramError where the server can't be had.
"""

from pathlib import Path

from tests.benchmarks import table
from tests.benchmarks.benchmark import OURS, ROUND_TRIP, Benchmark
from tests.benchmarks.ours import Campaign, in_flight
from tests.benchmarks.real_postfix import running_postfix
from tests.benchmarks.receivers import Kind
from tests.benchmarks.rivals import SmtpSource, smtplib_peer
from tests.benchmarks.senders import Sender
from tests.benchmarks.targets import (
    distant_targets,
    in_flight_targets,
    loopback_targets,
    postfix_targets,
    short_targets,
    tls_targets,
)
from tests.benchmarks.way import probe

IN_MEMORY = Path("/dev/shm")
"""A tmpfs on every Linux: a ledger there is never waited for."""
DEPTHS = (1, 4, 8)
"""Messages in flight on a connection."""
FEW = 10
"""Connections, as many as our default."""
_SHORT = 3_000


def loopback(benchmark: Benchmark) -> None:
    """All senders, each with the connections that suit it best."""
    jobs = [
        benchmark.job(sender, benchmark.options.messages * sender.share, sender.best) for sender in benchmark.senders()
    ]
    runs = benchmark.run(jobs)
    benchmark.report.sections.append(
        f"### Loopback, start-up included\n\n{table.loopback_table(runs, OURS)}\n\n{table.noise(runs)}"
    )
    if benchmark.ours:
        benchmark.report.targets += loopback_targets(runs, OURS)


def rtt(benchmark: Benchmark) -> None:
    """All senders at ten and at a hundred connections; ours also with its ledger where nobody waits for a disk."""
    senders = benchmark.senders()
    names = [OURS]
    if benchmark.ours and IN_MEMORY.is_dir():
        names.append(f"{OURS}, ledger on a tmpfs")
        senders.append(Campaign(name=names[1], scratch=IN_MEMORY))
    all_messages = benchmark.options.messages
    jobs = [
        benchmark.job(sender, messages * sender.distant_share, connections, ROUND_TRIP)
        for connections, messages in ((FEW, all_messages * 3 // 50), (100, all_messages * 2 // 5))
        for sender in senders
    ]
    typical, worst = probe(ROUND_TRIP, benchmark.scratch)
    way = f"A NOOP by the relay took {1000 * typical:.1f} ms (median), {1000 * worst:.1f} ms (worst)."
    runs = benchmark.run(jobs)
    benchmark.report.sections.append(
        f"### 40 ms round trip\n\n{table.distant_table(runs, OURS)}\n\n{way} {table.noise(runs)}"
    )
    if benchmark.ours:
        benchmark.report.targets += distant_targets(runs, names)


def in_flight_depths(benchmark: Benchmark) -> None:
    """Ours, with ever more messages in flight on each of ten connections, at the long round trip."""
    if not benchmark.ours:
        return
    receiver = benchmark.own_sink()
    jobs = [
        benchmark.job(sender, _distant_messages(benchmark, depth), FEW, ROUND_TRIP, receiver=receiver)
        for depth, sender in _depths()
    ]
    runs = benchmark.run(jobs)
    benchmark.report.sections.append(
        f"### In flight, 40 ms round trip, our own sink\n\n{table.distant_table(runs, OURS)}\n\n"
        f"{table.relay_share(runs)} {table.noise(runs)}"
    )
    benchmark.report.targets += in_flight_targets(runs, "our own sink", {1: 235.0, 8: 1500.0})


def tls(benchmark: Benchmark) -> None:
    """Those who can, over STARTTLS and in the clear, on loopback; ours with messages in flight, too."""
    receiver = benchmark.own_sink()
    senders = [sender for sender in benchmark.senders() if sender.can_encrypt]
    if benchmark.ours:
        senders.append(in_flight(DEPTHS[-1]))
    jobs = [
        benchmark.job(
            sender, benchmark.options.messages * sender.share, sender.best, receiver=receiver, encrypted=encrypted
        )
        for sender in senders
        for encrypted in (False, True)
    ]
    runs = benchmark.run(jobs)
    benchmark.report.sections.append(
        f"### TLS by STARTTLS, loopback, start-up included, our own sink\n\n{table.tls_table(runs, OURS)}\n\n"
        f"{table.noise(runs)}"
    )
    if benchmark.ours:
        benchmark.report.targets += tls_targets(runs, OURS)


def postfix(benchmark: Benchmark) -> None:
    """A real Postfix: with and without messages in flight beside others on loopback, then at the long round trip."""
    receiver = Kind(name="Postfix", start=running_postfix)
    messages = benchmark.options.messages * 2 / 5
    everybody = SmtpSource(name="smtp-source, a recipient each", recipients=True)
    senders: list[Sender] = [SmtpSource(), everybody, smtplib_peer()]
    if benchmark.ours:
        senders += [benchmark.ours, in_flight(DEPTHS[-1])]
    near = benchmark.run([benchmark.job(sender, messages * sender.share, FEW, receiver=receiver) for sender in senders])
    benchmark.report.sections.append(
        f"### A real Postfix, queue on a tmpfs, loopback, start-up included\n\n{table.loopback_table(near, OURS)}\n\n"
        f"{table.noise(near)}"
    )
    if not benchmark.ours:
        return
    jobs = [
        benchmark.job(sender, _distant_messages(benchmark, depth), FEW, ROUND_TRIP, receiver=receiver)
        for depth, sender in _depths()
    ]
    far = benchmark.run(jobs)
    benchmark.report.sections.append(
        f"### A real Postfix, 40 ms round trip\n\n{table.distant_table(far, OURS)}\n\n{table.noise(far)}"
    )
    benchmark.report.targets += postfix_targets(near, OURS)
    benchmark.report.targets += in_flight_targets(far, "Postfix", {8: 800.0})


def short(benchmark: Benchmark) -> None:
    """Ours, with few messages: start-up and the last ones weigh more."""
    if not benchmark.ours:
        return
    receiver = benchmark.own_sink()
    jobs = [
        benchmark.job(sender, _SHORT, FEW, ROUND_TRIP, receiver=receiver)
        for sender in (benchmark.ours, in_flight(DEPTHS[-1]))
    ]
    runs = benchmark.run(jobs)
    benchmark.report.sections.append(
        f"### {_SHORT:,} messages, 40 ms round trip, our own sink\n\n{table.distant_table(runs, OURS)}\n\n"
        f"{table.noise(runs)}"
    )
    benchmark.report.targets += short_targets(runs, OURS)


def _depths() -> list[tuple[int, Sender]]:
    return [(depth, in_flight(depth)) for depth in DEPTHS]


def _distant_messages(benchmark: Benchmark, depth: int) -> float:
    """About as many seconds at every depth."""
    messages: int = benchmark.options.messages
    return messages * 3 / 50 * depth
