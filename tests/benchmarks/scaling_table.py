"""What `scaling.py` has measured, as a table, and what it has to show."""

from collections.abc import Sequence

from tests.benchmarks.scaling import POSTGRES, Stage
from tests.benchmarks.table import markdown
from tests.benchmarks.targets import Target


def scaling_table(stages: Sequence[Stage]) -> str:
    """One row a stage."""
    header = [
        "ledger",
        "workers",
        "messages/s",
        "÷ linear",
        "database, µs a message",
        "ours, µs a message",
        "busy cores",
    ]
    return markdown(
        header,
        [
            [
                one.ledger,
                str(one.workers),
                f"{one.rate:,.0f}",
                f"{_of_linear(one, stages):.2f}",
                "" if one.database is None else f"{1e6 * one.database:.0f}",
                f"{1e6 * one.ours:.0f}",
                f"{one.busy:.2f}",
            ]
            for one in stages
            if one.fault is None
        ],
    )


def scaling_targets(stages: Sequence[Stage]) -> list[Target]:
    """Linear as far as the machine's cores go; what the database uses."""
    shared = [one for one in stages if one.ledger == POSTGRES and one.fault is None]
    found = [
        Target(
            what=f"{one.workers} workers ÷ {one.workers} times one worker",
            bound=0.9,
            at_least=True,
            measured=_of_linear(one, stages),
        )
        for one in shared
        if one.workers > 1
    ]
    cost = max((1e6 * one.database for one in shared if one.database is not None), default=None)
    what = "the database's processor time, µs a message, at most"
    return [*found, Target(what=what, bound=100, at_least=False, measured=cost, form=".0f")]


def _of_linear(stage: Stage, stages: Sequence[Stage]) -> float:
    one = next((one.rate for one in stages if one.ledger == stage.ledger and one.workers == 1), None)
    return stage.rate / (stage.workers * one) if one else float("nan")
