"""Whether reading a contacts file was broken off, and where: a fact says what is being read. Takes the ledger's
connection. Raises the database's errors, which whoever asks explains.
"""

from campaign.ledger.database import Database

BEGUN = "reading_of"
"""The fact of what was being read when it grew in parts: it is taken off the record once that has come to its end."""


def is_broken_off(database: Database, digest: str) -> bool:
    """Whether the roster is as far as a reading of this digest had come when it was killed."""
    facts = dict(database.execute("SELECT name, value FROM facts WHERE name IN ('digest', ?)", (BEGUN,)))
    return (
        bool(digest)
        and facts.get(BEGUN) == digest
        and "digest" not in facts
        and database.execute("SELECT 1 FROM entry LIMIT 1").fetchone() is not None
    )
