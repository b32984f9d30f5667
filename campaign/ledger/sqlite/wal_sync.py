"""The fsync of the ledger's WAL, in a thread of its own, so that mail goes on while the disk is at work.

One at a time: `begin`, then `wake` is called from the thread, then `end`. What was written before `begin` is durable
once `end` gives no error. Opening the WAL raises LedgerError.
"""

import fcntl
import os
import queue
import threading
from collections.abc import Callable
from pathlib import Path

from campaign.errors import LedgerError


class WalSync:
    """Syncs one WAL, which stays the same file for as long as any connection to its database is open."""

    def __init__(self, wal: Path, *, wake: Callable[[], None]) -> None:
        try:
            self._wal = os.open(wal, os.O_RDWR | os.O_CLOEXEC)
        except OSError as error:
            raise LedgerError(
                f"the ledger's -wal file can't be opened: {error.strerror}",
                where=str(wal),
                fix="check its folder, then run the same command again",
            ) from None
        self._wake = wake
        self._orders: queue.SimpleQueue[bool] = queue.SimpleQueue()
        self._outcomes: queue.SimpleQueue[OSError | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="ledger-fsync", daemon=True)
        self._thread.start()

    @property
    def ended(self) -> bool:
        """Whether the sync that was begun has ended, well or not: `end` would not wait."""
        return not self._outcomes.empty()

    def begin(self) -> None:
        """Begin to make durable what has been written."""
        self._orders.put(True)

    def end(self) -> OSError | None:
        """Wait for the sync to end. Gives what went wrong with it."""
        return self._outcomes.get()

    def close(self) -> None:
        """End the thread, after the sync that is under way."""
        self._orders.put(False)
        self._thread.join()
        os.close(self._wal)

    def _work(self) -> None:
        while self._orders.get():
            self._outcomes.put(self._sync())
            self._wake()

    def _sync(self) -> OSError | None:
        try:
            make_durable(self._wal)
        except OSError as error:
            return error
        return None


def make_durable(descriptor: int) -> None:
    """Bring what was written to the disk itself. Raises OSError."""
    full_sync = getattr(fcntl, "F_FULLFSYNC", None)  # macOS has it, where an fsync stops short of the disk
    if full_sync is None:
        os.fdatasync(descriptor)
    else:
        fcntl.fcntl(descriptor, full_sync)
