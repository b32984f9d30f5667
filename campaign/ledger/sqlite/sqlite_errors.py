"""What SQLite raises → `LedgerError`: what is wrong, with which file, and what to do.

`explained` and `transaction` are put around everything that this room does with its database, so that no error of
SQLite's leaves it. A full disk, a failing one and a damaged file are told apart by SQLite's own result codes
(https://www.sqlite.org/rescode.html). Limits: a byte changed inside a text is not damage that anybody could see.
"""

import contextlib
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

from campaign.errors import LedgerError
from campaign.ledger.database import PATIENCE, damaged

_SHORTEST_NAP, _LONGEST_NAP = 0.0001, 0.005
"""Seconds."""
SQLITE_ERRORS = (sqlite3.Error, UnicodeDecodeError)
"""What the sqlite3 module raises: the second where SQLite's own message quotes a damaged file."""
_PRIMARY = 0xFF
"""An extended result code's lowest byte is the primary one."""


@contextlib.contextmanager
def explained(database: sqlite3.Connection) -> Iterator[None]:
    """Raise LedgerError for whatever SQLite raises within."""
    try:
        yield
    except SQLITE_ERRORS as error:
        raise explain(error, path_of(database)) from None


@contextlib.contextmanager
def transaction(database: sqlite3.Connection, *, patience: float = PATIENCE) -> Iterator[None]:
    """Do all that is within, or none of it. `patience`: seconds to wait for another writer, besides SQLite's own
    waiting. Raises LedgerError, and what is raised within.
    """
    try:
        _begin(database, patience)
        yield
        database.execute("COMMIT")
    except BaseException as error:
        with contextlib.suppress(*SQLITE_ERRORS):  # what went wrong first is what counts
            if database.in_transaction:
                database.execute("ROLLBACK")
        if isinstance(error, SQLITE_ERRORS):
            raise explain(error, path_of(database)) from None
        raise


def _begin(database: sqlite3.Connection, patience: float) -> None:
    """Wait for the write lock. An `eager` connection naps here: SQLite would sleep for milliseconds, and the others
    hold the lock for a fraction of one.
    """
    deadline, nap = None, _SHORTEST_NAP
    while True:
        try:
            database.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            deadline = deadline or time.monotonic() + patience
            if error.sqlite_errorcode & _PRIMARY != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(nap)
            nap = min(2 * nap, _LONGEST_NAP)
        else:
            return


def path_of(database: sqlite3.Connection) -> Path:
    """Give the file that a connection is open to."""
    try:
        return Path(database.execute("PRAGMA database_list").fetchone()[2] or "the temporary folder")
    except (*SQLITE_ERRORS, TypeError):
        return Path("the ledger")


def explain(error: sqlite3.Error | UnicodeDecodeError, path: Path) -> LedgerError:
    """One error for all that SQLite raises, with what to do about it."""
    where = str(path)
    if isinstance(error, UnicodeDecodeError):
        return damaged(path, "bytes that are not text")
    words = str(error).partition("\n")[0]
    code = getattr(error, "sqlite_errorcode", None)  # not every error has one: those of Python's own have not
    match None if code is None else code & _PRIMARY:
        case sqlite3.SQLITE_FULL:
            return LedgerError("the disk is full", where=where, fix="make room, then run the same command again")
        case sqlite3.SQLITE_CORRUPT:
            return damaged(path, words)
        case sqlite3.SQLITE_NOTADB:
            return LedgerError(
                f"this file is not a ledger, or its beginning is destroyed ({words})",
                where=where,
                fix="if it was this campaign's ledger, restore it from a backup, or people will be mailed twice; "
                "if it never was one, set ledger.path to another file",
            )
        case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_CANTOPEN | sqlite3.SQLITE_PERM:
            return LedgerError(
                f"the ledger can't be opened for writing ({words})",
                where=where,
                fix="check that it and its folder exist and can be written (files beside it belong to it)",
            )
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return LedgerError(
                "another program holds the ledger", where=where, fix="close it, then run the command again"
            )
        case sqlite3.SQLITE_IOERR:
            return LedgerError(
                f"the disk does not do what the ledger needs ({words})",
                where=where,
                fix="check its free space, its quota and its health, then run the same command again",
            )
    if "decode" in words:  # "Could not decode to UTF-8 column ...": bytes that we never wrote
        return damaged(path, "bytes that are not text")
    return LedgerError(f"the ledger can't be used: {words}", where=where, fix="check the disk")
