"""Where a campaign's ledger is: at its path, or still at an earlier place: the usual one, from before `[ledger] path`
was set, or one under the name that an earlier version of this program gave it.

A ledger at an earlier place is found by whoever reads, and taken over by the next run; it is never ignored, or people
would be mailed twice. Raises LedgerError where there is more than one that might count.
"""

import contextlib
from collections.abc import Sequence
from pathlib import Path

from campaign.errors import LedgerError
from campaign.ledger.sqlite import schema
from campaign.ledger.sqlite.files import generation_file
from campaign.ledger.sqlite.sqlite_errors import SQLITE_ERRORS
from campaign.ledger.sqlite.store import SqliteRunLedger


def locate(path: Path, earlier: Sequence[Path], name: str) -> Path:
    """Give the ledger of the campaign `name`: `path`, unless there is none and one of the `earlier` places has it."""
    found = [one for one in earlier if _is_ours(one, name)]
    if not found:
        return path
    if _exists(path) or len(found) > 1:
        several = [str(one) for one in (path, *found) if _exists(one)]
        raise LedgerError(
            f"this campaign has {len(several)} ledgers, and each may have people that the others have not",
            where=", ".join(several),
            fix="keep the one that its runs have used, and move the others away, out of these folders",
        )
    return found[0]


def take_over(path: Path, earlier: Sequence[Path], name: str) -> Path | None:
    """Bring the ledger to `path`, where it lies at an earlier place. Gives that, or None where there was nothing to do.
    Raises LedgerError, LedgerBusyError.
    """
    found = locate(path, earlier, name)
    if found == path:
        return None
    with SqliteRunLedger.open(found, name):  # nobody uses it; and now all of it is in one file
        pass
    try:
        found.replace(path)
        with contextlib.suppress(FileNotFoundError):
            generation_file(found).replace(generation_file(path))
    except OSError as error:
        raise LedgerError(
            f"the ledger can't be brought to its place: {error.strerror}",
            where=str(found),
            fix=f"move it to {path} by hand",
        ) from None
    return found


def _exists(path: Path) -> bool:
    with contextlib.suppress(OSError):
        return path.stat().st_size > 0
    return False


def _is_ours(path: Path, name: str) -> bool:
    if not _exists(path):
        return False
    try:
        with contextlib.closing(schema.connect(path, readonly=True)) as database:
            found = database.execute("SELECT value FROM facts WHERE name = 'campaign'").fetchone()
    except (LedgerError, *SQLITE_ERRORS):
        return False  # whatever that is, it is no ledger of this campaign
    return found is not None and found[0] == name
