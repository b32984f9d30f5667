"""The ledger as the owner of a run holds it: `RunLedger` over SQLite, opened, identified, locked.

`SqliteRunLedger.open` gives it to one run at a time (an flock on the file, which the worker processes inherit, so it is
free only when the last of them is gone). Raises LedgerError: another campaign's, damaged, out of reach; LedgerBusyError
says who holds it. On network file systems neither locks nor fsync can be trusted: keep the ledger on a local disk.
"""

import os
import secrets
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Self

from campaign.errors import LedgerError
from campaign.histogram import Stretch
from campaign.ledger.sql import history, live_state, recovery, reversal, row_matching, timeline, written_results
from campaign.ledger.sql.contacts_store import SqlContacts
from campaign.ledger.sql.corrections import Corrections
from campaign.ledger.sql.earlier_days import count_earlier_days
from campaign.ledger.sql.facts import keep_fact, read_fact, write_fact
from campaign.ledger.sqlite import due_rows, schema
from campaign.ledger.sqlite.checkpoints import Checkpoints
from campaign.ledger.sqlite.connection import SqliteConnection
from campaign.ledger.sqlite.generation import refuse_a_lost_ledger, refuse_a_rescued_ledger
from campaign.ledger.sqlite.lock import lock_file
from campaign.ledger.sqlite.run_connection import close_in_order, open_locked
from campaign.ledger.sqlite.sqlite_errors import explained
from campaign.ledger.sqlite.verification import Verification, is_large
from campaign.ledger.values import SpreadsheetChange
from campaign.model import Row, Status
from campaign.private_files import create
from campaign.run_now import RunNow

_SALT_OCTETS = 32


class SqliteRunLedger(SqlContacts):
    """A locked ledger. Close it, or use it as a context manager."""

    database: SqliteConnection

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

    def add_to_timeline(self, stretches: Iterable[Stretch]) -> None:
        """Put on record what was measured."""
        timeline.add(self.database, stretches)

    def checkpoint(self) -> None:
        """Move what has been committed from the WAL into the file now and then, while others go on writing."""
        self._checkpoints.now_and_then()

    def has_contacts(self) -> bool:
        """Whether a contacts file was ever read into it."""
        with explained(self.database):
            return self.database.execute("SELECT 1 FROM entry LIMIT 1").fetchone() is not None

    def digest(self) -> str | None:
        """Give the digest of what was read last."""
        return read_fact(self.database, "digest")

    def note(self, name: str) -> str | None:
        """Give a note that reading the contacts has left."""
        return read_fact(self.database, name)

    def keep_note(self, name: str, text: str) -> None:
        """Keep one."""
        write_fact(self.database, name, text)

    def owners_of(self, message_ids: Collection[str], message_id: Callable[[str], str]) -> dict[str, str]:
        """Give the address to which each of these Message-IDs belongs."""
        return row_matching.owners_of(self.database, message_ids, message_id)

    def results_were_guarded(self) -> bool:
        """Whether a results file was ever written with its cells guarded against spreadsheets."""
        return written_results.may_be_guarded(self.database)

    def cells_with_apostrophe(self) -> Iterator[str]:
        """Give the contacts' cells that hold an apostrophe."""
        return written_results.cells_with_apostrophe(self.database)

    def correct(
        self,
        columns: Sequence[str],
        rows: Iterable[Row],
        *,
        email_column: str,
        ignored: Iterable[str],
        key: Callable[[str], str],
        owners: Mapping[str, str],
        renamed: Mapping[str, str],
        where: str,
    ) -> Sequence[SpreadsheetChange]:
        """Correct the contacts by the rows of a results file: `corrections`."""
        with explained(self.database):
            corrections = Corrections(
                self.database,
                columns,
                email_column=email_column,
                ignored=ignored,
                key=key,
                owners=owners,
                renamed=renamed,
                where=where,
            )
            corrections.apply(rows)
        return corrections.left

    def keep_message_id_domain(self, domain: str) -> str:
        """Give the domain of the campaign's Message-IDs: `domain` in its first run, which draws their secret, too."""
        if read_fact(self.database, "message_id_domain") is None and history.first_run(self.database) is None:
            keep_fact(self.database, "message_id_secret", secrets.token_hex(_SALT_OCTETS))
        return keep_fact(self.database, "message_id_domain", domain)

    def keep_contact_key_salt(self) -> bytes:
        """Give the random octets that the keys of contacts are made from, the same in every run."""
        return bytes.fromhex(keep_fact(self.database, "contact_key_salt", secrets.token_hex(_SALT_OCTETS)))

    def recover(self) -> int:
        """Call the claims without an outcome in doubt, and say how many."""
        return recovery.recover(self.database)

    def reopen(self, statuses: Sequence[Status], *, chosen_only: bool) -> int:
        """Make rows of these statuses pending again, with all their tries. Gives how many rows."""
        return recovery.reopen(self.database, statuses, chosen_only=chosen_only)

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

    def count_earlier_days(self, zone: tzinfo) -> None:
        """Count the messages of days on which there was no daily limit."""
        count_earlier_days(self.database, zone)

    def announce_run(self, *, opened: datetime | None, templates: str) -> None:
        """Say what will hold if this run mails somebody."""
        history.announce(self.database, opened=opened, template=templates)

    def settle_run(self) -> None:
        """Put what was announced last on record if anybody was mailed, and drop it otherwise."""
        history.settle(self.database)

    def withdraw_run(self) -> None:
        """Drop what was announced."""
        history.drop(self.database)

    def publish(self, now: RunNow) -> None:
        """Let others see how the run goes, if that can be written at once."""
        live_state.publish(self.database, now)

    def revert(self, contacts: Collection[int]) -> None:
        """Make rows pending again that were refused for our own fault."""
        reversal.revert(self.database, contacts)

    def revert_all(self, contacts: Collection[int], count: int) -> bool:
        """Do so if just so many were refused, and nobody but one contact can be to blame."""
        return reversal.revert_all(self.database, contacts, count)
