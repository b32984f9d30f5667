"""The ledger of a campaign in PostgreSQL as it stands at one moment, whatever goes on: one snapshot of the database.

Takes the ledger's place; raises psycopg's errors, where the server is not there. What it finds it does not change.
"""

from dataclasses import dataclass

import psycopg

from campaign.ledger.postgres.connection import PostgresConnection
from campaign.ledger.sql.tally import counted, tally
from campaign.ledger_place import DatabasePlace
from tests.crashes.standing import ResultRow


@dataclass(frozen=True, slots=True, kw_only=True)
class AtWork:
    """A worker that the ledger takes to be at work."""

    number: int
    host: str
    pid: int


def read_standing(place: DatabasePlace) -> ResultRow:
    """Read it; a ledger that has no tables yet is an empty one."""
    with PostgresConnection(place) as database:
        database.raw.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        if database.raw.execute("SELECT to_regclass('delivery')").fetchone() == (None,):
            return ResultRow(statuses={}, roster=0, sound=True)
        kept, found = tally(database), counted(database)
        statuses = dict(
            database.execute("SELECT address, status FROM contact JOIN delivery ON delivery.contact = contact.id")
        )
        roster = database.execute("SELECT count(*) FROM entry").fetchone()[0]
    return ResultRow(statuses=statuses, roster=roster, sound=kept == found)


def at_work(place: DatabasePlace) -> list[AtWork]:
    """Give the workers of all runs that are neither gone nor lost; nobody where no run has ever begun."""
    sql = "SELECT number, host, pid FROM worker WHERE state = 'working' ORDER BY number"
    with PostgresConnection(place) as database:
        try:
            found = database.execute(sql).fetchall()
        except psycopg.errors.UndefinedTable:
            return []
    return [AtWork(number=number, host=host, pid=pid) for number, host, pid in found]
