"""`campaign report`: a page about the run, or its figures, also while it goes on. Raises LedgerError, ResultsError."""

from datetime import UTC, datetime
from pathlib import Path

from campaign.commands.json_documents import report_document
from campaign.commands.ledger_view import (
    cautions,
    commands_now,
    find_ledger,
    message_ids,
    read_fact,
    running_process,
    window_now,
)
from campaign.errors import UsageError
from campaign.ledger import summary
from campaign.ledger.store import reading_ledger
from campaign.report import refuse_foreign, report_html, write_report
from campaign.report.figures import report_data
from campaign.settings import STDOUT, load_settings
from campaign.terminal.invocation import Invocation, program
from campaign.terminal.stdout import say, say_file, say_json


def report_campaign(campaign: Path, to: Path | None, *, output: Path | None, sandbox: bool, json: bool = False) -> None:
    """Write the report page, unless told where, beside the results; or say it. For a program, the figures are said; the
    page is written only where `to` names one. Raises ResultsError, UsageError.
    """
    if json and to == STDOUT:
        raise UsageError(
            "the page and the JSON can't both go to standard output", where="--to -, --json", fix="take one"
        )
    settings = load_settings(campaign)
    results, path = find_ledger(settings, output, sandbox=sandbox)
    invocation = Invocation(program=program(), campaign=campaign, output=output, sandbox=sandbox)
    with reading_ledger(path, settings.name) as database:
        running, unread = running_process(database), read_fact(database, "digest") is None
        sending = 0 if running is None else summary.being_sent(database)  # and not in doubt
        window = window_now(settings, database)
        data = report_data(
            database,
            settings,
            message_ids=message_ids(settings, database),
            commands=[] if running is not None else commands_now(settings, database, invocation, results),
            all_rows=invocation.line("results"),
            notes=[
                *(["This was a sandbox run: nothing left the machine."] if sandbox else []),
                *(f"{_sentence(note)}." for note in cautions(running, sending, unread=unread)),
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
        refuse_foreign(page)
        write_report(page, data)
    if json:
        say_json(report_document(data, page))
    else:
        say(str(page))


def _sentence(words: str) -> str:
    return f"{words[:1].upper()}{words[1:]}"
