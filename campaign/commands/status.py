"""`campaign status`, `results`, `report`: what the ledger says, also while a run goes on. Raises LedgerError."""

import io
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import typer

from campaign.commands.json_documents import report_document, status_document
from campaign.errors import UsageError, WindowError
from campaign.ledger.interface import LedgerReader
from campaign.ledger.location import locate
from campaign.ledger.opening import open_for_reading
from campaign.message import MessageIds
from campaign.model import Status
from campaign.report import refuse_foreign as refuse_foreign_page
from campaign.report import report_html, write_report
from campaign.report.figures import report_data
from campaign.results import Written, refuse_foreign, write_results, write_table
from campaign.settings import STDOUT, Settings, load_settings, output_paths
from campaign.terminal.invocation import Invocation, program
from campaign.terminal.stdout import say, say_file, say_json
from campaign.terminal.summary import is_stale, next_commands, show_counts, show_next
from campaign.window import SendWindow, find_zone


def show_status(campaign: Path, *, output: Path | None, sandbox: bool, json: bool) -> None:
    """Say how many rows have which status, and what can be done next."""
    settings = load_settings(campaign)
    results, path = _places(settings, output, sandbox=sandbox)
    with open_for_reading(path, settings.name, quick=True) as ledger:
        running = ledger.running_process()
        sending = ledger.being_sent() if running is not None else 0
        unread = not ledger.read_whole()
        counts = ledger.counts()
        commands = _commands(settings, ledger, Invocation(
            program=program(), campaign=campaign, output=output, sandbox=sandbox
        ), results)  # fmt: skip
    if json:
        say_json(status_document(settings.name, counts, results, running, sending))
        return
    say(f"{settings.name}: {counts[Status.SENT]:,} of {sum(counts.values()):,} sent")
    show_counts(counts, say)
    for note in _notes(running, sending, unread=unread):
        say(note)
    if running is None:
        show_next(commands, say)


def rewrite_results(campaign: Path, *, output: Path | None, sandbox: bool) -> None:
    """Write the results CSV anew from the ledger. Raises ResultsError."""
    settings = load_settings(campaign)
    to_stdout, safe = output == STDOUT, settings.results.spreadsheet_safe
    results, path = _places(settings, None if to_stdout else output, sandbox=sandbox)
    kept = None
    with open_for_reading(path, settings.name, quick=True) as ledger:
        if ledger.running_process() is not None:
            ledger.being_sent()  # and not in doubt
        columns = ledger.columns()
        result_rows, message_id = ledger.result_rows(verified=True), _message_ids(settings, ledger)
        if to_stdout:
            table = io.StringIO()
            write_table(table, columns, result_rows, message_id, safe=safe)
            say_file(table.getvalue())
            return
        refuse_foreign(results)
        written = Written(digests=ledger.written_digests(), remember=partial(ledger.remember_written, guarded=safe))
        kept = write_results(results, columns, result_rows, message_id, written=written, safe=safe)
    if kept is not None:
        typer.echo(f"note: {results.name} had been changed; what stood in it is kept: {kept}", err=True)
    say(str(results))


def report_campaign(campaign: Path, to: Path | None, *, output: Path | None, sandbox: bool, json: bool = False) -> None:
    """Write the report page, unless told where, beside the results; or say it. For a program, the figures are said; the
    page is written only where `to` names one. Raises ResultsError, UsageError.
    """
    if json and to == STDOUT:
        raise UsageError(
            "the page and the JSON can't both go to standard output", where="--to -, --json", fix="take one"
        )
    settings = load_settings(campaign)
    results, path = _places(settings, output, sandbox=sandbox)
    invocation = Invocation(program=program(), campaign=campaign, output=output, sandbox=sandbox)
    with open_for_reading(path, settings.name) as ledger:
        running, unread = ledger.running_process(), not ledger.read_whole()
        sending = 0 if running is None else ledger.being_sent()  # and not in doubt
        window = _window(settings, ledger)
        data = report_data(
            ledger,
            campaign=settings.name,
            zone=find_zone(settings.window.timezone),
            message_ids=_message_ids(settings, ledger),
            commands=[] if running is not None else _commands(settings, ledger, invocation, results),
            all_rows=invocation.line("results"),
            notes=[
                *(["This was a sandbox run: nothing left the machine."] if sandbox else []),
                *(f"{_sentence(note)}." for note in _notes(running, sending, unread=unread)),
            ],
            partial=running is not None or unread,
            window="" if window is None else _sentence(window.describe(datetime.now(UTC))),
        )
    if to == STDOUT:
        say_file(report_html(data))
        return
    named = to or results.with_name(f"{settings.name}-{'sandbox-' if sandbox else ''}report.html")
    page = None if json and to is None else named
    if page is not None:
        refuse_foreign_page(page)
        write_report(page, data)
    if json:
        say_json(report_document(data, page))
    else:
        say(str(page))


def _places(settings: Settings, output: Path | None, *, sandbox: bool) -> tuple[Path, Path]:
    """Where the results and the ledger are."""
    results, ledger, earlier = output_paths(settings, output, sandbox)
    return results, locate(ledger, earlier, settings.name)


def _notes(running: int | None, sending: int, *, unread: bool) -> list[str]:
    """What has to be known about the numbers."""
    if running is not None:
        return [f"a run is going on, process {running}" + (f"; {sending:,} being sent" if sending else "")]
    if unread:
        return ["the contacts file had not been read to its end when the run was cut off: there are more rows"]
    return []


def _sentence(words: str) -> str:
    return f"{words[:1].upper()}{words[1:]}"


def _window(settings: Settings, ledger: LedgerReader) -> SendWindow | None:
    """The window as the settings have it now; None where it has not opened, or can't be told."""
    given, first = settings.window, ledger.opened()
    if first is None and given.opens is None:
        return None
    try:
        return SendWindow.resolve(
            opens=given.opens, closes=given.closes, lasts=given.lasts, timezone=given.timezone,
            now=datetime.now(UTC), first_opened=first,
        )  # fmt: skip
    except WindowError:
        return None


def _commands(settings: Settings, ledger: LedgerReader, invocation: Invocation, results: Path) -> list[tuple[str, str]]:
    now = datetime.now(UTC)
    given = settings.window
    stale = is_stale(given, now)
    first = ledger.opened()
    over = stale
    if given.lasts is not None and (given.opens is not None or first is not None):
        over = SendWindow.resolve(
            opens=given.opens, closes=None, lasts=given.lasts, timezone=given.timezone, now=now, first_opened=first
        ).is_over(now)
    return list(next_commands(ledger.counts(), invocation, results, opened=True, over=over, stale=stale))


def _message_ids(settings: Settings, ledger: LedgerReader) -> Callable[[str], str]:
    return MessageIds(settings.name, ledger.message_id_domain() or settings.message.sender_domain)
