"""The page for whoever asks what became of everybody: one self-contained HTML file, for the screen and for paper.

In goes `ReportData`, counted from the ledger; out comes a file, written whole (temporary file, then rename). It holds
addresses and reasons, and no link: should a server's reply quote one, it is taken out. Raises `ResultsError`.

Limits: at most `MAX_PEOPLE` rows are named one by one (the results CSV has them all), reasons are grouped into some
40 lines, and the chart has at most 120 bars: the longer the run, the longer the stretch that a bar stands for.
"""

from pathlib import Path
from tempfile import NamedTemporaryFile

from campaign.errors import ResultsError
from campaign.report.chart import bar_seconds
from campaign.report.data import MAX_PEOPLE, Person, Reason, ReportData
from campaign.report.page import report_html
from campaign.report.reasons import Reasons
from campaign.report.words import headline

__all__ = [
    "MAX_PEOPLE",
    "Person",
    "Reason",
    "Reasons",
    "ReportData",
    "bar_seconds",
    "headline",
    "report_html",
    "write_report",
]


def write_report(path: Path, report: ReportData) -> None:
    """Write the page to `path`, whole or not at all. Raises `ResultsError` where it can't."""
    page = report_html(report).encode("utf-8", "replace")
    temporary = None
    try:
        with NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as out:
            temporary = Path(out.name)
            out.write(page)
        temporary.replace(path)
    except OSError as error:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
        raise ResultsError(
            f"the report can't be written: {error.strerror or error}",
            where=str(path),
            fix="make room or get write access there, or name another file",
        ) from error
