"""Refusals that turn out to be our own fault, taken back: contacts in, their rows pending again. Raises LedgerError."""

import json
from collections.abc import Collection

from campaign.ledger.database import Database
from campaign.ledger.sql.tally import shift
from campaign.model import Status


def revert_all(database: Database, contacts: Collection[int], count: int) -> bool:
    """Make these contacts' rows pending again, if just so many of them were refused and, where it is only one, nobody
    was ever sent a message. Gives whether that was so. Raises LedgerError.
    """
    with database.explained():
        (refused,) = database.execute(
            "SELECT count(*) FROM delivery WHERE status IN ('rejected', 'failed') "
            "AND contact IN (SELECT CAST(value AS BIGINT) FROM json_each(?))",
            (json.dumps(list(contacts)),),
        ).fetchone()
    if refused != count or (count == 1 and anybody_sent(database)):
        return False
    revert(database, contacts)
    return True


def anybody_sent(database: Database, server: str = "") -> bool:
    """Whether anybody was ever sent a message, by whatever worker or run; through this server, where one is named.
    Raises LedgerError.
    """
    sql = "SELECT 1 FROM delivery WHERE status IN ('sent', 'bounced') LIMIT 1"
    if server:
        sql = "SELECT 1 FROM delivery WHERE status IN ('sent', 'bounced') AND server = ? LIMIT 1"
    with database.explained():
        return database.execute(sql, (server,) if server else ()).fetchone() is not None


def revert(database: Database, contacts: Collection[int]) -> None:
    """Make rows pending again that were refused for what turned out to be our own fault. Raises LedgerError."""
    reverted = [(contact,) for contact in contacts]
    with database.transaction():
        for status in (Status.REJECTED.value, Status.FAILED.value):
            rows = database.executemany(
                f"UPDATE delivery SET status = 'pending', tries = 0 WHERE contact = ? AND status = '{status}'",  # noqa: S608 - ours
                reverted,
            ).rowcount
            shift(database, {status: -max(0, rows), Status.PENDING: max(0, rows)})
