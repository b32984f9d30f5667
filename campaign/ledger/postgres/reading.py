"""The ledger as whoever reads results has it: `LedgerReader` over PostgreSQL, also while a run goes on. Raises
LedgerError.
"""

import socket
import zlib
from collections.abc import Collection
from datetime import date

from campaign.ledger.postgres.connection import PostgresConnection
from campaign.ledger.postgres.daily_record import begun_by_day
from campaign.ledger.postgres.lease import LEASE
from campaign.ledger.postgres.ownership import RUNS_OUT
from campaign.ledger.sql.facts import read_fact
from campaign.ledger.sql.reading import SqlReader
from campaign.ledger.sql.settling_record import PROOFS
from campaign.ledger.sql.tally import roster_changes, tally
from campaign.ledger.values import RunningProcess

_RUN = f"""
SELECT owner_pid, owner_host, {RUNS_OUT.format(until="owner_until")}, (
    SELECT count(*) FROM worker WHERE worker.run = run.number AND worker.state = 'working'
        AND NOT {RUNS_OUT.format(until="lease_until")})
FROM run WHERE state <> 'ended'
"""  # noqa: S608 - our own words


class PostgresReader(SqlReader):
    """Questions over one connection."""

    _database: PostgresConnection

    def __init__(self, database: PostgresConnection) -> None:
        super().__init__(database)

    def running_process(self) -> RunningProcess | None:
        """Give the process that owns the run that goes on; or owned it, where only workers are left."""
        return running_process(self._database)

    def changes_of_others(self) -> int:
        """Give a number that is another one once a word has been moved, by whomever."""
        database = self._database
        with database.explained():
            standing = (sorted(tally(database).items()), roster_changes(database), read_fact(database, PROOFS))
        return zlib.crc32(repr(standing).encode())

    def begun_by_day(self, name: str) -> dict[date, int]:
        """Give how many messages began on each day that is counted under that name."""
        return begun_by_day(self._database, name)


def running_process(database: PostgresConnection, *, lease: float = LEASE) -> RunningProcess | None:
    """Give the process whose run goes on, with those that are at work for it; None where nobody is left of it."""
    with database.explained():
        found: Collection[tuple[int, str, bool, int]] = database.execute(_RUN, {"lease": lease}).fetchall()
    for pid, host, gone, workers in found:
        if workers or not gone:
            return RunningProcess(
                pid=pid, host="" if host == socket.gethostname() else host, workers=workers, gone=gone
            )
    return None
