"""The run as workers elsewhere join it: `SharedRun` over PostgreSQL, for the owner, over the owner's connection.

The run's row goes from `preparing` (the contacts are read, somebody is asked) through `going_on` (whoever comes may
work for it) and `closing` (nobody may any more: the results are written) to `ended`. All that is written asks for the
owner's token: an owner that has lost the run changes nothing. Raises LedgerError.
"""

from collections.abc import Mapping

import psycopg

from campaign.ledger.database import damaged
from campaign.ledger.interface import RunOnRecord, WorkerNow
from campaign.ledger.postgres.connection import PostgresConnection
from campaign.ledger.postgres.lease import Touch
from campaign.ledger.postgres.lost_workers import call_lost, gone
from campaign.ledger.postgres.ownership import OwnedRun, OwnerLease
from campaign.ledger.sql.due_counts import count_due

_OFFER = """
UPDATE run SET state = 'going_on', draining = false, bundle = :bundle, secrets_check = :check
WHERE number = :run AND owner = :token
"""
_DRAIN = "UPDATE run SET draining = true WHERE number = :run AND owner = :token"
_CLOSE = "UPDATE run SET draining = true, state = 'closing' WHERE number = :run AND owner = :token"
_WORKERS = "SELECT number, host, pid, name, state, report FROM worker WHERE run = ? ORDER BY number"
_ROWS_LEFT = """
SELECT reading OR EXISTS (SELECT FROM block) OR EXISTS (SELECT FROM set_aside)
    OR (allowance <> 0 AND EXISTS (SELECT FROM entry WHERE row > cursor))
FROM run WHERE number = ?
"""
_LIMITS = """
SELECT chosen_only, CASE WHEN allowance >= 0 THEN allowance + (
    SELECT count(*) FROM block JOIN entry ON entry.row BETWEEN block.first AND block.last
        LEFT JOIN delivery USING (contact)
    WHERE entry.status IS NULL AND coalesce(delivery.status, 'pending') = 'pending') END
FROM run WHERE number = ?
"""
_NEWS = """
WITH heard AS (DELETE FROM news RETURNING number, worker, report)
SELECT heard.worker, heard.report FROM heard JOIN worker ON worker.number = heard.worker
WHERE worker.run = ? ORDER BY heard.number
"""


class PostgresSharedRun:
    """One run's."""

    def __init__(self, database: PostgresConnection, owned: OwnedRun, lease: OwnerLease) -> None:
        self._database = database
        self._owned = owned
        self._lease = lease
        self._touch = Touch()
        self.over = False
        """Whether it has come to its end."""

    @property
    def number(self) -> int:
        """The run's."""
        return self._owned.number

    @property
    def adopted(self) -> RunOnRecord | None:
        """What it was before this owner."""
        return self._owned.adopted

    @property
    def held(self) -> bool:
        """Whether it is still this owner's."""
        return self._lease.lost is None

    def offer(self, bundle: str, files: Mapping[str, bytes], *, check: str) -> None:
        """Put on record what workers need, in place of what earlier runs' did, and let them come."""
        database = self._database
        with database.transaction():
            known = {digest for (digest,) in database.execute("SELECT digest FROM bundle_file")}
            database.executemany("DELETE FROM bundle_file WHERE digest = ?", [(one,) for one in known - files.keys()])
            database.executemany(
                "INSERT INTO bundle_file VALUES (?, ?)", [(one, files[one]) for one in files.keys() - known]
            )
            database.execute(_OFFER, self._ours | {"bundle": bundle, "check": check})

    def check(self) -> str:
        """Give the check value of the run's secrets."""
        with self._database.explained():
            row = self._database.execute("SELECT secrets_check FROM run WHERE number = ?", (self._owned.number,))
            return str(row.fetchone()[0])

    def file(self, digest: str) -> bytes:
        """Give one of the bundle's contents."""
        with self._database.explained():
            found = self._database.execute("SELECT content FROM bundle_file WHERE digest = ?", (digest,)).fetchone()
        if found is None:
            raise damaged(self._database.place, "what the run's workers go by")
        return bytes(found[0])

    def rows_left(self) -> bool:
        """Whether there may be rows that no worker has come to the end of."""
        with self._database.explained():
            return bool(self._database.execute(_ROWS_LEFT, (self._owned.number,)).fetchone()[0])

    def count_due(self) -> int:
        """Count the rows of this run that are not begun."""
        with self._database.explained():
            chosen_only, most = self._database.execute(_LIMITS, (self._owned.number,)).fetchone()
        return count_due(self._database, (), limit=most, chosen_only=chosen_only)

    def workers(self) -> list[WorkerNow]:
        """Give those of this run."""
        with self._database.explained():
            return [
                WorkerNow(number=number, host=host, pid=pid, name=name, state=state, report=report)
                for number, host, pid, name, state, report in self._database.execute(_WORKERS, (self._owned.number,))
            ]

    def news(self) -> list[tuple[int, str]]:
        """Give what workers have told since the last time; it is told once."""
        with self._database.explained():
            return [(worker, report) for worker, report in self._database.execute(_NEWS, (self._owned.number,))]

    def drain(self) -> None:
        """Tell all workers to begin no more messages."""
        with self._database.explained():
            self._database.execute(_DRAIN, self._ours)

    def call_lost(self) -> int:
        """Look for workers whose lease has run out. Gives how many claims are in doubt for that."""
        raw, touch = self._database.raw, self._touch
        with self._database.explained():
            try:
                found = gone(raw)
            except psycopg.Error:
                touch.broken()
                raise
            touch.answered()
            return sum(call_lost(raw, number) or 0 for number in found) if touch.long_enough else 0

    def end(self) -> None:
        """Let nobody come any more, and whoever still works end."""
        with self._database.explained():
            self._database.execute(_CLOSE, self._ours)
        self.over = True

    @property
    def _ours(self) -> dict[str, object]:
        return {"run": self._owned.number, "token": self._owned.token}
