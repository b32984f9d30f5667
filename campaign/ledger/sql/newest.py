"""The highest number that a contact has: kept, so that nobody need look through millions of contacts for it.

Whoever adds contacts says so in the same transaction (`keep_newest`), or has it looked for again (`forget_newest`).
Takes the ledger's connection. Raises the database's errors.
"""

from campaign.ledger.database import Database
from campaign.ledger.sql.facts import WRITE

_FACT = "newest"


def newest(database: Database) -> int:
    """Give it; 0 where there are no contacts."""
    kept = database.execute("SELECT value FROM facts WHERE name = ?", (_FACT,)).fetchone()
    if kept is None:
        kept = database.execute("SELECT coalesce(max(id), 0) FROM contact").fetchone()
    return int(kept[0])


def keep_newest(database: Database, number: int) -> None:
    """Put it on record."""
    database.execute(WRITE, (_FACT, str(number)))


def forget_newest(database: Database) -> None:
    """Say that there may be a higher one now."""
    database.execute("DELETE FROM facts WHERE name = ?", (_FACT,))
