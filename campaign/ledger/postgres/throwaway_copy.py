"""A copy of a ledger in a database that nobody else sees, to try out what a run would do: read a contacts file into it,
settle it, and count.

It is made of temporary tables, in the database itself: no contact crosses the network. They stand before the
campaign's own on the connection's search path, so that all SQL finds them; and locks are taken by the first schema of
that path, so that nobody waits for what is done to a copy. It is gone with the connection. Raises LedgerError.

Limits: it takes the database as much room as the ledger, for as long as it lives, and the right to make temporary
tables.
"""

from psycopg import IsolationLevel
from psycopg import sql as names

from campaign.ledger.postgres.connection import PostgresConnection
from campaign.ledger.postgres.copied_tables import COPIED
from campaign.ledger.postgres.schema import open_existing
from campaign.ledger.postgres.tables import TABLES
from campaign.ledger.sql import history
from campaign.ledger.sql.tally import recount
from campaign.ledger_place import DatabasePlace


def throwaway_copy(place: DatabasePlace, name: str) -> PostgresConnection:
    """Copy the ledger of the campaign `name` as a run would find it, also while another one goes on. Close it."""
    copy = open_existing(place, name)
    try:
        with copy.explained():
            _copy(copy, place.schema)
        with copy.transaction():
            recount(copy)
        history.settle(copy)
    except BaseException:
        copy.close()
        raise
    return copy


def _copy(copy: PostgresConnection, schema: str) -> None:
    raw, theirs = copy.raw, names.Identifier(schema)
    raw.execute(names.SQL("SET search_path TO pg_temp, {}").format(theirs))
    raw.isolation_level = IsolationLevel.REPEATABLE_READ  # all tables as of one moment
    with raw.transaction():
        for statement in filter(str.strip, TABLES.split(";\n")):
            copy.execute(statement)
        for table, columns in {**COPIED, "facts": ("name", "value"), "daily_count": _DAYS}.items():
            listed = names.SQL(", ").join(map(names.Identifier, columns))
            raw.execute(
                names.SQL("INSERT INTO {table} ({columns}) SELECT {columns} FROM {theirs}.{table}").format(
                    table=names.Identifier(table), columns=listed, theirs=theirs
                )
            )
    raw.isolation_level = None
    raw.execute("ANALYZE contact, entry, delivery")  # nobody else ever looks at temporary tables


_DAYS = ("day", "name", "worker", "began", "leave")
