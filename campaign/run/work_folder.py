"""The folder that a worker for somebody else's run writes the run's files to: only we can look into it, and it goes
when the worker ends. What one that was killed has left goes when the next one of the same user begins here.

Whoever uses a folder holds a lock on it (flock(2)), which dies with its process. Raises SettingsError where there is
no folder to write to. Limits: on a file system without such locks, what a killed one has left stays.
"""

import contextlib
import fcntl
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

from campaign.errors import SettingsError

PREFIX = "campaign-worker-"


@contextlib.contextmanager
def own_folder() -> Iterator[Path]:
    """Give an empty folder that goes with what is in it."""
    try:
        folder, lock = _made()
    except OSError as error:
        raise SettingsError(
            f"there is no folder to write the run's templates to: {error.strerror}",
            where="TMPDIR, /tmp",
            fix="let one be writable; in a container with a read-only file system, mount an empty one at /tmp",
        ) from None
    try:
        _clear_away(folder.parent)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)


def _made() -> tuple[Path, int]:
    while True:
        folder = Path(tempfile.mkdtemp(prefix=PREFIX))
        # Until we have locked it, somebody may take it for one that was left, and take it away.
        try:
            lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        except FileNotFoundError:
            continue
        with contextlib.suppress(OSError):
            fcntl.flock(lock, fcntl.LOCK_EX)
        if folder.exists():
            return folder, lock
        os.close(lock)


def _clear_away(among: Path) -> None:
    """Take out what is ours and nobody's any more."""
    for left in among.glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError):
            found = left.lstat()
            if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
                continue
            lock = os.open(left, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(left, ignore_errors=True)
            finally:
                os.close(lock)
