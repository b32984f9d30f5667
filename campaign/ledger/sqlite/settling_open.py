"""How a ledger is opened to be settled: beside a run that may go on, or as a copy of which nothing stays.

Nobody is kept out: the lock that a run holds is looked at, never kept. Raises LedgerError; LedgerBusyError where a run
of an earlier version of this program goes on, whose tables know nothing of later words.
"""

import contextlib
import errno
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from campaign.errors import LedgerBusyError, LedgerError
from campaign.ledger.sql.settling import SqlSettling
from campaign.ledger.sqlite import schema
from campaign.ledger.sqlite.checkpoints import LIMIT, Checkpoints
from campaign.ledger.sqlite.connection import SqliteConnection
from campaign.ledger.sqlite.files import wal_file
from campaign.ledger.sqlite.generation import require_ledger
from campaign.ledger.sqlite.reading import SqliteReader
from campaign.ledger.sqlite.sqlite_errors import explained
from campaign.ledger.sqlite.store import SqliteRunLedger
from campaign.ledger.sqlite.tables import VERSION
from campaign.ledger.sqlite.throwaway_copy import throwaway_copy
from campaign.ledger.sqlite.verification import verify
from campaign.ledger.sqlite.wal_sync import make_durable
from campaign.private_files import open_own

_PAGES_OF_A_CONTACT = 4
"""That are written for each, at the most: its delivery, its evidence, what is shown of it; and the one above them."""


@contextlib.contextmanager
def open_settling(path: Path, name: str) -> Iterator[SqlSettling]:
    """Open the ledger of the campaign `name`, which is there."""
    require_ledger(path)
    if _version(path) != VERSION:
        _bring_up_to_date(path, name)
    with contextlib.ExitStack() as opened:
        lock = opened.enter_context(_RunLock(path))  # closed last: closing it would drop SQLite's locks on the file
        database = opened.enter_context(contextlib.closing(schema.connect(path)))
        verify(database, path, name, quick=True)
        with explained(database):
            database.execute("SELECT 1 FROM facts").fetchone()  # only now is there sure to be a WAL
        wal = opened.enter_context(_Wal(path, database))
        reader = SqliteReader(database)
        yield SqlSettling(database, reader=reader, running=lock.is_held, make_durable=wal.sync, make_room=wal.make_room)


@contextlib.contextmanager
def open_settling_copy(path: Path, name: str) -> Iterator[SqlSettling]:
    """Open a copy of it, as it is now."""
    require_ledger(path)
    with _RunLock(path) as lock:
        held = lock.is_held()
        with contextlib.closing(throwaway_copy(path, name)) as database:
            yield SqlSettling(database, reader=SqliteReader(database), running=lambda: held)


def _version(path: Path) -> int:
    with contextlib.closing(schema.connect(path, readonly=True)) as database, explained(database):
        return int(database.execute("PRAGMA user_version").fetchone()[0])


def _bring_up_to_date(path: Path, name: str) -> None:
    """Open it once as a run does. What is none of ours is told by that, too."""
    try:
        SqliteRunLedger.open(path, name).close()
    except LedgerBusyError as error:
        raise LedgerBusyError(
            "the ledger is one of an earlier version of this program, and a run of it goes on",
            where=str(path),
            fix="let that run end, or stop it, then run the same command again",
        ) from error


class _RunLock:
    """Whether a run holds a ledger: its lock is tried, for a moment. A context manager."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = -1

    def __enter__(self) -> "_RunLock":
        return self

    def __exit__(self, *raised: object) -> None:
        if self._file >= 0:
            os.close(self._file)

    def is_held(self) -> bool:
        """Whether it is, just now. Raises LedgerError where that can't be told."""
        try:
            if self._file < 0:
                self._file = self._opened()
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        except OSError as error:
            raise LedgerError(
                f"the ledger can't be locked: {error.strerror}",
                where=str(self._path),
                fix="keep the ledger on a local disk: set ledger.path",
            ) from None
        fcntl.flock(self._file, fcntl.LOCK_UN)
        return False

    def _opened(self) -> int:
        try:
            return open_own(self._path, os.O_RDWR, one_name=False)
        except OSError as error:
            if error.errno not in (errno.EROFS, errno.EACCES):
                raise
        return open_own(self._path, os.O_RDONLY, one_name=False)  # enough for a copy, where the disk is a local one


class _Wal:
    """The WAL of a connection that is open: made durable, and kept short. A context manager."""

    def __init__(self, path: Path, database: SqliteConnection) -> None:
        self._path = wal_file(path)
        self._checkpoints = Checkpoints(database, path)
        self._written = 0
        self._failure: LedgerError | None = None
        try:
            self._file = open_own(self._path, os.O_RDWR, one_name=False)
        except OSError as error:
            raise self._error("can't be opened", error) from None

    def __enter__(self) -> "_Wal":
        return self

    def __exit__(self, *raised: object) -> None:
        os.close(self._file)

    def sync(self) -> None:
        """Make durable what has been written. Raises LedgerError, from the first failure on each time: after it, a sync
        may succeed and mean nothing.
        """
        if self._failure is None:
            try:
                make_durable(self._file)
            except OSError as error:
                self._failure = self._error("can't be made durable", error)
        if self._failure is not None:
            raise self._failure

    def make_room(self, contacts: int) -> None:
        """Hear that so many contacts have been written, and see that the WAL does not grow without an end."""
        self._written += contacts * _PAGES_OF_A_CONTACT * 4096
        if self._written > LIMIT:
            self._written = 0
            self._checkpoints.make_room()

    def _error(self, what: str, error: OSError) -> LedgerError:
        fix = "check the disk, then run the same command again"
        return LedgerError(f"the ledger's -wal file {what}: {error.strerror}", where=str(self._path), fix=fix)
