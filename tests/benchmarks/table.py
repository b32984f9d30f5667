"""Runs → Markdown tables, ready for the guide's page on speed.

A figure is the median of its runs, and their range behind it. A ratio is taken pair by pair, between two runs of the
same repetition, so that what the machine was doing meanwhile falls out.
"""

from collections.abc import Callable, Iterable, Sequence
from statistics import median

from tests.benchmarks.runs import Run
from tests.benchmarks.startup import StartUp

MEGABYTE = 1_000_000


def spread(values: Sequence[float], form: str = ",.0f") -> str:
    """Write a median and its range.

    >>> spread([3100.4, 2900, 3000])
    '3,000 (2,900–3,100)'
    >>> spread([0.15], ".2f"), spread([])
    ('0.15', '—')
    """
    if not values:
        return "—"
    middle = format(median(values), form)
    low, high = format(min(values), form), format(max(values), form)
    return middle if low == high else f"{middle} ({low}–{high})"


def markdown(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Lay out a table, its first column to the left and the others to the right.

    >>> print(markdown(["sender", "msg/s"], [["ours", "9"]]))
    | sender | msg/s |
    | --- | ---: |
    | ours | 9 |
    """
    lines = [header, ["---", *["---:"] * (len(header) - 1)], *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def ratios(ours: Iterable[Run], theirs: Iterable[Run], figure: Callable[[Run], float]) -> list[float]:
    """Divide ours by theirs, repetition by repetition; only where both count."""
    counted = {run.repetition: figure(run) for run in theirs if run.fault is None}
    return [figure(run) / counted[run.repetition] for run in ours if run.fault is None and run.repetition in counted]


def of(runs: Iterable[Run], sender: str, connections: int | None = None) -> list[Run]:
    """Pick a sender's runs that count, at a number of connections if one is given."""
    return [
        run for run in runs if run.fault is None and run.sender == sender and connections in (None, run.connections)
    ]


def _is(ours: str, sender: str) -> bool:
    """Whether it is ours, with whatever settings: nobody to be compared with."""
    return sender.partition(",")[0] == ours


def loopback_table(runs: Sequence[Run], ours: str) -> str:
    """One row a sender, the quickest first."""
    rows = []
    for sender in sorted({run.sender for run in runs}, key=lambda name: -_typical_rate(of(runs, name))):
        mine = of(runs, sender)
        rows.append(
            [
                sender,
                *_size(mine),
                spread([run.rate for run in mine]),
                "" if _is(ours, sender) else spread(ratios(of(runs, ours), mine, lambda run: run.rate), ".2f"),
                spread([1000 * run.cpu / run.messages for run in mine], ".3f"),
                spread([len(run.peaks) for run in mine]),
                spread([max(run.peaks, default=0) / MEGABYTE for run in mine]),
                spread([1000 * run.receiver_cpu / run.messages for run in mine], ".3f"),
            ]
        )
    header = ["sender", "connections", "messages", "messages/s", "ours ÷ this", "CPU, ms a message"]
    return markdown([*header, "processes", "largest, MB", "server's CPU, ms a message"], rows)


def distant_table(runs: Sequence[Run], ours: str) -> str:
    """One row a sender and number of connections: whole command, and while sending."""
    rows = []
    for connections, sender in sorted({(run.connections, run.sender) for run in runs}):
        mine = of(runs, sender, connections)
        against = ratios(of(runs, ours, connections), mine, lambda run: run.sending_rate)
        rows.append(
            [
                sender,
                *_size(mine),
                spread([run.rate for run in mine], ",.1f"),
                spread([run.sending_rate for run in mine], ",.1f"),
                spread([run.sending_rate * run.round_trip / run.connections for run in mine], ".2f"),
                "" if _is(ours, sender) else spread(against, ".2f"),
                spread([1000 * run.cpu / run.messages for run in mine], ".3f"),
            ]
        )
    header = ["sender", "connections", "messages", "messages/s, start-up included", "messages/s while sending"]
    return markdown([*header, "messages a round trip and connection", "ours ÷ this", "CPU, ms a message"], rows)


def encrypted_ratios(runs: Iterable[Run]) -> list[float]:
    """Divide a sender's rates over TLS by those in the clear, repetition by repetition."""
    runs = list(runs)
    return ratios(
        [run for run in runs if run.encrypted], [run for run in runs if not run.encrypted], lambda run: run.rate
    )


def tls_table(runs: Sequence[Run], ours: str) -> str:
    """One row a sender, the quickest over TLS first: rate and processor time, in the clear and over TLS."""
    clear, secret = [run for run in runs if not run.encrypted], [run for run in runs if run.encrypted]
    rows = []
    for sender in sorted({run.sender for run in runs}, key=lambda name: -_typical_rate(of(secret, name))):
        both = of(clear, sender), of(secret, sender)
        against = ratios(of(secret, ours), both[1], lambda run: run.rate)
        rows.append(
            [
                sender,
                *_size([*both[1], *both[0]]),
                *(spread([run.rate for run in mine]) for mine in both),
                spread(encrypted_ratios(of(runs, sender)), ".2f"),
                "" if _is(ours, sender) else spread(against, ".2f"),
                *(spread([1000 * run.cpu / run.messages for run in mine], ".3f") for mine in both),
                *(spread([1000 * run.receiver_cpu / run.messages for run in mine], ".3f") for mine in both),
            ]
        )
    header = ["sender", "connections", "messages", "messages/s in the clear", "over TLS", "TLS ÷ clear"]
    more = ["ours ÷ this, over TLS", "CPU, ms a message, in the clear", "over TLS"]
    return markdown([*header, *more, "server's CPU, ms a message, in the clear", "over TLS"], rows)


def memory_table(runs: Sequence[Run]) -> str:
    """One row a run: each process by itself."""
    rows = [
        [
            f"{run.messages:,}",
            " + ".join(f"{peak / MEGABYTE:.0f}" for peak in run.peaks),
            f"{run.wall:,.1f}",
            f"{run.rate:,.0f}",
            f"{1000 * run.cpu / run.messages:.3f}",
        ]
        for run in runs
        if run.fault is None
    ]
    return markdown(
        ["contacts", "peak of each process, MB", "seconds", "messages/s", "CPU, ms a message"],
        rows,
    )


def startup_table(times: StartUp, small: int) -> str:
    """Seconds, three rows."""
    rows = [
        ["`campaign --help`", spread(times.help, ".2f")],
        [f"first message on the wire, {small} contacts", spread(times.first_message, ".2f")],
        [f"`campaign send`, {small} contacts, whole", spread(times.whole, ".2f")],
    ]
    return markdown(["", "seconds"], rows)


def relay_share(runs: Sequence[Run]) -> str:
    """Say how near the relay came to being what is measured."""
    most = max((run.relay_cpu / (run.sending or run.wall) for run in runs), default=0.0)
    return f"The relay kept at most {most:.2f} of a core busy."


def noise(runs: Sequence[Run]) -> str:
    """Say how quiet the machine was."""
    worst = max((run.foreign for run in runs), default=0.0)
    return f"Other processes kept at most {worst:.2f} cores busy during a run."


def _size(runs: Sequence[Run]) -> tuple[str, str]:
    if not runs:
        return "—", "—"
    return str(runs[0].connections), f"{runs[0].messages:,}"


def _typical_rate(runs: Sequence[Run]) -> float:
    return median([run.rate for run in runs]) if runs else 0.0
