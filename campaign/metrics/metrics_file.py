"""A file of metrics that is kept up to date while a run goes on: replaced as a whole, so nobody reads half of it.

Takes a campaign's name and a path; then a `RunNow` about once a second, and the end. Raises UsageError where the
library is missing, where the file can't be written, or where something else stands there: all before the run begins.
After that it raises nothing: metrics that can't be written are no reason to stop sending, and `failed` says why once.

Others may read the file (mode 0644), unlike all else that we write: node_exporter runs as a user of its own, and no
contact and no secret is in it.
"""

import os
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from campaign.errors import ResultsError, UsageError
from campaign.extras import install_command
from campaign.private_files import replacing, resolved
from campaign.run_now import RunNow

_EVERY = 5.0
"""Seconds."""
_BEGINS = b"# HELP campaign_"
_MODE = 0o644


class MetricsFile:
    """One run's."""

    def __init__(self, campaign: str, path: Path) -> None:
        self.failed: Callable[[str], None] | None = None
        """Called once, with words, where the file can't be written any more."""
        try:
            from prometheus_client import CollectorRegistry, generate_latest

            from campaign.metrics.families import RunEnd, RunFamilies
        except ImportError:
            raise UsageError(
                "--metrics needs prometheus-client, which is not installed",
                where=f"--metrics {path}",
                fix=install_command("metrics"),
            ) from None
        self._families = RunFamilies(campaign)
        self._families.now = RunNow(at=time.time(), pid=os.getpid(), phase="waiting")
        registry = CollectorRegistry(auto_describe=False)
        registry.register(self._families)
        self._end_of = RunEnd
        self._text = partial(generate_latest, registry)
        self._broken = False
        self._written_at = float("-inf")
        try:
            self._path = resolved(path)
            _refuse_foreign(self._path)
            self._write()
        except ResultsError as error:
            raise UsageError(error.what, where=error.where, fix=error.fix) from None
        except OSError as error:
            raise UsageError(
                f"the metrics can't be written: {error.strerror}",
                where=f"--metrics {path}",
                fix="name a file in a folder that is there, and that you may write in",
            ) from None

    wants_events = wants_addresses = False

    def throttled(self, change: object) -> None:
        """`now` says so."""

    def happened(self, events: object) -> None:
        """Not wanted."""

    def now(self, now: RunNow) -> None:
        """Hear how it goes, and write that every few seconds."""
        self._families.now = now
        if now.at - self._written_at >= _EVERY:
            self._written_at = now.at
            self._try_to_write()

    def ended(self, *, at: float, exit_code: int, counts: Mapping[str, int]) -> None:
        """Hear how it ended, and write that. `at`: Unix seconds; `counts`: all rows by status; none,
        where it ended before the ledger was asked.
        """
        self._families.end = self._end_of(at=at, exit_code=exit_code, counts=counts)
        self._try_to_write()

    def _try_to_write(self) -> None:
        try:
            self._write()
        except OSError as error:
            if self.failed is not None and not self._broken:
                self._broken = True
                self.failed(f"the metrics in {self._path} are no longer up to date: {error.strerror}")

    def _write(self) -> None:
        with replacing(self._path) as file:
            os.fchmod(file.fileno(), _MODE)
            file.write(self._text())


def _refuse_foreign(path: Path) -> None:
    """Raise UsageError where something else than metrics of ours stands there."""
    if not path.exists():
        return
    begins = b"?"
    if path.is_file():
        with path.open("rb") as file:
            begins = file.read(len(_BEGINS))
    if begins and begins != _BEGINS:
        raise UsageError(
            "what stands there holds no metrics of a campaign",
            where=f"--metrics {path}",
            fix="name another file, or take that one away",
        )
