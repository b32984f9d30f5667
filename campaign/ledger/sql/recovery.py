"""Rows put right before a run: those that an earlier run left claimed, and those that are to go again: never to
somebody who has made a complaint, or wants no more. Takes the ledger's connection. Raises LedgerError.
"""

import json
import time
from collections.abc import Sequence

from campaign.ledger.database import Database
from campaign.ledger.sql.later_words import HAS_FEEDBACK, has_feedback, keep_quiet, note_reopened
from campaign.ledger.sql.tally import SENDING, move, recount
from campaign.model import Status


def recover(database: Database) -> int:
    """Call the claims that an earlier run left without an outcome what they are: in doubt. Gives their number."""
    with database.transaction():
        keep_quiet(database)
        move(database, [SENDING], Status.IN_DOUBT)
        return database.execute(
            "UPDATE delivery SET status = 'in_doubt', attempts = attempts + 1, settled_at = ?, smtp_code = NULL, "
            "enhanced = NULL, detail = 'the run was cut off before the server''s reply was on record' "
            "WHERE status = 'sending'",
            (int(time.time()),),
        ).rowcount


def reopen(database: Database, statuses: Sequence[Status], *, chosen_only: bool) -> int:
    """Make rows of these statuses pending again, with all their tries. Gives how many rows."""
    chosen = " AND contact IN (SELECT contact FROM entry WHERE chosen)" if chosen_only else ""
    words = json.dumps(statuses)
    with database.transaction():
        some_stay = has_feedback(database)
        note_reopened(database, words, now=int(time.time()), chosen=chosen)
        reopened = database.execute(
            "UPDATE delivery SET status = 'pending', tries = 0 WHERE status IN (SELECT value FROM json_each(?))"  # noqa: S608 - ours
            f" AND contact NOT IN ({HAS_FEEDBACK}){chosen}",
            (words,),
        ).rowcount
        if chosen_only or some_stay:
            recount(database)
        else:
            move(database, statuses, Status.PENDING)
        database.execute("UPDATE delivery SET tries = 0 WHERE status = 'pending' AND tries > 0")
    return reopened
