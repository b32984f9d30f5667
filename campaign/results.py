"""The results CSV: the ledger's picture, for people.

Takes the file's columns and a `Standing` for every row; writes the same columns, the same rows, the same order, then
ours. Written whole: to a temporary file beside it, synced, renamed. Columns of ours that the input already had (a
results file fed back in) are replaced, not repeated. The format is RFC 4180's, with lines that end in LF.

Raises ResultsError where the file can't be written, LedgerError where a row can't be read.
"""

import contextlib
import csv
import io
import json
import os
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import TextIO

from campaign.errors import LedgerError, ResultsError
from campaign.model import Standing

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
_FORMULA = re.compile(r"(^|[;\t\r\n])(?=[\s\"']*[=+\-@\uff1d\uff0b\uff0d\uff20])")
"""Where a spreadsheet would begin to calculate: at the start of a cell, which in half of Europe a semicolon ends."""


def write_results(
    path: Path, columns: Sequence[str], standings: Iterable[Standing], message_id: Callable[[str], str]
) -> None:
    """Write the results of every row. `message_id` gives an address's Message-ID. Raises ResultsError, LedgerError."""
    kept = [index for index, column in enumerate(columns) if column not in COLUMNS]
    try:
        with _replacing(path) as file:
            file.write(_line([*(columns[index] for index in kept), *COLUMNS]) + "\n")
            file.writelines(_lines(standings, message_id, kept, len(columns)))
    except OSError as error:
        raise ResultsError(
            f"the results can't be written: {error.strerror}",
            where=str(path),
            fix="nothing is lost, the ledger has it all: put this right, and `campaign results` writes them",
        ) from None


def harmless(text: str) -> str:
    """Give text that a spreadsheet shows and never calculates (OWASP, CSV injection)."""
    if text[:1].isalnum() and text.isprintable() and ";" not in text:
        return text
    return _FORMULA.sub(r"\1'", text)


@lru_cache(maxsize=4096)
def moment(seconds: int | None) -> str:
    """Give Unix seconds as ISO 8601 in UTC."""
    return "" if seconds is None else datetime.fromtimestamp(seconds, UTC).isoformat()


def _lines(
    standings: Iterable[Standing], message_id: Callable[[str], str], kept: Sequence[int], width: int
) -> Iterator[str]:
    """The lines of the file: a million of them, so what most have in common is done without a CSV writer."""
    whole = len(kept) == width
    number = 0
    try:
        for cells, email, status, attempts, code, enhanced, detail, settled, expires, fingerprint in standings:
            number += 1
            if whole and "\\" not in cells and cells.count(",") == width - 1:
                head = cells[1:-1].replace('"', "")  # but for its brackets, such an array is a line of CSV
            else:
                every = json.loads(cells)
                head = _line([every[index] for index in kept])
            yield (
                f"{head}{',' if kept else ''}{status},{attempts},{'' if code is None else code},{enhanced or ''},"
                f"{_cell(harmless(detail))},{message_id(email) if email else ''},{moment(settled)},{moment(expires)},"
                f"{fingerprint or ''}\n"
            )
    except (ValueError, TypeError, IndexError, AttributeError, OverflowError):
        raise LedgerError(
            f"what the ledger holds of row {number} is damaged",
            fix="restore it from a backup; do not delete it and send again, or people will be mailed twice",
        ) from None


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


@contextlib.contextmanager
def _replacing(path: Path) -> Iterator[TextIO]:
    """A text file that takes the place of `path` when it is whole, and vanishes when it is not."""
    target = Path(os.path.realpath(path))  # a link stays a link
    unfinished = f".{target.name[:40]}-"
    _clear_away(target.parent, unfinished)
    descriptor, name = tempfile.mkstemp(prefix=f"{unfinished}{os.getpid()}-", dir=target.parent)
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="", buffering=1 << 20) as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(0o600)  # it holds people's data
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _clear_away(folder: Path, unfinished: str) -> None:
    """Remove what a process that was killed while it wrote has left: people's data, that nobody would look for."""
    for path in folder.iterdir():
        pid, dash, _ = path.name.removeprefix(unfinished).partition("-")
        if not path.name.startswith(unfinished) or not dash or not pid.isdecimal():
            continue
        with contextlib.suppress(OSError, OverflowError):  # it is not ours to remove, or its process lives
            try:
                os.kill(int(pid), 0)
            except ProcessLookupError:
                path.unlink()
