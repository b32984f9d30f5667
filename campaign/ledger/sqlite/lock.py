"""One run at a time: an flock on the ledger's file, which worker processes inherit, so it is free only when the last of
them is gone.

Raises LedgerError where the file can't be locked, LedgerBusyError with who holds it, ResultsError for a link in its
place.
"""

import contextlib
import fcntl
import json
import os
import socket
import sqlite3
import time
from pathlib import Path

from campaign.errors import LedgerBusyError, LedgerError
from campaign.ledger.sql.facts import read_fact
from campaign.ledger.sqlite import schema
from campaign.ledger.sqlite.connection import SqliteConnection
from campaign.ledger.values import RunningProcess
from campaign.private_files import open_own

_NAPS = (0.001, 0.005, 0.02)
"""Seconds."""


def lock_file(path: Path) -> int:
    """Create the file if there is none, and lock it; gives the descriptor."""
    try:
        lock = open_own(path, os.O_RDWR | os.O_CREAT, one_name=False)  # backups may be hard links
    except OSError as error:
        raise LedgerError(
            f"the ledger can't be opened for writing: {error.strerror}",
            where=str(path),
            fix="check that its folder exists, that both can be written, and that the disk has room",
        ) from None
    try:
        _lock(lock)
    except BlockingIOError:
        os.close(lock)
        raise LedgerBusyError(
            f"another run is using this campaign's ledger: {_holder(path)}",
            where=str(path),
            fix="wait for it to end, or stop it; `campaign status` shows how far it is",
        ) from None
    except OSError as error:
        os.close(lock)
        raise LedgerError(
            f"the ledger can't be locked: {error.strerror}",
            where=str(path),
            fix="keep the ledger on a local disk: set ledger.path",
        ) from None
    return lock


def _lock(descriptor: int) -> None:
    """Lock it. Whoever settles the campaign tries the lock for a moment, too, to see whether a run has it."""
    for nap in _NAPS:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(nap)
        else:
            return
    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


def running_process(database: SqliteConnection) -> RunningProcess | None:
    """Give the process that holds the ledger, as far as can be told; None for one that was cut off, on this machine."""
    try:
        holder = json.loads(read_fact(database, "holder") or "{}")
        here = holder["host"] == socket.gethostname()
        found = RunningProcess(pid=int(holder["pid"]), host="" if here else str(holder["host"]))
        if here:
            with contextlib.suppress(PermissionError):  # it lives, and is somebody else's
                os.kill(found.pid, 0)
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return found


def _holder(path: Path) -> str:
    """Say who holds the ledger, as far as it tells."""
    try:
        with contextlib.closing(schema.connect(path, readonly=True)) as database:
            holder = json.loads(database.execute("SELECT value FROM facts WHERE name = 'holder'").fetchone()[0])
        since = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(holder["since"]))
        return f"process {holder['pid']} on {holder['host']}, since {since}"
    except (LedgerError, sqlite3.Error, TypeError, ValueError, KeyError):
        return "a process that has not given its name yet"
