"""`campaign status`, `results`, `report`: what the ledger says, also while a run goes on. Raises LedgerError."""

import io
import json
import os
import socket
import sqlite3
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import typer

from campaign.commands.json_documents import report_document, status_document
from campaign.errors import UsageError, WindowError
from campaign.ledger import summary
from campaign.ledger.faults import explained
from campaign.ledger.location import locate
from campaign.ledger.store import reading_ledger
from campaign.ledger.verification import Verification, verification
from campaign.ledger.written_results import remember_written_aside, written_digests
from campaign.message import MessageIds
from campaign.model import ResultRow, Status
from campaign.report import refuse_foreign as refuse_foreign_page
from campaign.report import report_html, write_report
from campaign.report.figures import report_data
from campaign.results import Written, refuse_foreign, write_results, write_table
from campaign.settings import STDOUT, Settings, load_settings, output_paths
from campaign.terminal.invocation import Invocation, program
from campaign.terminal.stdout import say, say_file, say_json
from campaign.terminal.summary import is_stale, next_commands, show_counts, show_next
from campaign.window import SendWindow


def show_status(campaign: Path, *, output: Path | None, sandbox: bool, json: bool) -> None:
    """Say how many rows have which status, and what can be done next."""
    settings = load_settings(campaign)
    results, path = _places(settings, output, sandbox=sandbox)
    with reading_ledger(path, settings.name, quick=True) as database:
        running = _running(database)
        sending = summary.being_sent(database) if running is not None else 0
        unread = _fact(database, "digest") is None
        counts = summary.counts(database)
        commands = _commands(settings, database, Invocation(
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
    with reading_ledger(path, settings.name, quick=True) as database, verification(path) as check:
        if _running(database) is not None:
            summary.being_sent(database)  # and not in doubt
        columns = json.loads(_fact(database, "columns") or "[]")
        result_rows, message_id = _verified(summary.result_rows(database), check), _message_ids(settings, database)
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
    with reading_ledger(path, settings.name) as database:
        running, unread = _running(database), _fact(database, "digest") is None
        sending = 0 if running is None else summary.being_sent(database)  # and not in doubt
        window = _window(settings, database)
        data = report_data(
            database,
            settings,
            message_ids=_message_ids(settings, database),
            commands=[] if running is not None else _commands(settings, database, invocation, results),
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


def _verified(result_rows: Iterator[ResultRow], check: Verification | None) -> Iterator[ResultRow]:
    """All of them; an error in the place of the end, where the ledger is damaged."""
    yield from result_rows
    if check is not None:
        check.require()


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


def _window(settings: Settings, database: sqlite3.Connection) -> SendWindow | None:
    """The window as the settings have it now; None where it has not opened, or can't be told."""
    given, opened = settings.window, _fact(database, "opened")
    first = None if opened is None else datetime.fromisoformat(opened)
    if first is None and given.opens is None:
        return None
    try:
        return SendWindow.resolve(
            opens=given.opens, closes=given.closes, lasts=given.lasts, timezone=given.timezone,
            now=datetime.now(UTC), first_opened=first,
        )  # fmt: skip
    except WindowError:
        return None


def _commands(
    settings: Settings, database: sqlite3.Connection, invocation: Invocation, results: Path
) -> list[tuple[str, str]]:
    now = datetime.now(UTC)
    given = settings.window
    stale = is_stale(given, now)
    opened = _fact(database, "opened")
    over = stale
    if given.lasts is not None and (given.opens is not None or opened is not None):
        first = None if opened is None else datetime.fromisoformat(opened)
        over = SendWindow.resolve(
            opens=given.opens, closes=None, lasts=given.lasts, timezone=given.timezone, now=now, first_opened=first
        ).is_over(now)
    return list(next_commands(summary.counts(database), invocation, results, opened=True, over=over, stale=stale))


def _message_ids(settings: Settings, database: sqlite3.Connection) -> Callable[[str], str]:
    return MessageIds(settings.name, _fact(database, "message_id_domain") or settings.message.sender_domain)


def _running(database: sqlite3.Connection) -> int | None:
    """The process that holds the ledger, as far as can be told; None for one that was cut off, on this machine."""
    try:
        holder = json.loads(_fact(database, "holder") or "{}")
        if holder["host"] == socket.gethostname():
            os.kill(holder["pid"], 0)
        return int(holder["pid"])
    except PermissionError:  # it lives, and is somebody else's
        return int(holder["pid"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _fact(database: sqlite3.Connection, name: str) -> str | None:
    with explained(database):
        row = database.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
    return None if row is None else str(row[0])
