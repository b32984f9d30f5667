"""`campaign results`: the results CSV, from the ledger, also while a run goes on. Raises LedgerError, ResultsError."""

import io
from pathlib import Path

from campaign.api import Campaign
from campaign.run.results_now import results_table
from campaign.settings import STDOUT
from campaign.terminal.stderr import say_aside
from campaign.terminal.stdout import say, say_file


def rewrite_results(path: Path, *, output: Path | None, sandbox: bool) -> None:
    """Write the results CSV anew from the ledger, or to standard output. Raises ResultsError."""
    campaign = Campaign.load(path)
    if output == STDOUT:
        table, safe = io.StringIO(), campaign.settings.results.spreadsheet_safe
        results_table(campaign.settings, table, sandbox=sandbox, safe=safe)
        say_file(table.getvalue())
        return
    written = campaign.write_results(output=output, sandbox=sandbox)
    if written.kept is not None:
        say_aside(f"note: {written.path.name} had been changed; what stood in it is kept: {written.kept}")
    say(str(written.path))
