"""A worker's reports on their way to the run's owner on another machine: one a second, through the ledger.

What is said only once (notices, stretches of the timeline, events) is kept until then, so that none of it is lost
between two. Trouble goes at once, as the last report does. Raises nothing.
"""

from collections.abc import Callable
from dataclasses import replace

from campaign.worker.report_json import report_to_json
from campaign.worker.worker_report import WorkerReport

EVERY = 1.0
"""Seconds."""


class PublishedReports:
    """One worker's."""

    def __init__(
        self, publish: Callable[[str], None], *, also: Callable[[WorkerReport], None], clock: Callable[[], float]
    ) -> None:
        """`publish` takes a report as text, and waits for nobody; `also` hears each as it comes."""
        self._publish = publish
        self._also = also
        self._clock = clock
        self._kept = WorkerReport(settled={})
        self._next = 0.0

    def hear(self, report: WorkerReport) -> None:
        """Take the latest one; let the owner have it when it is time."""
        self._also(report)
        kept, now = self._kept, self._clock()
        whole = replace(
            report,
            notices=kept.notices + report.notices,
            timeline=kept.timeline + report.timeline,
            events=kept.events + report.events,
        )
        is_new_trouble = report.trouble != kept.trouble
        if now < self._next and not report.last and not is_new_trouble:
            self._kept = whole
            return
        self._next = now + EVERY
        self._kept = replace(report, notices=(), timeline=(), events=())
        self._publish(report_to_json(whole))
