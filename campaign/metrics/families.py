"""The metrics of a run, as families that `prometheus_client` writes. Names begin with `campaign_`, each sample is
labelled with the campaign's name, and nothing of a contact is in any of them.

Takes a `RunNow`, and at the end the counts of all rows and the exit code. Raises nothing. Imports `prometheus_client`,
so only whoever wants metrics may import this.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric

from campaign.model import Status
from campaign.run_now import RunNow

_SETTLED = (Status.SENT, Status.REJECTED, Status.FAILED, Status.IN_DOUBT, Status.INVALID)
"""What a run can make of a contact: each is there from the beginning, so that its increase can be seen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunEnd:
    """How a run ended."""

    at: float
    """Unix seconds."""
    exit_code: int
    counts: Mapping[str, int]
    """All rows by status."""


class RunFamilies:
    """A collector of one campaign's."""

    def __init__(self, campaign: str) -> None:
        self.now: RunNow | None = None
        self.end: RunEnd | None = None
        self._campaign = campaign

    def collect(self) -> Iterator[Metric]:
        """Give them as they are now."""
        if self.now is not None:
            yield from self._of_run(self.now)
        if self.end is not None:
            yield self._gauge("run_finished_timestamp_seconds", "When the run ended.", self.end.at)
            words = "Exit code of the run: 0 nothing left to do, 1 rows need a look, 3 stopped before the end."
            yield self._gauge("run_exit_code", words, self.end.exit_code)
            if not self.end.counts:
                return
            rows = self._labelled("rows", "Rows of the contacts file by status, at the end of the run.", "status")
            for status in Status:
                rows.add_metric([self._campaign, status.value], self.end.counts.get(status.value, 0))
            yield rows

    def _of_run(self, now: RunNow) -> Iterator[Metric]:
        yield self._gauge("run_updated_timestamp_seconds", "When the run last told how it goes.", now.at)
        if now.started_at is not None:
            yield self._gauge("run_started_timestamp_seconds", "When the run began to send.", now.started_at)
        yield self._gauge("run_waiting", "1 while the run may not begin anything yet.", now.phase == "waiting")
        yield self._gauge("run_contacts", "Contacts that the run set out to mail.", now.total)
        settled = CounterMetricFamily(
            "campaign_run_settled", "Contacts that the run has come to an end with, by status.",
            labels=["campaign", "status"],
        )  # fmt: skip
        for status in _SETTLED:
            settled.add_metric([self._campaign, status.value], now.settled.get(status.value, 0))
        yield settled
        yield self._gauge("run_under_way", "Messages that are being sent.", now.under_way)
        yield self._gauge("run_deferred", "Contacts that are to be tried again.", now.deferred)
        if now.next_try_at is not None:
            yield self._gauge("run_next_try_timestamp_seconds", "When the first of them is due.", now.next_try_at)
        yield self._gauge("run_rate", "Contacts settled a second, over the last seconds.", now.rate)
        if now.servers:
            yield from self._of_servers(now)
        if now.window_closes_at is not None:
            yield self._gauge("run_window_closes_timestamp_seconds", "When the window closes.", now.window_closes_at)

    def _of_servers(self, now: RunNow) -> Iterator[Metric]:
        is_open = self._labelled("run_connections", "Connections that are open, by server.", "server")
        limit = self._labelled("run_connections_limit", "Connections that the server was seen to take.", "server")
        for server in now.servers:
            is_open.add_metric([self._campaign, server.name], server.connections)
            limit.add_metric([self._campaign, server.name], server.limit)
        yield is_open
        yield limit
        throttled = self._labelled("run_throttled", "1 while the server has the run go slower.", "server")
        rate = self._labelled("run_throttled_rate", "Messages a second that throttling leaves.", "server")
        out = self._labelled("run_server_out", "1 while the server gets no mail.", "server")
        for server in now.servers:
            throttled.add_metric([self._campaign, server.name], float(server.slowed_to is not None))
            out.add_metric([self._campaign, server.name], float(bool(server.out)))
            if server.slowed_to is not None:
                rate.add_metric([self._campaign, server.name], server.slowed_to)
        yield throttled
        yield rate
        yield out

    def _labelled(self, name: str, words: str, label: str) -> GaugeMetricFamily:
        return GaugeMetricFamily(f"campaign_{name}", words, labels=["campaign", label])

    def _gauge(self, name: str, words: str, value: float) -> GaugeMetricFamily:
        family = GaugeMetricFamily(f"campaign_{name}", words, labels=["campaign"])
        family.add_metric([self._campaign], float(value))
        return family
