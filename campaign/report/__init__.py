"""The page for whoever asks what became of everybody: one self-contained HTML file, for the screen and for paper.

In goes `ReportData`, counted from the ledger; out comes a file, written whole (temporary file, then rename). It holds
addresses and reasons, and no link: should a server's reply quote one, it is taken out. Raises `ResultsError`.

Limits: at most `MAX_PEOPLE` rows are named one by one (the results CSV has them all), reasons are grouped into some
40 lines, fifteen domains are named, and what is drawn over time has at most 60 bars: the longer the run, the longer the
stretch that a bar stands for. What came back after the relay had accepted a message is here as far as
`campaign settle` has read evidence of it.
"""

from pathlib import Path

from campaign.errors import ResultsError
from campaign.private_files import replacing, resolved
from campaign.report.data import MAX_PEOPLE, Person, Pictures, Reason, ReportData, TimeToAccept
from campaign.report.page import report_html
from campaign.report.reasons import Reasons
from campaign.report.words import headline

__all__ = [
    "MAX_PEOPLE",
    "Person",
    "Pictures",
    "Reason",
    "Reasons",
    "ReportData",
    "TimeToAccept",
    "headline",
    "refuse_foreign",
    "report_html",
    "write_report",
]


_MARK = b'<meta name="generator" content="campaign report">'
"""Stands near the start of every page: where it does not, somebody else has made the file."""
_ELSEWHERE = "name another file, or move that one away"


def write_report(path: Path, report: ReportData) -> None:
    """Write the page to `path`, whole or not at all. Raises `ResultsError` where it can't."""
    page = report_html(report).encode("utf-8", "replace")
    try:
        with replacing(resolved(path)) as out:  # a link stays a link
            out.write(page)
    except OSError as error:
        raise ResultsError(
            f"the report can't be written: {error.strerror or error}",
            where=str(path),
            fix="make room or get write access there, or name another file",
        ) from error


def refuse_foreign(path: Path) -> None:
    """Raise `ResultsError` where something stands at `path` that no page may take the place of."""
    resolved(path)
    try:
        if path.is_dir():
            raise ResultsError("that is a folder", where=str(path), fix=f"name a file in it: {path / 'report.html'}")
        if not path.exists():
            return
        if not path.is_file():
            raise ResultsError("no page can be written there", where=str(path), fix="name a file; - prints the page")
        with path.open("rb") as file:
            head = file.read(1024)
    except OSError as error:
        raise ResultsError(
            f"what stands there can't be read: {error.strerror}", where=str(path), fix=_ELSEWHERE
        ) from None
    if head and _MARK not in head:
        raise ResultsError(
            "the page would take the place of a file that is not a report of ours", where=str(path), fix=_ELSEWHERE
        )
