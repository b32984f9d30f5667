"""`campaign results`: the results CSV, from the ledger, also while a run goes on. Raises LedgerError, ResultsError."""

import io
import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from campaign.commands.ledger_view import find_ledger, message_ids, read_fact, running_process
from campaign.ledger import summary
from campaign.ledger.store import reading_ledger
from campaign.ledger.verification import Verification, verification
from campaign.ledger.written_results import remember_written_aside, written_digests
from campaign.model import ResultRow
from campaign.results import Written, refuse_foreign, write_results, write_table
from campaign.settings import STDOUT, load_settings
from campaign.terminal.stderr import say_aside
from campaign.terminal.stdout import say, say_file


def rewrite_results(campaign: Path, *, output: Path | None, sandbox: bool) -> None:
    """Write the results CSV anew from the ledger. Raises ResultsError."""
    settings = load_settings(campaign)
    to_stdout, safe = output == STDOUT, settings.results.spreadsheet_safe
    results, path = find_ledger(settings, None if to_stdout else output, sandbox=sandbox)
    kept = None
    with reading_ledger(path, settings.name, quick=True) as database, verification(path) as check:
        if running_process(database) is not None:
            summary.being_sent(database)  # and not in doubt
        columns = json.loads(read_fact(database, "columns") or "[]")
        result_rows, message_id = _verified(summary.result_rows(database), check), message_ids(settings, database)
        if to_stdout:
            table = io.StringIO()
            write_table(table, columns, result_rows, message_id, safe=safe)
            say_file(table.getvalue())
            return
        refuse_foreign(results)
        written = Written(
            digests=written_digests(database), remember=partial(remember_written_aside, path, guarded=safe)
        )
        kept = write_results(results, columns, result_rows, message_id, written=written, safe=safe)
    if kept is not None:
        say_aside(f"note: {results.name} had been changed; what stood in it is kept: {kept}")
    say(str(results))


def _verified(result_rows: Iterator[ResultRow], check: Verification | None) -> Iterator[ResultRow]:
    """All of them; an error in the place of the end, where the ledger is damaged."""
    yield from result_rows
    if check is not None:
        check.require()
