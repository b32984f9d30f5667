"""A copy of a ledger that nobody else sees, to try out what a run would do: read a contacts file into it, and count.

What is done to it stays in it, and is gone once it is closed. Raises LedgerError.
"""

import sqlite3
from pathlib import Path

from campaign.ledger import history
from campaign.ledger.reading import reading_ledger
from campaign.ledger.schema import migrate, name_sending
from campaign.model import Status


def throwaway_copy(path: Path, name: str) -> sqlite3.Connection:
    """Copy the ledger of the campaign `name` as a run would find it, also while another one goes on. Close it."""
    copy = sqlite3.connect("", isolation_level=None, check_same_thread=False)  # its file has no name
    try:
        with reading_ledger(path, name) as database:
            database.backup(copy)
        name_sending(copy, Status.IN_DOUBT)
        migrate(copy)
        history.settle(copy)
    except BaseException:
        copy.close()
        raise
    return copy
