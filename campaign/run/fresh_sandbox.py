"""`send --sandbox --fresh`: the ledger and the results of the sandbox's earlier runs, taken away.

Raises UsageError where it is not sure that they are the sandbox's, or where they are in use: then all stays.
"""

from pathlib import Path

from campaign.errors import SettingsError
from campaign.ledger.location import ledger_exists, remove_file_ledger
from campaign.ledger.opening import open_for_run
from campaign.run.preconditions import results_without_ledger
from campaign.settings import Settings, output_paths


def remove_sandbox_run(settings: Settings, output: Path | None) -> None:
    """Remove the sandbox's ledger and results. Nothing of a real run is touched. Raises SettingsError, LedgerError."""
    results, ledger, _ = output_paths(settings, output, True)
    if results.exists() and output is not None and _has_real_ledger(settings, output):
        raise SettingsError(
            "these results may be the real run's, which has a ledger",
            where=str(results),
            fix="leave --output out, or name another file",
        )
    if ledger_exists(ledger, settings.name, empty=True):
        with open_for_run(ledger, settings.name):
            pass  # it is ours, and nobody uses it
    elif output is not None and results.exists():
        raise results_without_ledger(results, ledger)  # whose they are is not known
    remove_file_ledger(ledger)
    results.unlink(missing_ok=True)


def _has_real_ledger(settings: Settings, output: Path | None) -> bool:
    return ledger_exists(output_paths(settings, output, False).ledger, settings.name, empty=True)
