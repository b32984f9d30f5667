"""`campaign results`: the results CSV, from the ledger, also while a run goes on. Raises LedgerError, ResultsError."""

import io
from functools import partial
from pathlib import Path

from campaign.commands.ledger_view import find_ledger, message_ids
from campaign.ledger.opening import open_for_reading
from campaign.results import Written, refuse_foreign, write_results, write_table
from campaign.settings import STDOUT, load_settings
from campaign.terminal.stderr import say_aside
from campaign.terminal.stdout import say, say_file


def rewrite_results(campaign: Path, *, output: Path | None, sandbox: bool) -> None:
    """Write the results CSV anew from the ledger. Raises ResultsError."""
    settings = load_settings(campaign)
    to_stdout, safe = output == STDOUT, settings.results.spreadsheet_safe
    servers = len(settings.servers) > 1
    results, path = find_ledger(settings, None if to_stdout else output, sandbox=sandbox)
    kept = None
    with open_for_reading(path, settings.name, quick=True) as ledger:
        if ledger.running_process() is not None:
            ledger.being_sent()  # and not in doubt
        columns = ledger.columns()
        result_rows, message_id = ledger.result_rows(verified=True), message_ids(settings, ledger)
        if to_stdout:
            table = io.StringIO()
            write_table(table, columns, result_rows, message_id, safe=safe, servers=servers)
            say_file(table.getvalue())
            return
        refuse_foreign(results)
        written = Written(digests=ledger.written_digests(), remember=partial(ledger.remember_written, guarded=safe))
        kept = write_results(results, columns, result_rows, message_id, written=written, safe=safe, servers=servers)
    if kept is not None:
        say_aside(f"note: {results.name} had been changed; what stood in it is kept: {kept}")
    say(str(results))
