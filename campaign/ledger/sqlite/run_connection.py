"""The connection that the owner of a run works with: opened once the file is locked, and closed in order.

Raises LedgerError: another campaign's ledger, a damaged one, one out of reach; LedgerBusyError where somebody reads it
without an end.
"""

import contextlib
import json
import os
import socket
import time
from pathlib import Path

from campaign.errors import LedgerBusyError
from campaign.ledger.sqlite import schema
from campaign.ledger.sqlite.connection import SqliteConnection
from campaign.ledger.sqlite.files import refuse_a_stump
from campaign.ledger.sqlite.generation import begin_generation, forget_wal, note_wal, refuse_what_does_not_belong
from campaign.ledger.sqlite.sqlite_errors import SQLITE_ERRORS, explain
from campaign.ledger.sqlite.verification import verify


def open_locked(path: Path, name: str) -> SqliteConnection:
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
        close_in_order(database)
        raise explain(error, path) from None
    except BaseException:
        close_in_order(database)
        raise
    return database


def close_in_order(database: SqliteConnection) -> None:
    """Fold the WAL into the file, take off the record that somebody holds it, and close it. Raises nothing."""
    for step in (
        lambda: database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone(),  # first: on a full disk it makes room
        lambda: database.execute("DELETE FROM live_state"),
        lambda: database.execute("DELETE FROM facts WHERE name IN ('holder', 'wal')"),
        lambda: forget_wal(database),
        lambda: database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone(),
    ):
        with contextlib.suppress(*SQLITE_ERRORS, ValueError):
            step()
    database.close()


def _fold_in(database: SqliteConnection, path: Path) -> None:
    """Move all that is in the WAL into the file, after whoever is reading it."""
    (busy, *_) = database.execute("PRAGMA wal_checkpoint(FULL)").fetchone()
    if busy:
        raise LedgerBusyError(
            "another program is reading the ledger, and does not come to an end",
            where=str(path),
            fix="close it, then run the same command again",
        )
