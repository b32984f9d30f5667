"""Words moved by proof in a database: `SettlingLedger`, beside a run that goes on, or on a copy. Raises LedgerError.

A batch is written in one transaction, which keeps workers' rounds out, and is durable once it has been committed. What
a run is sending just now is left to it: as long as its owner's lease holds, or that of one of its workers.
"""

import contextlib
from collections.abc import Iterator

from campaign.ledger.postgres.reading import PostgresReader, running_process
from campaign.ledger.postgres.schema import open_existing
from campaign.ledger.postgres.throwaway_copy import throwaway_copy
from campaign.ledger.sql.settling import SqlSettling
from campaign.ledger_place import DatabasePlace


@contextlib.contextmanager
def open_settling(place: DatabasePlace, name: str) -> Iterator[SqlSettling]:
    """Open the ledger of the campaign `name`, which is there."""
    with contextlib.closing(open_existing(place, name)) as database:
        yield SqlSettling(
            database, reader=PostgresReader(database), running=lambda: running_process(database) is not None
        )


@contextlib.contextmanager
def open_settling_copy(place: DatabasePlace, name: str) -> Iterator[SqlSettling]:
    """Open a copy of it, as it is now."""
    with contextlib.closing(open_existing(place, name)) as database:
        running = running_process(database) is not None
    with contextlib.closing(throwaway_copy(place, name)) as copy:
        yield SqlSettling(copy, reader=PostgresReader(copy), running=lambda: running)
