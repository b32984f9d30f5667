"""How many rows a run would take. Takes the ledger's connection. Raises LedgerError."""

import json
from collections.abc import Sequence

from campaign.ledger.database import Database
from campaign.ledger.sql.later_words import has_feedback, not_again
from campaign.ledger.sql.tally import DUE, tally
from campaign.model import Status


def count_due(database: Database, again: Sequence[Status], *, limit: int | None, chosen_only: bool) -> int:
    """Say how many contacts a run would take, were the statuses in `again` pending, too."""
    words = [Status.PENDING, *again]
    with database.explained():
        if chosen_only:
            count: int = database.execute(
                "SELECT count(*) FROM entry LEFT JOIN delivery USING (contact) WHERE entry.status IS NULL "  # noqa: S608 - our own words
                f"AND coalesce(delivery.status, 'pending') IN ({', '.join('?' * len(words))}) AND entry.chosen",
                words,
            ).fetchone()[0]
        else:
            kept = tally(database)
            count = sum(kept[DUE, word] for word in set(words))
        count -= count_left_alone(database, words, chosen_only=chosen_only)
    return count if limit is None else min(count, limit)


def count_left_alone(database: Database, again: Sequence[Status], *, chosen_only: bool) -> int:
    """Say how many rows with these statuses would go again, had their contacts not complained or asked for no more."""
    with database.explained():
        if not again or not has_feedback(database):
            return 0
        return not_again(database, json.dumps(again), chosen=" AND chosen" if chosen_only else "")
