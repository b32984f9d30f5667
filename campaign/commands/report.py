"""`campaign report`: a page about the run, or its figures, also while it goes on. Raises LedgerError, ResultsError."""

from pathlib import Path

from campaign.api import Campaign
from campaign.commands.ledger_view import commands_now
from campaign.commands.report_document import report_document
from campaign.errors import UsageError
from campaign.report import refuse_foreign, report_html, write_report
from campaign.run.report_now import page_of, report_now
from campaign.settings import STDOUT
from campaign.terminal.first_steps import after_report
from campaign.terminal.invocation import Invocation, program
from campaign.terminal.next_commands import show_next
from campaign.terminal.stderr import say_aside
from campaign.terminal.stdout import say, say_file, say_json


def report_campaign(path: Path, to: Path | None, *, output: Path | None, sandbox: bool, json: bool = False) -> None:
    """Write the report page, unless told where, beside the results; or say it. For a program, the figures are said; the
    page is written only where `to` names one. Raises ResultsError, UsageError.
    """
    if json and to == STDOUT:
        raise UsageError(
            "the page and the JSON can't both go to standard output", where="--to -, --json", fix="take one"
        )
    settings = Campaign.load(path).settings
    invocation = Invocation(program=program(), campaign=path, output=output, sandbox=sandbox)
    data = report_now(
        settings,
        output=output,
        sandbox=sandbox,
        commands=lambda now: commands_now(settings, now, invocation),
        all_rows=invocation.line("results"),
    )
    if to == STDOUT:
        say_file(report_html(data))
        return
    page = None if json and to is None else to or page_of(settings, output=output, sandbox=sandbox)
    if page is not None:
        refuse_foreign(page)
        write_report(page, data)
    if json:
        say_json(report_document(data, page))
    else:
        say(str(page))
        show_next(after_report(invocation), say_aside)
