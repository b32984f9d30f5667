"""The ledger as the owner of a run holds it: `RunLedger` over SQLite, opened, identified, locked.

`SqliteRunLedger.open` gives it to one run at a time (an flock on the file, which the worker processes inherit, so it is
free only when the last of them is gone). Raises LedgerError: another campaign's, damaged, out of reach; LedgerBusyError
says who holds it. On network file systems neither locks nor fsync can be trusted: keep the ledger on a local disk.
"""

import os
import secrets
from collections.abc import Collection, Mapping
from datetime import date
from pathlib import Path
from typing import Self

from campaign.errors import LedgerError
from campaign.ledger.sql.run_ledger import SqlRunLedger
from campaign.ledger.sqlite import due_rows, schema
from campaign.ledger.sqlite.checkpoints import Checkpoints
from campaign.ledger.sqlite.connection import SqliteConnection
from campaign.ledger.sqlite.contacts_store import SqliteContacts
from campaign.ledger.sqlite.daily_count import keep_days
from campaign.ledger.sqlite.generation import refuse_a_lost_ledger, refuse_a_moved_ledger, refuse_a_rescued_ledger
from campaign.ledger.sqlite.lock import lock_file
from campaign.ledger.sqlite.run_connection import close_in_order, open_locked
from campaign.ledger.sqlite.sqlite_errors import explained
from campaign.ledger.sqlite.verification import Verification, is_large
from campaign.private_files import create


class SqliteRunLedger(SqliteContacts, SqlRunLedger):
    """A locked ledger. Close it, or use it as a context manager."""

    def __init__(self, path: Path, database: SqliteConnection, lock: int) -> None:
        super().__init__(database)
        self.path = self.place = path
        self.shared = None
        self.lock = lock
        """The descriptor that holds the lock, for worker processes to inherit."""
        self._checkpoints = Checkpoints(database, path)
        self._verification: Verification | None = None

    @classmethod
    def open(cls, path: Path, name: str) -> Self:
        """Open or create the ledger of the campaign `name`. Raises LedgerError, LedgerBusyError."""
        refuse_a_rescued_ledger(path)
        refuse_a_moved_ledger(path)
        refuse_a_lost_ledger(path)
        lock = lock_file(path)
        try:
            ledger = cls(path, open_locked(path, name), lock)
        except BaseException:
            os.close(lock)
            raise
        if is_large(path):
            ledger._verification = Verification(path)
            ledger._verification.start()
        return ledger

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    def close(self) -> None:
        """Fold the WAL into the file, say that this was done in order, and let go of it."""
        try:
            if self._verification is not None:
                self._verification.end()
            close_in_order(self.database)
        finally:
            os.close(self.lock)  # last: closing it would drop SQLite's own locks on the file

    @property
    def in_place(self) -> bool:
        """Whether the file at its path is still the one that we hold."""
        try:
            found, held = self.path.stat(), os.fstat(self.lock)
        except OSError:
            return False
        return (found.st_dev, found.st_ino) == (held.st_dev, held.st_ino)

    def damage(self, *, wait: bool = False) -> LedgerError | None:
        """Give what the check of a large ledger has found, which goes on after it was opened."""
        if self._verification is None:
            return None
        if wait:
            self._verification.join()
        return self._verification.damage

    def rescue(self) -> str:
        """Copy the ledger to a new file beside its path, whose name is given. Raises LedgerError."""
        copy = self.path.with_name(f"{self.path.name}-rescued-{secrets.token_hex(8)}")
        try:
            create(copy).close()  # SQLite would let others read it, and follow a link
        except OSError as error:
            where, fix = str(copy), "make room there, or get the right to write there"
            raise LedgerError(f"the ledger can't be copied: {error.strerror}", where=where, fix=fix) from None
        try:
            with explained(self.database):
                self.database.execute("VACUUM INTO ?", (str(copy),))
        except BaseException:
            copy.unlink(missing_ok=True)  # what is not whole must not be put back
            raise
        close_in_order(schema.connect(copy))
        return str(copy)

    def checkpoint(self) -> None:
        """Move what has been committed from the WAL into the file now and then, while others go on writing."""
        self._checkpoints.now_and_then()

    def prepare(
        self,
        *,
        limit: int | None,
        chosen_only: bool,
        reading: bool = False,
        zone_column: str = "",
        limited_domains: Collection[str] = (),
    ) -> None:
        """Say how many contacts this run may take, of which rows, whether more are being read, and their queues."""
        due_rows.prepare_run(
            self.database,
            limit=limit,
            chosen_only=chosen_only,
            reading=reading,
            zone_column=zone_column,
            limited_domains=limited_domains,
        )

    def _keep_days(self, days: Mapping[date, int]) -> None:
        keep_days(self.database, days)
