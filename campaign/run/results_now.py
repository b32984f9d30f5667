"""The results as the ledger has them now, also while a run goes on: into their file, or as text.

Raises LedgerError; ResultsError where they can't be written.
"""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TextIO

from campaign.ledger.interface import LedgerReader
from campaign.ledger.opening import open_for_reading
from campaign.results import Written, refuse_foreign, write_results, write_table
from campaign.run.schedules import explain_pending
from campaign.run.status_now import find_ledger, message_ids
from campaign.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultsFile:
    """The results CSV, written anew."""

    path: Path
    kept: Path | None
    """Where what stood there before is kept, if somebody had changed it."""


def rewrite_results(settings: Settings, *, output: Path | None = None, sandbox: bool = False) -> ResultsFile:
    """Write the results CSV anew from the ledger."""
    safe = settings.results.spreadsheet_safe
    with _opened(settings, output, sandbox=sandbox) as (path, ledger, message_id):
        refuse_foreign(path)
        written = Written(digests=ledger.written_digests(), remember=partial(ledger.remember_written, guarded=safe))
        rows = ledger.result_rows(verified=True)
        kept = write_results(
            path,
            ledger.columns(),
            rows,
            message_id,
            written=written,
            safe=safe,
            servers=len(settings.servers) > 1,
            later=ledger.has_later_words(),
        )
    return ResultsFile(path=path, kept=kept)


def results_table(settings: Settings, file: TextIO, *, sandbox: bool = False, safe: bool = False) -> None:
    """Write the results to an open file, as CSV. `safe`: no cell can start a formula in a spreadsheet."""
    with _opened(settings, None, sandbox=sandbox) as (_, ledger, message_id):
        rows, servers = ledger.result_rows(verified=True), len(settings.servers) > 1
        later = ledger.has_later_words()
        write_table(file, ledger.columns(), rows, message_id, safe=safe, servers=servers, later=later)


@contextlib.contextmanager
def _opened(
    settings: Settings, output: Path | None, *, sandbox: bool
) -> Iterator[tuple[Path, LedgerReader, Callable[[str], str]]]:
    """Give where the results are, the ledger, and what gives a Message-ID."""
    results, path = find_ledger(settings, output, sandbox=sandbox)
    with open_for_reading(path, settings.name, quick=True) as ledger:
        if ledger.running_process() is not None:
            ledger.being_sent()  # and not in doubt
        explain_pending(settings, ledger, sandbox=sandbox)
        yield results, ledger, message_ids(settings, ledger)
