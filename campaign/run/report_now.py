"""What the report says of a campaign now, also while a run goes on. Raises LedgerError."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from campaign.ledger.opening import open_for_reading
from campaign.report import ReportData, refuse_foreign, write_report
from campaign.report.figures import report_data
from campaign.run.schedules import explain_pending, schedule_now
from campaign.run.status_now import StatusNow, find_ledger, message_ids, status_of
from campaign.settings import Settings
from campaign.window import find_zone


def report_now(
    settings: Settings,
    *,
    output: Path | None = None,
    sandbox: bool = False,
    commands: Callable[[StatusNow], Sequence[tuple[str, str]]] = lambda _: (),
    all_rows: str = "",
) -> ReportData:
    """Count it. `commands` gives what can be done next, with the command line for each; `all_rows` is the
    command that writes every row.
    """
    results, path = find_ledger(settings, output, sandbox=sandbox)
    with open_for_reading(path, settings.name) as ledger:
        now = status_of(ledger, settings, results, sandbox=sandbox)
        window = schedule_now(settings, ledger, sandbox=sandbox)
        explain_pending(settings, ledger, sandbox=sandbox)
        return report_data(
            ledger,
            campaign=settings.name,
            zone=find_zone(settings.window.timezone),
            message_ids=message_ids(settings, ledger),
            commands=commands(now),
            all_rows=all_rows,
            notes=[
                *(["This was a sandbox run: nothing left the machine."] if sandbox else []),
                *(f"{_sentence(note)}." for note in now.cautions),
            ],
            partial=now.running is not None or not now.read_whole,
            window="" if window is None else _sentence(window.describe(datetime.now(UTC))),
        )


def write_report_now(settings: Settings, to: Path | None, *, sandbox: bool = False) -> Path:
    """Write the page, and give its path. `to`: in place of its usual one. Raises LedgerError, ResultsError."""
    data = report_now(settings, sandbox=sandbox)
    page = to or page_of(settings, sandbox=sandbox)
    refuse_foreign(page)
    write_report(page, data)
    return page


def page_of(settings: Settings, *, output: Path | None = None, sandbox: bool = False) -> Path:
    """Say where the page goes, unless told: beside the results."""
    results, _ = find_ledger(settings, output, sandbox=sandbox)
    return results.with_name(f"{settings.name}-{'sandbox-' if sandbox else ''}report.html")


def _sentence(words: str) -> str:
    return f"{words[:1].upper()}{words[1:]}"
