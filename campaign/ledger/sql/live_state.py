"""What a run's owner says of it once a second, for those who look on from elsewhere: one row, replaced each time.

It has a table of its own. It is written all the time and is now long, now short; among the facts it would move those
from page to page that are read from the file alone after a power cut (`generation`).

Takes a connection. It is nothing that anybody relies on, so writing it waits for nobody, and raises nothing; what a
killed run has left, or one that says nothing any more, is not taken for live.
"""

import contextlib
import time

from campaign.errors import LedgerError
from campaign.ledger.database import PATIENCE, Database
from campaign.ledger.sqlite.lock import running_process
from campaign.ledger.sqlite.sqlite_errors import SQLITE_ERRORS
from campaign.run_now import RunNow, as_json, of_json

_FRESH = 15.0
"""Seconds for which it holds: a disk that keeps the owner waiting for so long is no news, and neither is a process that
somebody has stopped.
"""
_PATIENCE = 50
"""Milliseconds to wait for another writer: workers hold the ledger for a fraction of one."""


def publish(database: Database, now: RunNow) -> None:
    """Put it on record in place of what is there, if that can be done at once."""
    if database.in_transaction:
        return
    with contextlib.suppress(*SQLITE_ERRORS):
        database.execute(f"PRAGMA busy_timeout = {_PATIENCE}")
        try:
            database.execute("INSERT OR REPLACE INTO live_state VALUES (1, ?)", (as_json(now),))
        finally:
            database.execute(f"PRAGMA busy_timeout = {PATIENCE * 1000}")


def run_now(database: Database) -> RunNow | None:
    """Give what the run that goes on has said last; None where none does, or it has fallen silent."""
    with contextlib.suppress(LedgerError, ValueError, TypeError, KeyError):
        with database.explained():
            found = database.execute("SELECT value FROM live_state").fetchone()
        now = of_json(found[0] if found else "")
        owner = running_process(database)
        if owner is not None and now.pid == owner.pid and abs(time.time() - now.at) < _FRESH:
            return now
    return None
