"""What a server's throttling comes to over all processes: said when it begins, when it changes a good deal, and when it
is over.

Takes the workers' reports, in order, with monotonic seconds; gives changes. Each worker tells of each slow-down, and a
server that is felt for its limit slows each of them down every few seconds: that is one state, and no news.
Raises nothing.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from campaign.run.live_state import first, reports_of
from campaign.worker.worker_report import WorkerReport

Limit = Literal["rate", "connections"]

_CHANGE = 2.0
"""By what factor the rate must differ from what was told before it is told again."""
_SETTLE = 3.0
"""Seconds without throttling until it is over: longer than a server needs to complain again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Throttle:
    """A change."""

    limit: Limit
    server: str = ""
    """Its name, where there are several."""
    over: bool = False
    """Whether there is no such limit any more."""
    to: float | None
    """Messages a second, or connections, that are left; None: as many as can be."""
    why: str = ""
    """What the server said."""

    def words(self) -> str:
        """Say it."""
        return f"{self.server}: {self._words()}" if self.server else self._words()

    def _words(self) -> str:
        if self.limit == "rate":
            if self.over:
                return "the server takes mail at full speed again"
            now = "" if self.to is None else f"; now {self.to:.1f} messages a second"
            return f"the server asks to slow down ({self.why}){now}"
        counted = f"{self.to or 0:.0f} connection{'' if self.to == 1 else 's'}"
        if self.over:
            return f"the server takes as many connections as before: {counted}"
        return f"the server wants fewer connections ({self.why}); now at most {counted}"


class Throttling:
    """One run's, of one server: `name` is what it is called where there are several, otherwise ""; `connections`: that
    all processes together may have to it.
    """

    def __init__(self, name: str, connections: int) -> None:
        self._name = name
        self._most = connections
        self._told: dict[Limit, float] = {}
        self._quiet_since: dict[Limit, float] = {}

    def changes(self, reports: Sequence[WorkerReport], now: float) -> Iterator[Throttle]:
        """Give what is new since the last time."""
        for change in self._changes(reports, now):
            yield replace(change, server=self._name)

    def _changes(self, workers: Sequence[WorkerReport], now: float) -> Iterator[Throttle]:
        asked = {one.ends_with for report in workers for one in report.notices if one.server == self._name}
        reports = reports_of(self._name, workers)
        rates = [report.rate for report in reports if report.rate is not None]
        if rates or "rate" in asked:
            rate = sum(rates) if rates else None
            if self._is_news("rate", rate):
                yield Throttle(limit="rate", to=rate, why=first(report.slowed_by for report in reports))
        elif self._is_over("rate", now):
            yield Throttle(limit="rate", over=True, to=None)
        connections, why = sum(report.limit for report in reports), first(report.fewer_by for report in reports)
        if "connections" in asked or (why and connections < self._most):
            if connections < self._told.get("connections", float("inf")):
                self._told["connections"] = connections
                yield Throttle(limit="connections", to=connections, why=why)
            self._quiet_since.pop("connections", None)
        elif self._is_over("connections", now):
            yield Throttle(limit="connections", over=True, to=connections)

    def _is_news(self, limit: Limit, rate: float | None) -> bool:
        self._quiet_since.pop(limit, None)
        told = self._told.get(limit)
        if told is not None and (rate is None or told / _CHANGE < rate < told * _CHANGE):
            return False
        self._told[limit] = rate or 0.0
        return True

    def _is_over(self, limit: Limit, now: float) -> bool:
        if limit not in self._told or now - self._quiet_since.setdefault(limit, now) < _SETTLE:
            return False
        del self._told[limit], self._quiet_since[limit]
        return True
