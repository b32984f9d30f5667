"""A campaign's run in PostgreSQL, as a worker sees it that comes from elsewhere: which goes on, and what it is made of.

Raises LedgerError where the database can't be reached, or the schema is another campaign's. Where nobody has made the
schema yet, no run goes on.
"""

import contextlib
from collections.abc import Iterator
from typing import Any

import psycopg

from campaign.errors import LedgerError
from campaign.ledger.interface import RunOnRecord
from campaign.ledger.postgres.errors import explain, not_for_this_user
from campaign.ledger.postgres.session import connect
from campaign.ledger_place import DatabasePlace

_CURRENT = """
SELECT r.number, r.bundle, r.owner_host, r.owner_pid,
    (SELECT count(*) FROM worker w WHERE w.run = r.number AND w.state = 'working')
FROM run r WHERE r.state = 'going_on' AND NOT r.draining AND r.bundle <> ''"""
"""One whose owner is still reading the contacts has offered no bundle, and nobody can work for it yet; in one that is
about to end, nothing begins any more."""
_CHECK = "SELECT secrets_check FROM run WHERE number = %s"
_FILE = "SELECT content FROM bundle_file WHERE digest = %s"
_IS_MADE = """SELECT to_regclass('run') IS NOT NULL,
    EXISTS (SELECT FROM pg_namespace WHERE nspname = %s AND NOT has_schema_privilege(oid, 'USAGE'))"""
_CAMPAIGN = "SELECT value FROM facts WHERE name = 'campaign'"


@contextlib.contextmanager
def joinable_run(place: DatabasePlace, name: str) -> Iterator["PostgresJoinableRun"]:
    """Look at the run of the campaign `name`."""
    with contextlib.closing(connect(place)) as connection:
        yield PostgresJoinableRun(connection, place, name)


class PostgresJoinableRun:
    """A `JoinableRun`."""

    def __init__(self, connection: "psycopg.Connection[tuple[Any, ...]]", place: DatabasePlace, name: str) -> None:
        self._connection = connection
        self._place = place
        self._name = name
        self._number = 0

    def current(self) -> RunOnRecord | None:
        """Give the run that goes on and can be joined; None where none does."""
        made = self._ask(_IS_MADE, self._place.schema)
        if made is not None and made[1]:
            raise not_for_this_user(str(self._place))
        if made is None or not made[0]:
            return None
        campaign, found = self._ask(_CAMPAIGN), self._ask(_CURRENT)
        if campaign is not None and campaign[0] != self._name:
            raise LedgerError(
                f"this is the ledger of another campaign, {campaign[0]!r}",
                where=str(self._place),
                fix="name the campaign as its campaign.toml does",
            )
        if found is None:
            return None
        self._number, bundle, host, process, workers = found
        return RunOnRecord(
            number=self._number,
            bundle=bundle,
            owner=f"process {process} on {host}",
            workers=workers,
        )

    def check(self) -> str:
        """Give the check value of that run's secrets."""
        found = self._ask(_CHECK, self._number)
        return "" if found is None else str(found[0])

    def file(self, digest: str) -> bytes:
        """Give one of the bundle's contents."""
        found = self._ask(_FILE, digest)
        if found is None:
            raise LedgerError(
                "a part of the run's bundle is not there",
                where=str(self._place),
                fix="end the run, and begin it again",
            )
        return bytes(found[0])

    def _ask(self, sql: str, *parameters: object) -> tuple[Any, ...] | None:
        try:
            return self._connection.execute(sql.encode(), parameters).fetchone()
        except psycopg.Error as error:
            raise explain(error, self._place) from None
