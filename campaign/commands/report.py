"""`campaign report`: a page about the run, or its figures, also while it goes on. Raises LedgerError, ResultsError."""

from datetime import UTC, datetime
from pathlib import Path

from campaign.commands.json_documents import report_document
from campaign.commands.ledger_view import cautions, commands_now, find_ledger, message_ids, window_now
from campaign.errors import UsageError
from campaign.ledger.opening import open_for_reading
from campaign.report import refuse_foreign, report_html, write_report
from campaign.report.figures import report_data
from campaign.settings import STDOUT, load_settings
from campaign.terminal.invocation import Invocation, program
from campaign.terminal.stdout import say, say_file, say_json
from campaign.window import find_zone


def report_campaign(
    campaign: Path, to: Path | None, *, output: Path | None, sandbox: bool, json: bool = False, aloud: bool = True
) -> None:
    """Write the report page, unless told where, beside the results; or say it. For a program, the figures are said; the
    page is written only where `to` names one. Not `aloud`: nothing is said of the page. Raises ResultsError,
    UsageError.
    """
    if json and to == STDOUT:
        raise UsageError(
            "the page and the JSON can't both go to standard output", where="--to -, --json", fix="take one"
        )
    settings = load_settings(campaign)
    results, path = find_ledger(settings, output, sandbox=sandbox)
    invocation = Invocation(program=program(), campaign=campaign, output=output, sandbox=sandbox)
    with open_for_reading(path, settings.name) as ledger:
        running, unread = ledger.running_process(), not ledger.read_whole()
        sending = 0 if running is None else ledger.being_sent()  # and not in doubt
        window = window_now(settings, ledger)
        data = report_data(
            ledger,
            campaign=settings.name,
            zone=find_zone(settings.window.timezone),
            message_ids=message_ids(settings, ledger),
            commands=[] if running is not None else commands_now(settings, ledger, invocation, results),
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
    elif aloud:
        say(str(page))


def _sentence(words: str) -> str:
    return f"{words[:1].upper()}{words[1:]}"
