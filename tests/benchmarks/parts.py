"""The parts of the benchmark by the names that --only takes, in the order they are measured in."""

from collections.abc import Callable

from tests.benchmarks import own_parts, sender_parts
from tests.benchmarks.benchmark import Benchmark

PARTS: dict[str, Callable[[Benchmark], None]] = {
    "loopback": sender_parts.loopback,
    "rtt": sender_parts.rtt,
    "in_flight": sender_parts.in_flight_depths,
    "tls": sender_parts.tls,
    "postfix": sender_parts.postfix,
    "short": sender_parts.short,
    "startup": own_parts.startup,
    "recovery": own_parts.recovery,
    "memory": own_parts.memory,
    "ledger": own_parts.ledger,
    "large_report": own_parts.large_report,
    "evidence": own_parts.evidence,
    "forecast": own_parts.forecast,
    "scaling": own_parts.scaling,
}
LONG = ("memory", "ledger", "large_report", "evidence", "forecast", "scaling")
"""Only where they are asked for."""
