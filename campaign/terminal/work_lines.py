"""What a worker for a run elsewhere says: plain lines, few of them, as log collectors like them.

Says no address, no link and no secret. Raises nothing.
"""

import math
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta

from campaign.durations import brief_duration
from campaign.errors import LedgerError
from campaign.ledger.interface import RunOnRecord
from campaign.ledger_place import DatabasePlace
from campaign.run.work import WorkEnd
from campaign.smtp.session.server import in_words
from campaign.worker.job import Job
from campaign.worker.worker_report import WorkerReport

_EVERY = 30.0
"""Seconds between two lines that say how far it is."""


class WorkLines:
    """One worker's; a `WorkObserver`."""

    def __init__(
        self, place: DatabasePlace, say: Callable[[str], None], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._place = place
        self._say = say
        self._clock = clock
        self._said = ""
        self._next = 0.0

    def waiting(self, place: DatabasePlace, seconds: float) -> None:
        """Say it once."""
        if self._said != "waiting":
            self._said = "waiting"
            left = brief_duration(timedelta(seconds=math.ceil(seconds)))
            self._say(f"no run of {place.campaign} goes on yet; waiting for one to begin, up to {left}")

    def away(self, error: LedgerError) -> None:
        """Say it once."""
        if self._said != "away":
            self._said = "away"
            self._say(f"{error.what}; it is tried again")

    def joined(self, run: RunOnRecord, job: Job) -> None:
        """Say whose run it is, and where mail goes."""
        self._next = self._clock() + _EVERY
        servers = in_words([one.server for one in job.servers])
        self._say(f"working for {job.message_plan.campaign}, begun by {run.owner}; mail goes through {servers}")

    def stopping(self) -> None:
        """Say what is waited for."""
        self._say("ending: what is under way is finished first; the same signal once more stops at once")

    def heard(self, report: WorkerReport) -> None:
        """Say what an operator would want to know, and now and then how far it is."""
        for notice in report.notices:
            if notice.ends_with is None:  # else a number stands there that only the whole run knows
                self._say(notice.words)
        if self._clock() >= self._next and not report.last:
            self._next = self._clock() + _EVERY
            connections = f"{report.connections:,} connection{'' if report.connections == 1 else 's'}"
            self._say(f"{_counts(report.settled)}; {connections}")


def last_words(ended: WorkEnd, place: DatabasePlace) -> Iterator[str]:
    """Say how it ended."""
    if not ended.joined:
        why = "asked to end" if ended.stopped else "no run began"
        yield f"{why}: this worker has done nothing for {place.campaign}"
        if not ended.stopped:
            named = f"whose `name` in campaign.toml is {place.campaign}"
            yield f"  to do: begin one (campaign send), {named}; or let workers wait longer: --wait 1h"
        return
    if ended.trouble is not None:
        yield f"error: {ended.trouble.what}"
        for part, words in (("where", ended.trouble.where), ("to do", ended.trouble.fix)):
            if words:
                yield f"  {part}: {words}"
    lasted = brief_duration(timedelta(seconds=ended.seconds))
    yield f"this worker's share: {_counts(ended.settled)}, in {lasted}"


def _counts(settled: Mapping[str, int]) -> str:
    found = [f"{count:,} {word}" for word, count in settled.items() if count]
    return ", ".join(found) or "nobody mailed"
