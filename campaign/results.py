"""The results CSV: the ledger's picture, for people.

Takes the file's columns and a `Standing` for every row; writes the same columns, the same rows, the same order, then
ours. Written whole: to a temporary file beside it, synced, renamed. Columns of ours that the input already had (a
results file fed back in) are replaced, not repeated. Raises ResultsError.
"""

import contextlib
import csv
import json
import os
import tempfile
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

from campaign.errors import ResultsError
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
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def write_results(
    path: Path, columns: Sequence[str], standings: Iterable[Standing], message_id: Callable[[str], str]
) -> None:
    """Write the results of every row. `message_id` gives an address's Message-ID. Raises ResultsError."""
    kept = [index for index, column in enumerate(columns) if column not in COLUMNS]
    whole = len(kept) == len(columns)
    decode = json.JSONDecoder().decode
    try:
        with _replacing(path) as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow([*(columns[index] for index in kept), *COLUMNS])
            for cells, email, status, attempts, code, enhanced, detail, settled, expires, fingerprint in standings:
                row = decode(cells)
                if not whole:
                    row = [row[index] for index in kept]
                row += (
                    status,
                    attempts,
                    code,
                    enhanced,
                    harmless(detail),
                    message_id(email) if email else "",
                    moment(settled),
                    moment(expires),
                    fingerprint,
                )
                writer.writerow(row)
    except OSError as error:
        raise ResultsError(
            f"the results can't be written: {error.strerror}",
            where=str(path),
            fix="nothing is lost: the ledger has it all; when the trouble is mended, `campaign results` writes them",
        ) from None


def harmless(text: str) -> str:
    """Give text that a spreadsheet shows and never calculates (OWASP, CSV injection)."""
    return "'" + text if text.startswith(_FORMULA) else text


@lru_cache(maxsize=4096)
def moment(seconds: int | None) -> str:
    """Give Unix seconds as ISO 8601 in UTC."""
    return "" if seconds is None else datetime.fromtimestamp(seconds, UTC).isoformat()


@contextlib.contextmanager
def _replacing(path: Path):  # type: ignore[no-untyped-def]
    """A text file that takes the place of `path` when it is whole, and vanishes when it is not."""
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    temporary = Path(name)
    try:
        with open(descriptor, "w", encoding="utf-8", newline="", buffering=1 << 20) as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(0o600)  # it holds people's data
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
