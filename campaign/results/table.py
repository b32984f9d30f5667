"""The rows of the results CSV, as text: the file's columns and a `ResultRow` for every row in, lines out.

The same columns, the same rows, the same order, then ours. A column of the file's that is called as one of ours gets
another name; where the file has all of ours (results fed back in), they are replaced, not repeated. The format is RFC
4180's, with lines that end in LF.

Raises LedgerError where a row can't be read.
"""

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import TextIO

from campaign.errors import LedgerError
from campaign.model import Status
from campaign.result_rows import ResultRow
from campaign.results.formulas import harmless
from campaign.visible import visible

COLUMNS = (
    "status",
    "attempts",
    "smtp_code",
    "enhanced_status",
    "detail",
    "message_id",
    "settled_at",
    "link_expires_at",
    "link_fingerprint",
)
SERVER = "server"
"""Which server took or refused it: a column of ours where several are configured."""
FEEDBACK, EVIDENCE = "feedback", "evidence"
"""What came back from whoever got it, and what a later word rests on: columns of ours where there is any of either."""
_SUPPRESSED = Status.SUPPRESSED.value
"""Whoever was never to be mailed has no Message-ID."""


def write_table(
    file: TextIO,
    columns: Sequence[str],
    result_rows: Iterable[ResultRow],
    message_id: Callable[[str], str],
    *,
    safe: bool = False,
    servers: bool = False,
    later: bool = False,
) -> None:
    """Write header and rows. `message_id` gives an address's Message-ID. With `safe`, the contacts' cells, too, can
    start no formula in a spreadsheet. With `servers`, there is a column for the server; with `later`, for feedback and
    evidence. Raises LedgerError.
    """
    names = result_names(columns, servers=servers, later=later)
    kept = [index for index, name in enumerate(names) if name is not None]
    theirs = [harmless(name) if safe else name for name in names if name is not None]
    file.write(_line([*theirs, *our_columns(servers=servers, later=later)]) + "\n")
    file.writelines(_lines(result_rows, message_id, kept, len(columns), safe=safe, servers=servers, later=later))


def our_columns(*, servers: bool = True, later: bool = True) -> tuple[str, ...]:
    """Give ours, with those that only some results have."""
    return (*COLUMNS, *((SERVER,) if servers else ()), *((FEEDBACK, EVIDENCE) if later else ()))


def result_names(columns: Sequence[str], *, servers: bool = False, later: bool = False) -> list[str | None]:
    """Give the name that each column of the contacts file has in the results, with columns for the server, and for
    feedback and evidence, or without. None: it is one of ours from before.
    """
    if set(COLUMNS) <= set(columns):
        return [None if column in our_columns() else column for column in columns]
    ours = our_columns(servers=servers, later=later)
    taken = {*columns, *ours}
    names: list[str | None] = []
    for column in columns:
        name = column
        if column in ours:
            name = f"contact_{column}"
            while name in taken:
                name += "_"
            taken.add(name)
        names.append(name)
    return names


@lru_cache(maxsize=4096)
def moment(seconds: int | None) -> str:
    """Give Unix seconds as ISO 8601 in UTC."""
    return "" if seconds is None else datetime.fromtimestamp(seconds, UTC).isoformat()


def _lines(
    result_rows: Iterable[ResultRow],
    message_id: Callable[[str], str],
    kept: Sequence[int],
    width: int,
    *,
    safe: bool,
    servers: bool,
    later: bool,
) -> Iterator[str]:
    """The lines of the file: a million of them, so what most have in common is done without a CSV writer."""
    whole = len(kept) == width and not safe
    end = "\n"
    number = 0
    try:
        for row in result_rows:
            (cells, email, status, attempts, code, enhanced, detail, settled, expires, fingerprint, server, feedback,
             evidence) = row  # fmt: skip
            number += 1
            if whole and "\\" not in cells and cells.count(",") == width - 1:
                head = cells[1:-1].replace('"', "")  # but for its brackets, such an array is a line of CSV
            else:
                every = json.loads(cells)
                head = _line([harmless(every[index]) if safe else every[index] for index in kept])
            if servers or later:
                end = f"{',' + (server or '') if servers else ''}{_later(feedback, evidence) if later else ''}\n"
            identity = message_id(email) if email and status != _SUPPRESSED else ""
            yield (
                f"{head}{',' if kept else ''}{status},{attempts},{'' if code is None else code},{enhanced or ''},"
                f"{_cell(harmless(visible(detail)))},{identity},{moment(settled)},{moment(expires)},"
                f"{fingerprint or ''}{end}"
            )
    except (ValueError, TypeError, IndexError, AttributeError, OverflowError):
        raise LedgerError(
            f"what the ledger holds of row {number} is damaged",
            fix="restore it from a backup; do not delete it and send again, or people will be mailed twice",
        ) from None


def _later(feedback: str | None, evidence: str | None) -> str:
    return f",{_cell(harmless(visible(feedback or '')))},{_cell(harmless(visible(evidence or '')))}"


def _cell(text: str) -> str:
    """One cell of CSV."""
    if text.isprintable() and "," not in text and '"' not in text:
        return text
    return '"' + text.replace('"', '""') + '"'


def _line(cells: Sequence[str]) -> str:
    """One line of CSV, without its end."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerow(cells)  # with both, so that it quotes both
    return text.getvalue()[:-2]
