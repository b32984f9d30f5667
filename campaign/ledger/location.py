"""Where a campaign's ledger is: at its place, or still at an earlier one: the usual file, from before `[ledger] path`
or `[ledger] url` was set, or one under the name that an earlier version of this program gave it.

A ledger at an earlier place is found by whoever reads, and taken over by the next run; it is never ignored, or people
would be mailed twice. Raises LedgerError where there is more than one that might count.
"""

import contextlib
from collections.abc import Sequence
from pathlib import Path

from campaign.errors import LedgerError
from campaign.ledger.sqlite import schema
from campaign.ledger.sqlite.files import generation_file, size_of
from campaign.ledger.sqlite.generation import refuse_a_moved_ledger
from campaign.ledger.sqlite.sqlite_errors import SQLITE_ERRORS
from campaign.ledger.sqlite.store import SqliteRunLedger
from campaign.ledger_place import DatabasePlace, Place


def ledger_exists(place: Place, name: str, *, empty: bool = False) -> bool:
    """Whether there is a ledger of the campaign `name`. `empty`: a file without a byte counts, too: whoever opens it
    says what is wrong with it. Raises LedgerError where that can't be told.
    """
    if isinstance(place, DatabasePlace):
        from campaign.ledger.postgres import opening as postgres

        return postgres.ledger_exists(place, name)
    return size_of(place) > 0 or (empty and place.exists())


def words_about_database(place: Place) -> str:
    """Say where the ledger is, or will be made, for one in a database; "" for a file. Raises LedgerError where it can't
    be made there.
    """
    if not isinstance(place, DatabasePlace):
        return ""
    from campaign.ledger.postgres import opening as postgres

    return f"in {place}, {'there' if postgres.require_room(place) else 'new'}"


def files_beside(place: Place) -> tuple[Path, ...]:
    """Give the files by which a ledger that is gone would be missed; none for one in a database."""
    return (generation_file(place),) if isinstance(place, Path) else ()


def refuse_what_was_moved(place: Place) -> None:
    """Raise LedgerError where the ledger is in a database now, and is not sought there."""
    if isinstance(place, Path):
        refuse_a_moved_ledger(place)


def remove_file_ledger(place: Place) -> None:
    """Remove a ledger that nobody uses, and what stands beside it. Only a sandbox's, which is a file."""
    assert isinstance(place, Path), "a sandbox's ledger is a file"
    place.unlink(missing_ok=True)
    generation_file(place).unlink(missing_ok=True)


def locate(place: Place, earlier: Sequence[Path], name: str) -> Place:
    """Give the ledger of the campaign `name`: `place`, unless there is none and one of the `earlier` places has it."""
    found = [one for one in earlier if _is_ours(one, name) and not _has_moved(one, place, name)]
    if not found:
        return place
    if ledger_exists(place, name) or len(found) > 1:
        several = [str(one) for one in (place, *found) if not isinstance(one, Path) or _exists(one)]
        raise LedgerError(
            f"this campaign has {len(several)} ledgers, and each may have people that the others have not",
            where=", ".join(several),
            fix="keep the one that its runs have used, and move the others away, out of these folders",
        )
    return found[0]


def take_over(place: Place, earlier: Sequence[Path], name: str) -> Path | None:
    """Bring the ledger to its place, where it lies at an earlier one. Gives that, or None where there was nothing to
    do. Raises LedgerError, LedgerBusyError.
    """
    for one in earlier:
        if _is_ours(one, name) and _has_moved(one, place, name):
            _finish_moving(one)  # which a kill has cut off
            return one
    found = locate(place, earlier, name)
    if found == place or isinstance(found, DatabasePlace):
        return None
    if isinstance(place, DatabasePlace):
        from campaign.ledger.moving import take_over_file

        take_over_file(found, place, name)
        return found
    with SqliteRunLedger.open(found, name):  # nobody uses it; and now all of it is in one file
        pass
    try:
        found.replace(place)
        with contextlib.suppress(FileNotFoundError):
            generation_file(found).replace(generation_file(place))
    except OSError as error:
        raise LedgerError(
            f"the ledger can't be brought to its place: {error.strerror}",
            where=str(found),
            fix=f"move it to {place} by hand",
        ) from None
    return found


def _exists(path: Path) -> bool:
    with contextlib.suppress(OSError):
        return path.stat().st_size > 0
    return False


def _has_moved(path: Path, place: Place, name: str) -> bool:
    """Whether all of a file's ledger is in the database already, and only its name still says otherwise."""
    if not isinstance(place, DatabasePlace) or not ledger_exists(place, name):
        return False
    from campaign.ledger.moving import has_moved

    return has_moved(path, place)


def _finish_moving(path: Path) -> None:
    from campaign.ledger.moving import rename_file

    rename_file(path)


def _is_ours(path: Path, name: str) -> bool:
    if not _exists(path):
        return False
    try:
        with contextlib.closing(schema.connect(path, readonly=True)) as database:
            found = database.execute("SELECT value FROM facts WHERE name = 'campaign'").fetchone()
    except (LedgerError, *SQLITE_ERRORS):
        return False  # whatever that is, it is no ledger of this campaign
    return found is not None and found[0] == name
