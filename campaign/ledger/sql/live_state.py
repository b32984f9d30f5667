"""What a run's owner says of it once a second, for those who look on from elsewhere: one row, replaced each time.

It has a table of its own. It is written all the time and is now long, now short; among the facts it would move those
from page to page that are read from the file alone after a power cut (`generation`).

Takes a connection. It is nothing that anybody relies on, so writing it waits for nobody, and raises nothing; what a
killed run has left, or one that says nothing any more, is not taken for live.
"""

import contextlib
import time

from campaign.errors import LedgerError
from campaign.ledger.database import Database
from campaign.ledger.values import RunningProcess
from campaign.run_now import RunNow, as_json, of_json

_FRESH = 15.0
"""Seconds for which it holds: a disk that keeps the owner waiting for so long is no news, and neither is a process that
somebody has stopped.
"""
_PATIENCE = 0.05
"""Seconds to wait for another writer: workers hold the ledger for a fraction of a millisecond."""
_PUT = """
INSERT INTO live_state VALUES (1, ?) ON CONFLICT ("only") DO UPDATE SET value = excluded.value
"""


def publish(database: Database, now: RunNow) -> None:
    """Put it on record in place of what is there, if that can be done at once."""
    if database.in_transaction:
        return
    with contextlib.suppress(LedgerError), database.explained(), database.impatient(_PATIENCE):
        database.execute(_PUT, (as_json(now),))


def run_now(database: Database, process: RunningProcess | None) -> RunNow | None:
    """Give what the run that goes on, that of this `process`, has said last; None where it has fallen silent."""
    with contextlib.suppress(LedgerError, ValueError, TypeError, KeyError):
        with database.explained():
            found = database.execute("SELECT value FROM live_state").fetchone()
        now = of_json(found[0] if found else "")
        if process is not None and now.pid == process.pid and abs(time.time() - now.at) < _FRESH:
            return now
    return None
