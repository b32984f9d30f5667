"""The table `facts`: text by name. Takes a connection. Raises LedgerError."""

import json

from campaign.ledger.database import Database, damaged

WRITE = "INSERT INTO facts VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value"
"""Puts a text on record under a name, in place of what is there."""
KEEP = "INSERT INTO facts VALUES (?, ?) ON CONFLICT DO NOTHING"
"""The same, where nothing is there."""
SUM = "CAST(CAST(facts.value AS BIGINT) + CAST(excluded.value AS BIGINT) AS TEXT)"
"""Of a number that is there and one that is given, where a fact is one."""


def read_fact(database: Database, name: str) -> str | None:
    """Give what is on record under `name`."""
    with database.explained():
        row = database.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
    return None if row is None else str(row[0])


def write_fact(database: Database, name: str, value: str) -> None:
    """Put `value` on record, in place of what is there."""
    with database.explained():
        database.execute(WRITE, (name, value))


def keep_fact(database: Database, name: str, value: str) -> str:
    """Give what is on record under `name`: `value`, from now on, where nothing is."""
    known = read_fact(database, name)
    if known is None:
        write_fact(database, name, value)
        return value
    return known


def read_columns(database: Database) -> list[str]:
    """Give the columns of the contacts file, as last read; none where it never was."""
    columns = read_fact(database, "columns")
    try:
        return [] if columns is None else list(json.loads(columns))
    except (ValueError, TypeError):
        raise damaged(database.place, "the names of the columns") from None
