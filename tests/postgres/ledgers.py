"""Ledgers in PostgreSQL for tests: made, filled, and read whole."""

from collections.abc import Mapping
from typing import Any

from campaign.ledger.database import Database
from campaign.ledger.postgres.connection import PostgresConnection
from campaign.ledger.postgres.schema import open_or_create
from campaign.ledger_place import DatabasePlace

ROSTER = {
    "contact": "SELECT address, id, roster, row FROM contact ORDER BY address",
    "entry": "SELECT row, line, contact, email, status, detail, CAST(chosen AS INTEGER), cells FROM entry ORDER BY row",
    "suppressed": "SELECT address, list, line FROM suppressed ORDER BY address",
    "tally": "SELECT entry, delivery, rows FROM tally WHERE rows <> 0 ORDER BY entry, delivery",
    "facts": "SELECT name, value FROM facts WHERE name IN ('columns', 'digest', 'reading_of', 'newest') ORDER BY name",
}
"""What reading a contacts file leaves in a ledger, whatever keeps it."""


def made(place: DatabasePlace) -> PostgresConnection:
    """Make a new ledger, and give a connection to it."""
    return open_or_create(place, place.campaign)


def dumped(database: Database, questions: Mapping[str, str] = ROSTER) -> dict[str, list[tuple[Any, ...]]]:
    """Give every row of these tables."""
    return {name: [tuple(row) for row in database.execute(sql)] for name, sql in questions.items()}
