"""What `campaign check` forecasts, held against the send that follows: against a server a known way off.

Takes a folder; gives a `Pair` for each kind of server and setting. The way is the relay's, the server smtp-sink. Both
the forecast and the run are those of the real commands; a run's seconds are what `send --json` says.

Limits: smtp-sink takes no time to accept a message, which is what a forecast can't know.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from tests.benchmarks.ours import Campaign
from tests.benchmarks.senders import Task
from tests.benchmarks.sink import running_sink
from tests.benchmarks.table import markdown
from tests.benchmarks.targets import Target
from tests.benchmarks.way import way_to
from tests.benchmarks.workload import write

WITHIN = 0.15
_CONNECTIONS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A server, and how it is used."""

    name: str
    messages: int
    round_trip: float
    pipelining: bool = True
    rate: float | None = None
    first: int = 0
    """Messages that are sent before the forecast, so that it knows what the server takes to accept one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """What was said before, and what it was; seconds. None: it came to nothing."""

    case: Case
    forecast: float | None
    real: float | None
    round_trip: float | None
    """As it was measured."""

    @property
    def ratio(self) -> float | None:
        """Forecast ÷ real."""
        return None if self.forecast is None or not self.real else self.forecast / self.real


CASES = (
    Case(name="40 ms", messages=3_000, round_trip=0.040),
    Case(name="100 ms", messages=3_000, round_trip=0.100),
    Case(name="40 ms, without PIPELINING", messages=1_500, round_trip=0.040, pipelining=False),
    Case(name="100 ms, without PIPELINING", messages=750, round_trip=0.100, pipelining=False),
    Case(name="40 ms, 100 a second", messages=3_000, round_trip=0.040, rate=100.0),
    Case(name="40 ms, after 200 messages", messages=3_000, round_trip=0.040, first=200),
)


def pairs(scratch: Path, cases: Sequence[Case] = CASES) -> list[Pair]:
    """Forecast and send them all, one after the other."""
    return [_pair(case, scratch) for case in cases]


def _pair(case: Case, scratch: Path) -> Pair:
    with (
        tempfile.TemporaryDirectory(dir=scratch) as aside,
        tempfile.TemporaryDirectory(dir=scratch) as folder,
        running_sink(Path(aside), *(() if case.pipelining else ("-p",))) as sink,
        way_to(sink.port, case.round_trip) as way,
    ):
        task = Task(
            workload=write(Path(aside) / "workload", case.messages),
            messages=case.messages,
            port=way.port,
            connections=_CONNECTIONS,
            folder=Path(folder),
        )
        send = Campaign().prepare(task)
        settings = Path(folder) / "campaign.toml"
        if case.rate is not None:
            settings.write_text(f"{settings.read_text('utf-8')}rate = {case.rate:g}\n", "utf-8")
        check = [sys.executable, "-m", "campaign", "check", str(settings), "--json"]
        if case.first:
            _said([*send.arguments, "--limit", str(case.first), "--json"], send.environment, folder)
        told = _said(check, send.environment, folder)
        ended = _said([*send.arguments, "--json"], send.environment, folder)
    found = told.get("forecast") or {}
    seconds = None
    if found.get("ends_at"):
        seconds = (
            datetime.fromisoformat(found["ends_at"]) - datetime.fromisoformat(found["begins_at"])
        ).total_seconds()
    complete = ended.get("sent_now") == case.messages - case.first
    return Pair(
        case=case,
        forecast=seconds,
        real=ended["seconds"] if complete else None,
        round_trip=next((one["round_trip"] for one in found.get("servers", ())), None),
    )


def _said(words: Sequence[str], environment: dict[str, str], folder: str) -> dict[str, Any]:
    done = subprocess.run(words, env=environment, cwd=folder, capture_output=True, text=True, check=False)
    try:
        found: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        return {}
    return found


def forecast_table(seen: Sequence[Pair]) -> str:
    """One row a case."""

    def number(value: float | None, form: str) -> str:
        return "—" if value is None else format(value, form)

    return markdown(
        ["round trip", "messages", "forecast, s", "real, s", "÷", "measured round trip, ms"],
        [
            [
                pair.case.name,
                f"{pair.case.messages:,}",
                number(pair.forecast, ".1f"),
                number(pair.real, ".1f"),
                number(pair.ratio, ".2f"),
                number(None if pair.round_trip is None else 1000 * pair.round_trip, ".1f"),
            ]
            for pair in seen
        ],
    )


def forecast_targets(seen: Sequence[Pair]) -> list[Target]:
    """How far off the forecast is."""
    return [
        Target(
            what=f"forecast, {pair.case.name}: off by",
            bound=WITHIN,
            at_least=False,
            measured=None if pair.ratio is None else abs(1 - pair.ratio),
        )
        for pair in seen
    ]
