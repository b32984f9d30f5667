"""A copy of a ledger that nobody else sees, to try out what a run would do: read a contacts file into it, and count.

What is done to it stays in it, and is gone once it is closed. Raises LedgerError.
"""

import sqlite3
from pathlib import Path

from campaign.ledger.sql import history
from campaign.ledger.sqlite.connection import SqliteConnection
from campaign.ledger.sqlite.reading import reading_ledger
from campaign.ledger.sqlite.schema import migrate
from campaign.model import Status


def throwaway_copy(path: Path, name: str) -> SqliteConnection:
    """Copy the ledger of the campaign `name` as a run would find it, also while another one goes on. Close it."""
    # Its file has no name.
    copy = sqlite3.connect("", isolation_level=None, check_same_thread=False, factory=SqliteConnection)
    try:
        with reading_ledger(path, name) as database:
            database.backup(copy)
        copy.name_sending(Status.IN_DOUBT)
        migrate(copy)
        history.settle(copy)
    except BaseException:
        copy.close()
        raise
    return copy
