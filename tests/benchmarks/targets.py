"""What the benchmark has to show, and whether it does: one row a promise."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from tests.benchmarks.ours import in_flight_name
from tests.benchmarks.runs import Run
from tests.benchmarks.startup import StartUp
from tests.benchmarks.table import MEGABYTE, encrypted_ratios, markdown, of, ratios, spread


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A figure that must be at least, or at most, so much; None where it was not measured."""

    what: str
    bound: float
    at_least: bool
    measured: float | None
    form: str = ".2f"
    values: tuple[float, ...] = ()
    """What `measured` is the median of, where there are several."""

    @property
    def met(self) -> bool:
        """Whether it was measured and is good enough."""
        if self.measured is None:
            return False
        return self.measured >= self.bound if self.at_least else self.measured <= self.bound


def at_least(what: str, bound: float, values: Sequence[float], form: str = ".2f") -> Target:
    """The median of `values` has to be so much."""
    return _of(values, what=what, bound=bound, at_least=True, form=form)


def at_most(what: str, bound: float, values: Sequence[float], form: str = ".2f") -> Target:
    """The median of `values` may be so much."""
    return _of(values, what=what, bound=bound, at_least=False, form=form)


def loopback_targets(runs: Sequence[Run], ours: str) -> list[Target]:
    """Rates beside the quickest senders, and processor time."""
    mine = of(runs, ours)
    cpu = [1000 * run.cpu / run.messages for run in mine]
    return [
        *(
            at_least(f"loopback, ours ÷ {peer}", bound, ratios(mine, of(runs, peer), lambda run: run.rate))
            for peer, bound in (("Go, net/smtp", 1.25), ("smtp-source", 0.45))
        ),
        at_most("loopback, CPU in ms a message", 0.11, cpu, ".3f"),
    ]


def distant_targets(runs: Sequence[Run], ours: Sequence[str]) -> list[Target]:
    """Rates at the long round trip, start-up included."""
    return [
        at_least(
            f"{name}, 40 ms round trip, {connections} connections, messages/s",
            bound,
            [run.rate for run in of(runs, name, connections)],
            ",.0f",
        )
        for connections, bound in ((10, 225.0), (100, 2000.0))
        for name in ours
        if of(runs, name, connections)
    ]


def in_flight_targets(runs: Sequence[Run], server: str, bounds: Mapping[int, float]) -> list[Target]:
    """Rates while sending, at the long round trip, by how many messages are in flight on a connection."""
    return [
        at_least(
            f"{in_flight_name(depth)}, 40 ms round trip, {server}, messages/s while sending",
            bound,
            [run.sending_rate for run in of(runs, in_flight_name(depth))],
            ",.0f",
        )
        for depth, bound in bounds.items()
    ]


def tls_targets(runs: Sequence[Run], ours: str) -> list[Target]:
    """What TLS leaves of the rate in the clear."""
    return [at_least("loopback, ours over TLS ÷ in the clear", 0.85, encrypted_ratios(of(runs, ours)))]


def postfix_targets(runs: Sequence[Run], ours: str) -> list[Target]:
    """The rate that a real Postfix takes from ours, beside its own load generator's."""
    against = ratios(of(runs, ours), of(runs, "smtp-source"), lambda run: run.rate)
    return [at_least("a real Postfix, loopback, ours ÷ smtp-source", 0.9, against)]


def short_targets(runs: Sequence[Run], ours: str) -> list[Target]:
    """The rate of a short run, whole."""
    rates = [run.rate for run in of(runs, ours)]
    return [at_least("few messages, 40 ms round trip, messages/s, start-up included", 225.0, rates, ",.0f")]


def memory_targets(runs: Sequence[Run]) -> list[Target]:
    """The largest process, and how much larger it gets with ten times the contacts."""
    largest = [max(run.peaks, default=0) / MEGABYTE for run in runs if run.fault is None]
    whole = len(largest) == 2
    return [
        Target(
            what="memory, largest process, MB",
            bound=200,
            at_least=False,
            measured=max(largest) if whole else None,
            form=".0f",
        ),
        Target(
            what="memory, largest process at the most contacts ÷ at the fewest",
            bound=1.15,
            at_least=False,
            measured=largest[-1] / largest[0] if whole else None,
        ),
    ]


def startup_targets(times: StartUp) -> list[Target]:
    """Seconds until there is something to see."""
    return [
        at_most("`campaign --help`, s", 0.3, times.help),
        at_most("first message on the wire, s", 1.5, times.first_message),
    ]


def target_table(targets: Sequence[Target]) -> str:
    """One row a target."""
    return markdown(
        ["target", "bound", "measured: median (range)", "met"],
        [
            [
                target.what,
                f"{'≥' if target.at_least else '≤'} {target.bound:{target.form}}",
                _measured(target),
                "yes" if target.met else "**no**",
            ]
            for target in targets
        ],
    )


def _measured(target: Target) -> str:
    if target.values or target.measured is None:
        return spread(target.values, target.form)
    return format(target.measured, target.form)


def _of(values: Sequence[float], *, what: str, bound: float, at_least: bool, form: str) -> Target:
    middle = median(values) if values else None
    return Target(what=what, bound=bound, at_least=at_least, measured=middle, form=form, values=tuple(values))
