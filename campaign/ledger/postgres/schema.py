"""A campaign's ledger in a PostgreSQL database: made, found, and told from others.

    open_or_create   for a run: the schema is made where it is not there, in one transaction, by one of all that try
    open_existing    for all others

Both give a `PostgresConnection` to a ledger of the campaign `name`, of this version. Raise LedgerError: another
campaign's, another version's, none at all, a database that can't keep one.

Limits: the database's text must be UTF-8. Whoever makes the schema needs the right to create one (GRANT CREATE ON
DATABASE), or an empty one that is theirs.
"""

from psycopg.errors import UndefinedTable

from campaign.errors import LedgerError
from campaign.ledger.database import damaged
from campaign.ledger.postgres.connection import PostgresConnection
from campaign.ledger.postgres.errors import not_for_this_user
from campaign.ledger.postgres.locks import LOCK_OF_SCHEMA
from campaign.ledger.postgres.tables import TABLES, VERSION
from campaign.ledger.sql.tally import recount
from campaign.ledger_place import DatabasePlace

_FUNCTIONS = """
CREATE FUNCTION json_each(list text) RETURNS TABLE (value text) LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS 'SELECT json_array_elements_text(list::json)';
CREATE FUNCTION instr(text text, part text) RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS 'SELECT strpos(text, part)';
"""
"""What the SQL of both databases asks for, and SQLite has by itself. The values of a JSON array come as text."""
_IS_THERE = "SELECT EXISTS (SELECT FROM pg_tables WHERE schemaname = ? AND tablename = 'facts')"
_HAS_SCHEMA = "SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = ?)"
_MAY_MAKE_SCHEMA = "SELECT has_database_privilege(current_database(), 'CREATE'), current_user, current_database()"


def open_or_create(place: DatabasePlace, name: str) -> PostgresConnection:
    """Open the ledger of the campaign `name`, and make it where there is none. Close it."""
    database = PostgresConnection(place)
    try:
        if not is_there(database):
            create(database, name)
        identify(database, name)
    except BaseException:
        database.close()
        raise
    return database


def open_existing(place: DatabasePlace, name: str) -> PostgresConnection:
    """Open the ledger of the campaign `name`, which is there. Close it."""
    database = PostgresConnection(place)
    try:
        if not is_there(database):
            raise LedgerError(
                "there is no ledger yet: nothing was ever sent",
                where=database.place,
                fix="check ledger.url and the campaign's name, or send the campaign first",
            )
        identify(database, name)
    except BaseException:
        database.close()
        raise
    return database


def is_there(database: PostgresConnection) -> bool:
    """Whether there is a ledger in the schema."""
    with database.explained():
        return bool(database.execute(_IS_THERE, (database.where.schema,)).fetchone()[0])


def require_right(database: PostgresConnection) -> None:
    """Raise LedgerError where there is no schema, and this role may not make it."""
    with database.explained():
        allowed, role, where = database.execute(_MAY_MAKE_SCHEMA).fetchone()
        if allowed or _has_schema(database):
            return
    raise LedgerError(
        f"the role {role} may not make the campaign's schema in this database",
        where=database.place,
        fix=f'as the database\'s owner: GRANT CREATE ON DATABASE "{where}" TO "{role}"',
    )


def _has_schema(database: PostgresConnection) -> bool:
    return bool(database.execute(_HAS_SCHEMA, (database.where.schema,)).fetchone()[0])


def create(database: PostgresConnection, name: str) -> None:
    """Make the schema and its tables, all of them or none, where nobody else has just done so."""
    schema = database.where.schema
    with database.explained(), database.raw.transaction():
        database.execute(LOCK_OF_SCHEMA, (schema,))
        if is_there(database):
            return
        (encoding,) = database.execute("SELECT current_setting('server_encoding')").fetchone()
        if encoding != "UTF8":
            raise LedgerError(
                f"the database's text is {encoding}, in which most names can't be written",
                where=database.place,
                fix="make the database with ENCODING 'UTF8'",
            )
        if not _has_schema(database):
            require_right(database)
            database.execute(f'CREATE SCHEMA "{schema}"')
        for statements in (TABLES, _FUNCTIONS):
            for statement in filter(str.strip, statements.split(";\n")):
                database.execute(statement)
        facts = [("campaign", name), ("version", str(VERSION))]
        database.executemany("INSERT INTO facts VALUES (?, ?)", facts)
        recount(database)


def identify(database: PostgresConnection, name: str) -> None:
    """Raise LedgerError unless it is a ledger of the campaign `name`, of this version."""
    with database.explained():
        try:
            facts = dict(database.execute("SELECT name, value FROM facts WHERE name IN ('campaign', 'version')"))
        except UndefinedTable:  # it is there; but a schema that a user may not use is passed over
            raise not_for_this_user(database.place) from None
    if facts.keys() != {"campaign", "version"}:
        raise damaged(database.place, "it does not say whose it is")
    if facts["version"] != str(VERSION):
        raise LedgerError(
            f"the ledger has format {facts['version']}, this program reads format {VERSION}",
            where=database.place,
            fix="finish that campaign with the version of this program that began it",
        )
    if facts["campaign"] != name:
        raise LedgerError(
            f"this ledger belongs to another campaign, {facts['campaign']!r}, not to {name!r}",
            where=database.place,
            fix="give this campaign another name, or its old one back",
        )
