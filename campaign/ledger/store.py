"""The ledger as a run holds it: opened, identified, locked, recovered.

`Ledger.open` gives it to one run at a time (an flock on the file, which the worker processes inherit, so it is free
only when the last of them is gone). Raises LedgerError: another campaign's, damaged, out of reach; LedgerBusyError
says who holds it. On network file systems neither locks nor fsync can be trusted: keep the ledger on a local disk.
"""

import contextlib
import json
import os
import socket
import sqlite3
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from campaign.errors import LedgerBusyError, LedgerError
from campaign.ledger import schema
from campaign.ledger.checkpoints import Checkpoints
from campaign.ledger.faults import SQLITE_ERRORS, damaged, explain, explained, transaction
from campaign.ledger.files import is_at_rest, refuse_a_stump, size_of
from campaign.ledger.lineage import (
    begin_generation,
    note_wal,
    refuse_a_lost_ledger,
    refuse_what_does_not_belong,
)
from campaign.ledger.lock import lock_file
from campaign.ledger.tally import SENDING, move, recount
from campaign.ledger.verification import Verification, is_large, verify
from campaign.model import Status


class Ledger:
    """A locked ledger. Close it, or use it as a context manager."""

    def __init__(self, path: Path, database: sqlite3.Connection, lock: int) -> None:
        self.path = path
        self.database = database
        self.lock = lock
        """The descriptor that holds the lock, for worker processes to inherit."""
        self._checkpoints = Checkpoints(database, path)
        self._verification: Verification | None = None

    @classmethod
    def open(cls, path: Path, name: str) -> Self:
        """Open or create the ledger of the campaign `name`. Raises LedgerError, LedgerBusyError."""
        refuse_a_lost_ledger(path)
        lock = lock_file(path)
        try:
            ledger = cls(path, _open_locked(path, name), lock)
        except BaseException:
            os.close(lock)
            raise
        if is_large(path):
            ledger._verification = Verification(path)
            ledger._verification.start()
        return ledger

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Fold the WAL into the file, say that this was done in order, and let go of it."""
        try:
            if self._verification is not None:
                self._verification.end()
            _close_in_order(self.database)
        finally:
            os.close(self.lock)  # last: closing it would drop SQLite's own locks on the file

    def damage(self, *, wait: bool = False) -> LedgerError | None:
        """Give what the check of a large ledger has found, which goes on after it was opened."""
        if self._verification is None:
            return None
        if wait:
            self._verification.join()
        return self._verification.damage

    def has_roster(self) -> bool:
        """Whether a contacts file was ever read into it."""
        with explained(self.database):
            return self.database.execute("SELECT 1 FROM entry LIMIT 1").fetchone() is not None

    def fact(self, name: str) -> str | None:
        """Give what is on record under `name`."""
        with explained(self.database):
            row = self.database.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
        return None if row is None else str(row[0])

    def write_fact(self, name: str, value: str) -> None:
        """Put `value` on record."""
        with explained(self.database):
            self.database.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (name, value))

    def settled_fact(self, name: str, value: str) -> str:
        """Put `value` on record unless something is there already; give what is."""
        known = self.fact(name)
        if known is None:
            self.write_fact(name, value)
            return value
        return known

    def forget(self, name: str) -> None:
        """Take what is under `name` off the record."""
        with explained(self.database):
            self.database.execute("DELETE FROM facts WHERE name = ?", (name,))

    def columns(self) -> list[str]:
        """Give the columns of the contacts file, as last read."""
        columns = self.fact("columns")
        try:
            return [] if columns is None else list(json.loads(columns))
        except (ValueError, TypeError):
            raise damaged(self.path, "the names of the columns") from None

    def recover(self) -> int:
        """Call the claims that an earlier run left without an outcome what they are: in doubt. Gives their number."""
        with transaction(self.database):
            move(self.database, [SENDING], Status.IN_DOUBT)
            return self.database.execute(
                "UPDATE delivery SET status = 'in_doubt', attempts = attempts + 1, settled_at = ?, smtp_code = NULL, "
                "enhanced = NULL, detail = 'the run was cut off before the server''s reply was on record' "
                "WHERE status = 'sending'",
                (int(time.time()),),
            ).rowcount

    def reopen(self, statuses: Sequence[Status], *, chosen_only: bool) -> int:
        """Make rows of these statuses pending again, with all their tries. Gives how many rows."""
        chosen = " AND contact IN (SELECT contact FROM entry WHERE chosen)" if chosen_only else ""
        marks = ", ".join("?" * len(statuses))
        with transaction(self.database):
            reopened = self.database.execute(
                f"UPDATE delivery SET status = 'pending', tries = 0 WHERE status IN ({marks}){chosen}",  # noqa: S608 - ours
                statuses,
            ).rowcount
            if chosen_only:
                recount(self.database)
            else:
                move(self.database, statuses, Status.PENDING)
            self.database.execute("UPDATE delivery SET tries = 0 WHERE status = 'pending' AND tries > 0")
        return reopened

    @property
    def in_place(self) -> bool:
        """Whether the file at its path is still the one that we hold."""
        try:
            found, held = self.path.stat(), os.fstat(self.lock)
        except OSError:
            return False
        return (found.st_dev, found.st_ino) == (held.st_dev, held.st_ino)

    def rescue(self) -> Path:
        """Copy the ledger to a new file beside its path, whose name is given. Raises LedgerError."""
        copy = self.path.with_name(f"{self.path.name}-rescued-{os.getpid()}")
        with explained(self.database):
            self.database.execute("VACUUM INTO ?", (str(copy),))
        _close_in_order(schema.connect(copy))
        return copy

    def checkpoint(self) -> None:
        """Move what has been committed from the WAL into the file now and then, while others go on writing."""
        self._checkpoints.now_and_then()


def fact_in_file(path: Path, name: str) -> str | None:
    """Give what was on record under `name` when the WAL was last moved into the file: without opening it in earnest,
    locked as it may be. None where that can't be told.
    """
    try:
        with contextlib.closing(schema.connect(path, immutable=True)) as database:
            found = database.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
    except (LedgerError, *SQLITE_ERRORS):
        return None
    return None if found is None else str(found[0])


@contextlib.contextmanager
def reading_ledger(path: Path, name: str, *, quick: bool = False) -> Iterator[sqlite3.Connection]:
    """Look into the ledger of the campaign `name`, also while a run goes on. `quick`: most of a large one is taken for
    undamaged. Raises LedgerError.
    """
    refuse_a_stump(path)
    if not size_of(path):
        raise LedgerError(
            "there is no ledger yet: nothing was ever sent",
            where=str(path),
            fix="check ledger.path and --sandbox, or send the campaign first",
        )
    refuse_what_does_not_belong(path)
    with contextlib.closing(schema.connect(path, readonly=True, immutable=is_at_rest(path))) as database:
        verify(database, path, name, quick=quick)
        with explained(database):
            yield database


def _open_locked(path: Path, name: str) -> sqlite3.Connection:
    """Connect to the file that we have locked: a new ledger, or one that is whole and this campaign's."""
    refuse_a_stump(path)
    refuse_what_does_not_belong(path)
    database = schema.connect(path, create=True)
    try:
        if not database.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            schema.keep_wal(database, path)
            schema.create(database, name)
        verify(database, path, name, quick=True)
        schema.migrate(database)
        schema.keep_wal(database, path)
        holder = {"pid": os.getpid(), "host": socket.gethostname(), "since": int(time.time())}
        database.execute("INSERT OR REPLACE INTO facts VALUES ('holder', ?)", (json.dumps(holder),))
        note_wal(database, path)
        _fold_in(database, path)  # so that the file by itself shows that it is in use
        begin_generation(database, path)
    except SQLITE_ERRORS as error:
        _close_in_order(database)
        raise explain(error, path) from None
    except BaseException:
        _close_in_order(database)
        raise
    return database


def _close_in_order(database: sqlite3.Connection) -> None:
    for statement in (
        "PRAGMA wal_checkpoint(TRUNCATE)",  # first: on a full disk it makes the room for what follows
        "DELETE FROM facts WHERE name IN ('holder', 'wal')",
        "PRAGMA wal_checkpoint(TRUNCATE)",
    ):
        with contextlib.suppress(*SQLITE_ERRORS):
            database.execute(statement).fetchone()
    database.close()


def _fold_in(database: sqlite3.Connection, path: Path) -> None:
    """Move all that is in the WAL into the file, after whoever is reading it."""
    (busy, *_) = database.execute("PRAGMA wal_checkpoint(FULL)").fetchone()
    if busy:
        raise LedgerBusyError(
            "another program is reading the ledger, and does not come to an end",
            where=str(path),
            fix="close it, then run the same command again",
        )
