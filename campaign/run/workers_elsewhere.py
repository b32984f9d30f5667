"""What the ledger tells of the workers of a run that are not its owner's own processes.

Asked about once a second (`look`). Gives their reports as the owner's own come by pipe, what an operator would want to
know of their coming and going, and whether anybody is at work at all. Raises LedgerError.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from campaign.ledger.interface import SharedRun, WorkerNow
from campaign.run.worker_pool import told
from campaign.worker.report_json import report_from_json
from campaign.worker.worker_report import WorkerReport

_NOTHING = WorkerReport(settled={})


@dataclass(slots=True)
class _Known:
    """A worker, as it was at the last look."""

    name: str = ""
    """In words."""
    state: str = ""
    text: str = ""
    report: WorkerReport = _NOTHING
    before: Counter[str] = field(default_factory=Counter)
    """What it had settled for an owner before this one."""


class WorkersElsewhere:
    """Those of one run."""

    def __init__(self, shared: SharedRun, *, is_ours: Callable[[str, int], bool]) -> None:
        """`is_ours` says whether a process, by host and number, is the owner's own: that one reports by pipe."""
        self._shared = shared
        self._is_ours = is_ours
        self._known: dict[int, _Known] = {}
        self._new_here = True
        self.ending = False
        """Whether all have been told to stop: then it is no news of one."""
        self.at_work = True
        """Whether any worker is, the owner's own as well; until the first look that is not known."""
        self.names: frozenset[str] = frozenset()
        """What those that are at work are called by whoever placed them."""

    @property
    def finished(self) -> bool:
        """Whether one has come to the end of the run: nothing was left for it to do, now or later."""
        return any(came_to_the_end(known.report) for known in self._known.values() if known.state == "left")

    def look(self) -> list[str]:
        """Ask. Gives what is worth a notice."""
        self._shared.call_lost()
        workers = self._shared.workers()
        elsewhere = [worker for worker in workers if not self._is_ours(worker.host, worker.pid)]
        words = list(self._changes(elsewhere))
        if self._new_here and self._shared.adopted is not None:  # what has been is its first owner's
            for known in self._known.values():
                known.before = Counter(known.report.settled)
            words = []
        self._new_here = False
        for number, text in self._shared.news():
            if number in self._known:
                self._hear(self._known[number], text)
        self.at_work = any(worker.state == "working" for worker in workers)
        self.names = frozenset(worker.name for worker in elsewhere if worker.name and worker.state == "working")
        return words

    def reports(self) -> list[WorkerReport]:
        """Give the latest of each; what has to be said only once is in one of them."""
        latest = [
            replace(known.report, settled=dict(Counter(known.report.settled) - known.before))
            for known in self._known.values()
        ]
        for known in self._known.values():
            known.report = told(known.report)
        return latest

    def _changes(self, workers: list[WorkerNow]) -> Iterable[str]:
        joined: list[WorkerNow] = []
        for worker in workers:
            known = self._known.setdefault(worker.number, _Known(name=named(worker)))
            if worker.report and worker.report != known.text:
                known.text = worker.report
                once = known.report
                known.report = replace(  # what is said only once comes by `news`
                    report_from_json(worker.report), notices=once.notices, timeline=once.timeline, events=once.events
                )
            before, known.state = known.state, worker.state
            if worker.state != "working":
                known.report = replace(known.report, connections=0, under_way=0, deferred=0, last=True)
            if before == worker.state or (not before and worker.state != "working"):
                continue
            if worker.state == "lost":
                yield (
                    f"{named(worker)} has not been heard of for a while: what it had begun is in doubt until it comes "
                    "back with the server's replies, its other rows go to others"
                )
            elif worker.state == "left" and known.report.left_early and not self.ending:
                yield f"{named(worker)} has been told to stop; its rows go to others"
            elif worker.state == "working" and before:
                yield f"{named(worker)} is back"
            elif worker.state == "working":
                joined.append(worker)
        if joined:
            number = sum(worker.state == "working" for worker in workers)
            yield f"{', '.join(map(named, joined))} joined the run; {number:,} at work elsewhere"

    def _hear(self, known: _Known, text: str) -> None:
        told_now, before = report_from_json(text), known.report
        known.report = replace(
            before,
            notices=before.notices + tuple(notice._replace(by=known.name) for notice in told_now.notices),
            timeline=before.timeline + told_now.timeline,
            events=before.events + told_now.events,
        )


def named(worker: WorkerNow) -> str:
    """Say which it is."""
    process = f"process {worker.pid} on {worker.host}"
    return f"worker {worker.name} ({process})" if worker.name else f"the worker that is {process}"


def came_to_the_end(report: WorkerReport) -> bool:
    """Whether this is the last word of a worker that found nothing more to do for anybody."""
    return report.last and not report.left_early and report.trouble is None
