"""The ledger as a run holds it: opened, identified, locked, recovered.

`Ledger.open` gives it to one run at a time (an flock on the file, which the worker processes inherit, so it is free
only when the last of them is gone). Raises LedgerError: another campaign's, damaged, out of reach; LedgerBusyError
says who holds it. On network file systems neither locks nor fsync can be trusted: keep the ledger on a local disk.
"""

import contextlib
import fcntl
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
from campaign.model import Status

_WAL_LIMIT = 64 * 1024 * 1024
"""Bytes of WAL after which writers wait a moment so that it can begin anew."""


class Ledger:
    """A locked ledger. Close it, or use it as a context manager."""

    def __init__(self, path: Path, database: sqlite3.Connection, lock: int) -> None:
        self.path = path
        self.database = database
        self.lock = lock
        """The descriptor that holds the lock, for worker processes to inherit."""

    @classmethod
    def open(cls, path: Path, name: str) -> Self:
        """Open or create the ledger of the campaign `name`. Raises LedgerError, LedgerBusyError."""
        try:
            lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)  # it holds people's data
        except OSError as error:
            raise LedgerError(
                f"the ledger can't be opened: {error.strerror}", where=str(path), fix="check the folder and its rights"
            ) from None
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(lock)
            raise LedgerBusyError(
                f"another run is using this campaign's ledger: {_holder(path)}",
                where=str(path),
                fix="wait for it to end, or stop it; `campaign status` shows how far it is",
            ) from None
        try:
            database = schema.connect(path, create=True, cache_mib=32)
            try:
                if not database.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
                    schema.create(database, name)
                schema.verify(database, path, name)
                ledger = cls(path, database, lock)
                ledger.write_fact(
                    "holder", json.dumps({"pid": os.getpid(), "host": socket.gethostname(), "since": int(time.time())})
                )
            except BaseException:
                database.close()
                raise
        except sqlite3.Error as error:
            os.close(lock)
            raise schema.explain(error, path) from None
        except BaseException:
            os.close(lock)
            raise
        return ledger

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Fold the WAL into the file, and let go of it."""
        with contextlib.suppress(sqlite3.Error):
            self.database.execute("DELETE FROM facts WHERE name = 'holder'")
            self.database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self.database.close()
        os.close(self.lock)  # last: closing it would drop SQLite's own locks on the file

    def fact(self, name: str) -> str | None:
        """Give what is on record under `name`."""
        row = self.database.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
        return None if row is None else str(row[0])

    def write_fact(self, name: str, value: str) -> None:
        """Put `value` on record."""
        self.database.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (name, value))

    def columns(self) -> list[str]:
        """Give the columns of the contacts file, as last read."""
        columns = self.fact("columns")
        return [] if columns is None else list(json.loads(columns))

    def recover(self) -> int:
        """Call the claims that an earlier run left without an outcome what they are: in doubt. Gives their number."""
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
        reopened = self.database.execute(
            f"UPDATE delivery SET status = 'pending', tries = 0 WHERE status IN ({marks}){chosen}",  # noqa: S608 - ours
            statuses,
        ).rowcount
        self.database.execute("UPDATE delivery SET tries = 0 WHERE status = 'pending'")
        return reopened

    def checkpoint(self) -> None:
        """Move what has been committed from the WAL into the file, while others go on writing."""
        try:
            size = Path(f"{self.path}-wal").stat().st_size
            self.database.execute("PRAGMA wal_checkpoint(PASSIVE)")
            if size > _WAL_LIMIT:
                self.database.execute("PRAGMA wal_checkpoint(RESTART)")
        except (sqlite3.Error, OSError):
            return  # the next one will do; a writer that meets the same trouble will say so


@contextlib.contextmanager
def reading_ledger(path: Path, name: str) -> Iterator[sqlite3.Connection]:
    """Look into the ledger of the campaign `name`, also while a run goes on. Raises LedgerError."""
    if not path.exists():
        raise LedgerError(
            "there is no ledger yet: nothing was ever sent",
            where=str(path),
            fix="check --output and --sandbox, or send the campaign first",
        )
    with contextlib.closing(schema.connect(path, readonly=True)) as database:
        schema.verify(database, path, name)
        yield database


def _holder(path: Path) -> str:
    """Say who holds the ledger, as far as it tells."""
    try:
        database = schema.connect(path, readonly=True)
        with contextlib.closing(database):
            holder = json.loads(database.execute("SELECT value FROM facts WHERE name = 'holder'").fetchone()[0])
        since = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(holder["since"]))
        return f"process {holder['pid']} on {holder['host']}, since {since}"
    except (LedgerError, sqlite3.Error, TypeError, ValueError, KeyError):
        return "a process that has not given its name yet"
